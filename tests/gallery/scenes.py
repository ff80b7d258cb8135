"""The list of every page and state, and how each is reached."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Route, expect

from tests.gallery import checkout
from tests.gallery.plates import ERRORS, show_plate
from tests.gallery.visit import Visit
from tests.simulators.payway import AMEX, MASTERCARD, VISA, VISA_WITHOUT_FUNDS

__all__ = ["SCENES", "Scene"]

Reach = Callable[[Visit], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A page in a state. `name` is `page/state`; `scripts` False: with JavaScript off; `path`: where it is a plain address.

    `leaves_no_trace` False: it moves the browser's clock, which stays moved; whoever comes after needs another browser profile.
    """

    name: str
    reach: Reach
    scripts: bool = True
    path: str | None = None
    leaves_no_trace: bool = True


def _at(name: str, path: str) -> Scene:
    async def reach(visit: Visit) -> None:
        await visit.go(path.format_map(visit.house.slugs))

    return Scene(name, reach, path=path)


def _plate(name: str, plate: str) -> Scene:
    async def reach(visit: Visit) -> None:
        await show_plate(visit.page, visit.house.stack.url, visit.prefix, plate)

    return Scene(name, reach)


def _order(name: str, *, of: str | None = None, query: str = "", standing: str | None = None) -> Scene:
    async def reach(visit: Visit) -> None:
        await visit.open_order(of or name, query)
        await expect(visit.page.locator("#order")).to_have_attribute("data-standing", standing or name)

    return Scene(f"order/{name}", reach)


def _ticket(state: str, order: str, index: int = 0) -> Scene:
    async def reach(visit: Visit) -> None:
        ticket = visit.house.tickets(order)[index]
        await visit.open_order(order, f"/t/{ticket['ticket_id']}")
        await expect(visit.page.locator("#ticket")).to_be_visible()

    return Scene(f"ticket/{state}", reach)


# --- orders by their link


async def _closed(visit: Visit) -> None:
    await visit.go(f"/o/{visit.house.orders['paid']['order_id']}")


async def _wrong_link(visit: Visit) -> None:
    await visit.go(f"/o/{visit.house.orders['paid']['order_id']}#{'x' * 43}")
    await expect(visit.page.locator("#wrong")).to_be_visible()


async def _sent(visit: Visit, mail: str) -> None:
    await visit.go("/recover")
    await visit.page.locator("#mail").fill(mail)
    await visit.page.evaluate("document.querySelector('#mail').form.noValidate = true")
    await visit.page.locator("form button").click()
    await expect(visit.page.locator(".notice.good, .fault")).to_be_visible()


async def _recover_sent(visit: Visit) -> None:
    await _sent(visit, "julia@example.com")


async def _recover_refused(visit: Visit) -> None:
    await _sent(visit, "julia@")


# --- what buyers change by themselves, and what they wait for


def _of_ticket(name: str, order: str, page: str) -> Scene:
    async def reach(visit: Visit) -> None:
        ticket = visit.house.tickets(order)[0]
        await visit.open_order(order, f"/t/{ticket['ticket_id']}/{page}")
        await expect(visit.page.locator("main h1")).to_be_visible()

    return Scene(name, reach)


async def _holder_faults(visit: Visit) -> None:
    ticket = visit.house.tickets("paid")[0]
    await visit.open_order("paid", f"/t/{ticket['ticket_id']}/holder")
    await visit.page.locator("#field-holder-name").fill("")
    await visit.page.locator("main form button").click()
    await expect(visit.page.locator("#faults")).to_be_visible()


def _card(name: str, number: str, *, instalments: str | None = None, shows: str) -> Scene:
    """A form for a card, once its number is typed; what it shows then."""

    async def reach(visit: Visit) -> None:
        await visit.open_order("card")
        await visit.page.locator("#card-number").fill(number)
        if instalments is not None:
            await visit.page.locator("#card-installments").select_option(instalments)
        await expect(visit.page.locator(shows)).to_be_visible()

    return Scene(f"order/{name}", reach)


async def _card_faults(visit: Visit) -> None:
    await visit.open_order("card")
    await visit.page.locator("#card-number").fill("4507 9900 0000 4906")
    await visit.page.locator("#card-form button").click()
    await expect(visit.page.locator("#card-number-fault")).to_be_visible()


async def _card_unreachable(visit: Visit) -> None:
    async def refuse(route: Route) -> None:
        await route.abort()

    await visit.page.route("**/api/v2/tokens", refuse)
    await visit.open_order("card")
    typed = {"number": VISA, "expiry": "12/40", "code": "123", "holder": "JULIA RIOS", "document": "30.123.456"}
    for field, text in typed.items():
        await visit.page.locator(f"#card-{field}").fill(text)
    await visit.page.locator("#card-rest button").click()
    await expect(visit.page.locator("[data-trouble=unreachable]")).to_be_visible()


async def _other_ways(visit: Visit) -> None:
    await visit.open_order("cash")
    await visit.page.locator("details.otherwise summary").click()


async def _other_address_faults(visit: Visit) -> None:
    await visit.open_order("paid", "/mail")
    await visit.page.locator("#field-mail").fill("julia@")
    await visit.page.locator("main form button").click()
    await expect(visit.page.locator("#faults")).to_be_visible()


async def _wait(visit: Visit, mail: str) -> None:
    await visit.go(f"/e/{visit.house.slugs['sold_out']}")
    await visit.page.locator("#waiting-mail").fill(mail)
    await visit.page.evaluate("document.querySelector('#waiting-mail').form.noValidate = true")
    await visit.page.locator("form:has(#waiting-mail) button").click()
    await expect(visit.page.locator(".notice.good, .fault")).to_be_visible()


async def _withdraw(visit: Visit, reference: str) -> None:
    await visit.go("/withdrawal")
    await visit.page.locator("#reference").fill(reference)
    await visit.page.locator("#mail").fill("julia@example.com")
    await visit.page.locator("form button").click()
    await expect(visit.page.locator(".notice.good, .fault")).to_be_visible()


async def _missing_poster(visit: Visit) -> None:
    async def lose(route: Route) -> None:
        await route.fulfill(status=404)

    await visit.page.route("**/pictures/**", lose)
    await visit.page.route("**/poster/**", lose)
    await visit.go(f"/e/{visit.house.slugs['poster']}")


SCENES: tuple[Scene, ...] = (
    _at("listing/full", "/"),
    _at("listing/searched", "/?q=teatro&city=Rosario&price=20000"),
    _at("listing/no-hits", "/?q=zarzuela"),
    _plate("listing/empty", "empty"),
    *(
        _at(f"event/{name.replace('_', '-')}", f"/e/{{{name}}}")
        for name in (
            "club",
            "stadium",
            "theatre",
            "plain",
            "few",
            "sold_out",
            "not_yet",
            "closed",
            "ended",
            "postponed",
            "cancelled",
            "free",
            "code",
            "run",
            "long",
            "nasty",
            "bare",
            "poster",
        )
    ),
    Scene("event/poster-missing", _missing_poster),
    _at("checkout/arrived", "/e/{plain}/checkout"),
    _at("checkout/several-performances", "/e/{theatre}/checkout"),
    _at("checkout/nothing-on-sale", "/e/{sold_out}/checkout"),
    _at("checkout/not-yet", "/e/{not_yet}/checkout"),
    _at("checkout/long", "/e/{long}/checkout"),
    Scene("checkout/no-scripts", lambda visit: visit.go(f"/e/{visit.house.slugs['plain']}/checkout"), scripts=False),
    Scene("checkout/chosen", checkout.chosen),
    Scene("checkout/totals-open", checkout.totals_open),
    Scene("checkout/nothing-chosen", checkout.nothing_chosen),
    Scene("checkout/seats", checkout.seats),
    Scene("checkout/code-wrong", checkout.code_wrong),
    Scene("checkout/code-right", checkout.code_right),
    Scene("checkout/details", checkout.details),
    Scene("checkout/details-asked", checkout.details_asked),
    Scene("checkout/details-faults", checkout.details_faults),
    Scene("checkout/summary", checkout.summary),
    Scene("checkout/summary-transfer", checkout.summary_transfer),
    Scene("checkout/consent-missing", checkout.consent),
    Scene("checkout/summary-cards", checkout.summary_cards),
    Scene("checkout/summary-nasty", checkout.nasty_summary),
    Scene("checkout/summary-free", checkout.free_summary),
    Scene("checkout/time-over", checkout.time_over, leaves_no_trace=False),
    Scene("checkout/taken", lambda visit: checkout.sold_out_meanwhile(visit, quantity=3, taken=6)),
    Scene("checkout/all-taken", lambda visit: checkout.sold_out_meanwhile(visit, quantity=2, taken=8)),
    Scene("checkout/offline", checkout.offline),
    Scene("checkout/gave-up", checkout.gave_up, leaves_no_trace=False),
    Scene("checkout/refused", checkout.trouble),
    Scene("checkout/ordered", checkout.ordered),
    Scene("order/closed", _closed),
    Scene("order/wrong-link", _wrong_link),
    _order("unpaid"),
    _order("card", standing="unpaid"),
    Scene("order/card-faults", _card_faults),
    _card("card-promotion", VISA, shows="#card-promotion"),
    _card("card-instalments", VISA_WITHOUT_FUNDS, instalments="6", shows="#card-plans"),
    _card("card-elsewhere", MASTERCARD, shows="#card-elsewhere .notice:not(.warn)"),
    _card("card-nowhere", AMEX, shows="#card-elsewhere .notice.warn"),
    Scene("order/card-unreachable", _card_unreachable),
    _order("card-none", standing="unpaid"),
    _order("option-gone", of="unpaid", query="?done=option", standing="unpaid"),
    _order("confirming", of="unpaid", query="?status=approved"),
    _order("transfer", standing="instructed"),
    _order("cash", standing="instructed"),
    Scene("order/cash-other-ways", _other_ways),
    Scene("order/transfer-no-scripts", lambda visit: visit.open_order("transfer"), scripts=False),
    _order("pending"),
    _order("rejected"),
    _order("declined", standing="rejected"),
    _order("misfit", standing="pending"),
    _order("misfit-back", standing="rejected"),
    _order("paid"),
    _order("many", standing="paid"),
    _order("nasty", standing="paid"),
    _order("long", standing="paid"),
    _order("expired"),
    _order("returning"),
    _order("cancelled"),
    _order("refunded"),
    _order("part-back", standing="paid"),
    _order("charged-back", standing="paid"),
    _order("queued", standing="cancelled"),
    _order("refund-failed", standing="cancelled"),
    _order("code-replaced", of="paid", query="?done=code&ticket=1", standing="paid"),
    _ticket("valid", "paid"),
    _ticket("used", "used"),
    _ticket("revoked", "many", -1),
    _ticket("nasty", "nasty"),
    _ticket("long", "long"),
    _of_ticket("change/holder", "paid", "holder"),
    _of_ticket("change/holder-nasty", "nasty", "holder"),
    Scene("change/holder-faults", _holder_faults),
    _of_ticket("change/holder-refused", "used", "holder"),
    _of_ticket("change/new-code", "paid", "new-code"),
    Scene("change/mail", lambda visit: visit.open_order("paid", "/mail")),
    Scene("change/mail-faults", _other_address_faults),
    Scene("waiting/joined", lambda visit: _wait(visit, "julia@example.com")),
    Scene("waiting/faults", lambda visit: _wait(visit, "julia@")),
    _at("widget/on-sale", "/embed/{plain}"),
    _at("widget/sold-out", "/embed/{sold_out}"),
    _at("recover/form", "/recover"),
    Scene("recover/sent", _recover_sent),
    Scene("recover/refused", _recover_refused),
    _at("legal/withdrawal", "/withdrawal"),
    Scene("legal/withdrawal-asked", lambda visit: _withdraw(visit, "7KQ2-M9XA")),
    Scene("legal/withdrawal-faults", lambda visit: _withdraw(visit, "7KQ")),
    _at("legal/terms", "/terms"),
    _at("legal/privacy", "/privacy"),
    _at("error/404", "/e/no-hay-tal-evento"),
    *(_plate(f"error/{status}", str(status)) for status in ERRORS),
)
