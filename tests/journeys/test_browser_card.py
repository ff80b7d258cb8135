"""Paying by card on the order's own page, in a real browser: the card goes to the gateway and never to us."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Request, expect

from bench.people import Buyer, Organizer, Sale
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from tests.journeys.browser import DESK, PHONE, Arrival, Shopper, fits, violations_of
from tests.simulators.payway import MASTERCARD, VISA, VISA_DEBIT, VISA_REFUSED, VISA_WITHOUT_FUNDS, PaywayProcess

CODE = "987"


@pytest.fixture
def dials(stack: Stack, payway: PaywayProcess) -> Iterator[Any]:
    """What goes wrong at Payway; all is well again afterwards."""
    assert payway

    def turn(**dials: Any) -> None:
        assert httpx.put(f"{stack.simulator_url('payway')}/admin/dials", json=dials, verify=PLAIN).status_code == 200

    yield turn
    turn()


@pytest.fixture
def organizer(stack: Stack, payway: PaywayProcess) -> Organizer:
    """Somebody who takes cards on their own page, and nothing else."""
    assert payway
    organizer = Organizer(stack.url)
    organizer.connect_payway(f"{secrets.randbelow(10**8):08d}")
    return organizer


@pytest.fixture
def order(stack: Stack, sale: Sale) -> dict[str, Any]:
    """An order that waits for a card."""
    buyer = Buyer(stack.url)
    placed: dict[str, Any] = buyer.order(sale, buyer.hold(sale, 1).json()["hold_id"]).json()
    assert placed["next_action"]["kind"] == "card"
    return placed


async def come_to_pay(shopper: Shopper, slug: str) -> None:
    """All of the checkout, until the form for the card is there."""
    await shopper.arrive(slug)
    await shopper.reserve(1)
    await shopper.review()
    await shopper.field("consent").check()
    await shopper.go_on()
    await expect(shopper.page.locator("#card-form")).to_be_visible()


async def fill_in(shopper: Shopper, number: str, *, code: str = CODE) -> None:
    """What stands on a card, and whose it is."""
    typed = {"number": number, "expiry": "12/40", "code": code, "holder": "JULIA RIOS", "document": "30.123.456"}
    for field, text in typed.items():
        await shopper.page.locator(f"#card-{field}").fill(text)


async def press_pay(shopper: Shopper) -> None:
    await shopper.page.locator("#card-form button").click()


class Listener:
    """Everything that a page sends, and where to."""

    def __init__(self, shopper: Shopper) -> None:
        self.sent: list[tuple[str, str]] = []
        shopper.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.sent.append((request.url, f"{request.url}\n{request.post_data or ''}\n{json.dumps(request.headers)}"))

    def elsewhere_than(self, origin: str) -> set[str]:
        return {re.sub(r"\?.*", "", url) for url, _ in self.sent if not url.startswith(origin)}

    def told(self, origin: str) -> str:
        """All that reached an origin, with what separates digits taken out."""
        return re.sub(r"[\s.+-]|%20", "", "\n".join(text for url, text in self.sent if url.startswith(origin)))


async def test_a_declined_card_then_another_one_then_tickets_and_no_number_reaches_us(
    arrive: Arrival, stack: Stack, organizer: Organizer, slug: str
) -> None:
    shopper = await arrive(PHONE)
    listener = Listener(shopper)
    page = shopper.page
    await come_to_pay(shopper, slug)

    await fill_in(shopper, VISA_WITHOUT_FUNDS)
    await press_pay(shopper)
    await shopper.becomes("rejected")
    await expect(page.locator("#order")).to_contain_text("fondos suficientes")
    await page.locator("form[action$='/pay'] button").click()
    await expect(page.locator("#card-form")).to_be_visible()
    await fill_in(shopper, VISA)
    await page.locator("#card-installments").select_option("3")
    await press_pay(shopper)
    await shopper.becomes("paid")
    codes = await shopper.codes_shown(1)

    assert len(codes) == 1
    assert listener.elsewhere_than(stack.url) == {f"{stack.simulator_url('payway')}/api/v2/tokens"}
    told = listener.told(stack.url)
    for number in (VISA, VISA_WITHOUT_FUNDS):
        assert number in listener.told(stack.simulator_url("payway"))
        assert number not in told
        assert number[6:-4] not in told
    assert f'"{CODE}"' not in told
    assert "450799" in told, "what may be told of the card is"
    [order] = organizer.call("GET", "/orders")["items"]
    payment = organizer.call("GET", f"/payments/{order['order_id']}")
    assert [one["status"] for one in payment["attempts"]] == ["declined", "charged"]
    kept = payment["charges"][-1]["facts"]
    assert (kept["card_bin"], kept["card_last_four"], kept["installments"]) == ("450799", "4905", 3)
    logs = "".join(process.log.read_text() for process in stack.processes)
    assert VISA not in logs
    assert VISA_WITHOUT_FUNDS not in logs


async def test_whatever_goes_wrong_is_said_and_a_card_is_charged_once(
    arrive: Arrival, stack: Stack, organizer: Organizer, order: dict[str, Any], dials: Any
) -> None:
    shopper = await arrive(DESK, language="/en")
    page = shopper.page
    policies: list[tuple[str, str]] = []
    page.on("response", lambda answer: policies.append((answer.url, answer.headers.get("content-security-policy", ""))))
    listener = Listener(shopper)
    await page.goto(f"{stack.url}/en/o/{order['order_id']}#{order['secret']}")
    await expect(page.locator("#card-form")).to_be_visible()

    await fill_in(shopper, "4517 7210 0485 6076", code="1")
    await press_pay(shopper)
    await expect(page.locator("#card-number-fault")).to_be_visible()
    await expect(page.locator("#card-code-fault")).to_be_visible()
    await expect(page.locator("#card-expiry-fault")).to_be_hidden()
    await shopper.gets_focus("card-number")
    sent_with_faults = listener.elsewhere_than(stack.url)
    found = await violations_of(page)
    unnamed = await page.locator("#card-form input:not([type=hidden])").evaluate_all("all => all.map(one => one.name)")

    dials(outage=["tokens"])
    await fill_in(shopper, VISA_DEBIT)
    await page.locator("#card-method").select_option("31")
    await press_pay(shopper)
    await expect(page.locator("[data-trouble=unreachable]")).to_be_visible()

    dials(conflicts=1)
    await page.locator("#card-form button").dblclick()
    await shopper.becomes("paid")

    payment = organizer.call("GET", f"/payments/{order['order_id']}")
    assert ([one["status"] for one in payment["attempts"]], len(payment["charges"])) == (["charged"], 1)
    assert (sent_with_faults, found, unnamed) == (set(), [], [""] * 5)
    assert {url for url, policy in policies if stack.simulator_url("payway") in policy} == {f"{stack.url}/en/o/{order['order_id']}"}


async def test_without_scripts_it_says_that_paying_by_card_needs_them(arrive: Arrival, stack: Stack, order: dict[str, Any]) -> None:
    shopper = await arrive(PHONE, scripts=False)
    page = shopper.page

    await page.goto(f"{stack.url}/o/{order['order_id']}")
    await page.locator("#secret").fill(order["secret"])
    await page.locator("main form button").click()

    await expect(page.locator("noscript .notice")).to_be_visible()
    await expect(page.locator("#card-form")).to_be_hidden()
    assert await fits(page)


async def test_the_banks_promotion_is_shown_taken_off_and_told_alike_everywhere(
    arrive: Arrival, stack: Stack, organizer: Organizer, order: dict[str, Any]
) -> None:
    bins = [{"first": "450799", "last": "450799"}]
    offer = {"name": "Banco X", "bank": "Banco X", "currency": "ARS", "bins": bins, "discount_basis_points": 2_000}
    promotion = organizer.call("POST", "/payments/promotions", offer | {"methods": ["credit_card"], "bank_basis_points": 10_000})
    total = order["total"]["minor"]
    shopper = await arrive(PHONE)
    page = shopper.page
    await page.goto(f"{stack.url}/o/{order['order_id']}#{order['secret']}")
    button = page.locator("#card-form button")
    whole = await button.inner_text()

    await fill_in(shopper, VISA_DEBIT)
    await page.locator("#card-method").select_option("31")
    of_debit = await button.inner_text()
    await fill_in(shopper, VISA)
    await page.locator("#card-method").select_option("1")
    await expect(page.locator("#card-promotion")).to_contain_text("Banco X")
    less = await button.inner_text()
    found = await violations_of(page)
    fitting = await fits(page)
    await press_pay(shopper)
    await shopper.becomes("paid")

    off = -(-total // 5)
    [charge] = organizer.call("GET", f"/payments/{order['order_id']}")["charges"]
    [shown] = [one for one in organizer.call("GET", "/orders")["items"] if one["order_id"] == order["order_id"]]
    assert (whole, of_debit, found, fitting) == (of_debit, whole, [], True)
    assert less != whole
    assert (charge["amount_minor"], shown["discount"]["minor"]) == (total - off, off)
    await expect(page.locator(".receipt")).to_contain_text(less.removeprefix("Pagar "))
    [kept] = [one for one in organizer.call("GET", "/payments/promotions")["items"] if one["promotion_id"] == promotion["promotion_id"]]
    assert kept["spent_minor"] == off


def rule_by_card(organizer: Organizer, accounts: dict[str, str], rest: str) -> None:
    """Cards that begin so go to these accounts, all others to that one."""
    rules = [
        {"name": begins, "conditions": [{"field": "card_bin", "op": "eq", "value": begins}], "use": [account]}
        for begins, account in accounts.items()
    ]
    policy = {"rules": [*rules, {"name": "El resto", "use": [rest]}]}
    drafted = organizer.call("PUT", "/payments/routing/policy/draft", {"revision": 0, "policy": policy})
    organizer.call("POST", "/payments/routing/policy/activation", {"revision": drafted["revision"]})


async def test_a_card_of_another_account_is_charged_there_and_what_was_typed_stays(
    arrive: Arrival, stack: Stack, organizer: Organizer, order: dict[str, Any]
) -> None:
    first = str(organizer.call("GET", "/payments/accounts")[0]["account_id"])
    second = str(organizer.connect_payway(f"{secrets.randbelow(10**8):08d}"))
    rule_by_card(organizer, {MASTERCARD[:6]: second, VISA_REFUSED[:6]: str(organizer.connect_sandbox())}, first)
    plan = {"count": 3, "coefficient_ppm": 1_110_000, "valid_from": "2026-01-01", "methods": ["104"]}
    organizer.call("PUT", f"/payments/accounts/{second}/instalment-plans", {"plans": [plan]})
    shopper = await arrive(PHONE)
    listener = Listener(shopper)
    page = shopper.page
    form = page.locator("#card-form")
    await page.goto(f"{stack.url}/o/{order['order_id']}#{order['secret']}")
    await expect(form).to_be_visible()
    before = await form.get_attribute("data-attempt") or ""

    await fill_in(shopper, MASTERCARD)
    await expect(form).not_to_have_attribute("data-attempt", before)
    await page.locator("#card-number").fill(VISA_REFUSED)
    await expect(page.locator("#card-elsewhere")).to_contain_text("Seguí por: ")
    await expect(page.locator("#card-expiry")).to_be_hidden()
    onwards = await page.locator("#card-elsewhere button").inner_text()
    found, fitting = await violations_of(page), await fits(page)
    await page.locator("#card-number").fill(MASTERCARD)
    await expect(page.locator("#card-elsewhere")).to_be_hidden()
    fields = ("number", "expiry", "code", "holder", "document", "method")
    typed = [await page.locator(f"#card-{field}").input_value() for field in fields]
    await page.locator("#card-installments").select_option("3")
    cost = await page.locator("#card-plans").inner_text()
    chosen = await page.locator("#card-installments option:checked").inner_text()
    hint = await page.locator("#card-installments-hint").is_visible()
    await press_pay(shopper)
    await shopper.becomes("paid")

    asked = [re.findall(r"card_bin=(\d+)", text) for url, text in listener.sent if url.endswith("/card/account")]
    assert asked == [[MASTERCARD[:6]], [VISA_REFUSED[:6]], [MASTERCARD[:6]]]
    assert (found, fitting, typed) == ([], True, [MASTERCARD, "12/40", CODE, "JULIA RIOS", "30.123.456", "104"])
    assert "Precio total financiado: $\N{NO-BREAK SPACE}11.100,00." in cost
    assert "(CFTEA): 88,08\N{NO-BREAK SPACE}%" in cost
    assert (onwards, chosen, hint) == ("Seguir para pagar", "3 cuotas de $\N{NO-BREAK SPACE}3.700,00", False)
    assert MASTERCARD not in listener.told(stack.url)
    payment = organizer.call("GET", f"/payments/{order['order_id']}")
    [charge], total = payment["charges"], order["total"]["minor"]
    assert [(one["account_id"], one["status"]) for one in payment["attempts"]] == [(first, "created"), (second, "charged")]
    assert (charge["amount_minor"], charge["facts"]["card_bin"], charge["facts"]["installments"]) == (total, MASTERCARD[:6], 3)
    await expect(page.locator(".receipt")).to_contain_text(f"{total // 100:,}".replace(",", "."))
    decisions = organizer.call("GET", f"/payments/{order['order_id']}/routing")
    [told] = [one for one in decisions if one["counts"] and "card_bin" in one["facts"]]
    assert (told["facts"]["card_bin"], told["decision"]["rule"], told["is_reproducible"]) == (MASTERCARD[:6], 0, True)
    wait_until(lambda: _owed(organizer, order) == {f"gateway_receivable:{second}": total}, "the books", 20)


def _owed(organizer: Organizer, order: dict[str, Any]) -> dict[str, int]:
    """What the books say that gateways owe for the order."""
    found: Counter[str] = Counter()
    for posting in organizer.call("GET", f"/payments/{order['order_id']}/postings")["items"]:
        for move in posting["moves"]:
            if move["debit"].startswith("gateway_receivable:"):
                found[move["debit"]] += move["amount_minor"]
    return dict(found)
