"""Stripe's gateway against the simulated Stripe: the conformance of every gateway, and what is its own."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.port import Gateway, GatewayError, Hint, Notice, Purchase, PurchaseLine, Redirect, RefundOrder
from alltickets.payments.refusals import AccountInvalid
from bench.stack import free_port
from simulators.stripe.events import signature_of
from tests.payments.gateway_conformance import Bench, GatewayConformance, link_of, refund_of, wanted_at
from tests.payments.stripe import APPROVED, ASKS, DECLINED, StripeAccount, StripeProcess

CARDS = {"approve": APPROVED, "reject": DECLINED, "pending": ASKS}


class StripeBench(Bench):
    """A session is paid once: its page is closed after that."""

    asked = Money(1_234_56, "USD")
    takes_twice = False
    environment = "test"

    def __init__(self, stripe: StripeProcess, http: httpx.AsyncClient) -> None:
        self.stripe = stripe
        self.account = StripeAccount.fresh()
        self.owner = self.account.key
        self.http = http
        self.gateway = self.connected(stripe.url)

    def connected(self, url: str, **changes: str) -> Gateway:
        credentials = {"secret_key": self.account.key, "webhook_secret": self.account.webhook_secret(), **changes}
        return Stripe(url, self.http).connect({}, credentials)

    def buyer_does(self, link: str, action: str) -> None:
        self.stripe.pay(link, CARDS[action])

    def reserving(self) -> Gateway:
        return Stripe(self.stripe.url, self.http).connect({"capture": "in_two_steps"}, {"secret_key": self.account.key})

    def holder_of(self, reference: UUID) -> str:
        [charge] = self.charges(reference)
        movements = self.stripe.call(self.account, "GET", "/balance_transactions", limit=100)["data"]
        [movement] = [one for one in movements if one["id"] == charge["balance_transaction"]]
        assert (movement["source"], charge.get("application_fee_amount")) == (charge["id"], None)
        return self.account.key

    def refunded_minor(self, reference: UUID) -> int:
        return sum(charge["amount_refunded"] for charge in self.charges(reference))

    def charges(self, reference: UUID) -> list[dict[str, Any]]:
        charges = self.stripe.call(self.account, "GET", "/charges", limit=100)["data"]
        return [charge for charge in charges if charge["metadata"]["attempt_id"] == str(reference)]

    def bank_asks(self, reference: UUID) -> None:
        [charge] = self.charges(reference)
        self.stripe.admin("disputes", payment_intent=charge["payment_intent"])

    def has_balance(self, *, is_enough: bool) -> None:
        self.stripe.behave(refund_balance_is_short=not is_enough)

    def lose_answers(self, calls: int) -> None:
        self.stripe.misbehave(timeout_after_processing=calls)

    def impostor(self) -> Gateway:
        return self.connected(self.stripe.url, secret_key=f"sk_test_{'0' * 40}", webhook_secret=f"whsec_{'0' * 40}")

    def unreachable(self) -> Gateway:
        return self.connected(f"http://127.0.0.1:{free_port()}")

    def callback_of(self, reference: UUID, now: datetime) -> Notice:
        events = self.stripe.call(self.account, "GET", "/events", limit=100)["data"]
        [event] = [one for one in events if one["data"]["object"].get("client_reference_id") == str(reference)]
        return self.signed(event, now, self.account.webhook_secret())

    def signed(self, event: dict[str, Any], now: datetime, *secrets: str) -> Notice:
        """The event as it comes to our door."""
        body, sent_at = json.dumps(event).encode(), int(now.timestamp())
        signatures = ",".join(f"v1={signature_of(secret, sent_at, body)}" for secret in secrets)
        return Notice(headers={"stripe-signature": f"t={sent_at},{signatures},v0=00"}, body=body)

    async def paid(self, card: str = APPROVED) -> tuple[str, str]:
        """A payment that a buyer made with that card: our reference, and Stripe's id."""
        wanted = wanted_at(self)
        self.stripe.pay(await link_of(self.gateway, wanted), card)
        [payment] = await self.gateway.query(str(wanted.attempt_id))
        return str(wanted.attempt_id), payment.provider_payment_id


@pytest.fixture
def bench(stripe_process: StripeProcess, http: httpx.AsyncClient) -> Iterator[StripeBench]:
    stripe_process.behave()
    yield StripeBench(stripe_process, http)
    stripe_process.misbehave()
    stripe_process.behave()


class TestStripe(GatewayConformance):
    """Every gateway's tests."""


async def test_the_facts_of_a_charge_are_kept(bench: StripeBench) -> None:
    reference, _ = await bench.paid()

    [payment] = await bench.gateway.query(reference)

    facts = payment.facts
    assert (facts.method, facts.brand, facts.card_last_four, facts.installments) == ("credit_card", "visa", "4242", None)
    assert (facts.fee_minor, facts.net_minor) == (36_10, 1_198_46)
    assert facts.settles_at is not None
    assert facts.settles_at > datetime.now(UTC) + timedelta(days=1)
    [movement] = bench.stripe.call(bench.account, "GET", "/balance_transactions")["data"]
    assert facts.settlement_reference == movement["id"]


async def test_a_fee_in_another_currency_is_not_taken_for_ours(bench: StripeBench) -> None:
    bench.stripe.behave(settlement_currency="eur")
    reference, _ = await bench.paid("4000056655665556")

    [payment] = await bench.gateway.query(reference)

    assert (payment.facts.method, payment.facts.fee_minor, payment.facts.net_minor) == ("debit_card", None, None)
    assert payment.facts.settlement_reference is not None
    assert payment.amount == bench.asked


async def test_a_page_shows_what_is_bought(bench: StripeBench) -> None:
    minor = bench.asked.minor
    lines = (
        PurchaseLine(name="Stalls", quantity=2, unit_price_minor=minor // 4),
        PurchaseLine(name="Circle", quantity=1, unit_price_minor=minor - 2 * (minor // 4)),
    )
    wanted = msgspec.structs.replace(wanted_at(bench), purchase=Purchase(buyer_name="Ana Paz", buyer_phone=None, days_ahead=3, lines=lines))

    await link_of(bench.gateway, wanted)

    [session] = bench.stripe.call(bench.account, "GET", "/checkout/sessions")["data"]
    shown = bench.stripe.call(bench.account, "GET", f"/checkout/sessions/{session['id']}/line_items")["data"]
    assert [(one["description"], one["quantity"], one["amount_total"]) for one in shown] == [
        (line.name, line.quantity, line.quantity * line.unit_price_minor) for line in lines
    ]


async def test_a_decline_says_why_and_another_card_pays_the_same_payment(bench: StripeBench) -> None:
    wanted = wanted_at(bench)
    link = await link_of(bench.gateway, wanted)

    bench.stripe.pay(link, "4000000000009995")
    [declined] = await bench.gateway.query(str(wanted.attempt_id))
    bench.stripe.pay(link)
    [charged] = await bench.gateway.query(str(wanted.attempt_id))

    assert (declined.status, declined.reason) == ("declined", "insufficient_funds")
    assert (charged.status, charged.provider_payment_id) == ("charged", declined.provider_payment_id)


async def test_a_page_that_ran_out_says_that_nobody_paid(bench: StripeBench) -> None:
    wanted = wanted_at(bench)
    await link_of(bench.gateway, wanted)
    bench.stripe.behave(clock_ahead_seconds=86_400)
    session = bench.stripe.call(bench.account, "GET", "/checkout/sessions")["data"][0]

    by_reference = await bench.gateway.query(str(wanted.attempt_id))
    by_id = await bench.gateway.fetch(Hint(provider_payment_id=session["id"]))

    assert [(one.status, one.amount, one.reference) for one in by_reference] == [("expired", bench.asked, str(wanted.attempt_id))]
    assert by_id == by_reference


async def test_what_was_opened_later_is_found_by_a_search(bench: StripeBench) -> None:
    wanted = msgspec.structs.replace(wanted_at(bench), attempt_id=UUID(int=(int(time.time() - 3_600) * 1000 << 80) | 0x7 << 76 | 0x2 << 62))
    bench.stripe.pay(await link_of(bench.gateway, wanted))

    too_early = await bench.gateway.query(str(wanted.attempt_id))
    bench.stripe.behave(search_lag_seconds=0)
    [found] = await bench.gateway.query(str(wanted.attempt_id))

    assert too_early == []
    assert found.status == "charged"


async def test_a_session_is_found_behind_a_hundred_others_of_the_same_moment(bench: StripeBench) -> None:
    wanted = wanted_at(bench)
    bench.stripe.pay(await link_of(bench.gateway, wanted))
    for place in range(100):
        other = {"mode": "payment", "success_url": "http://127.0.0.1:9/", "client_reference_id": str(place), "line_items[0][quantity]": "1"}
        price = {"currency": "usd", "unit_amount": "100", "product_data][name": "Campo"}
        bench.stripe.call(
            bench.account, "POST", "/checkout/sessions", **other, **{f"line_items[0][price_data][{k}]": v for k, v in price.items()}
        )

    [payment] = await bench.gateway.query(str(wanted.attempt_id))

    assert payment.status == "charged"


async def test_a_clock_that_is_four_minutes_ahead_costs_a_minute_and_no_payment(bench: StripeBench) -> None:
    bench.stripe.behave(clock_ahead_seconds=240)
    wanted = wanted_at(bench)
    bench.stripe.pay(await link_of(bench.gateway, wanted))

    at_once = await bench.gateway.query(str(wanted.attempt_id))
    bench.stripe.behave(clock_ahead_seconds=240, search_lag_seconds=0)
    [found] = await bench.gateway.query(str(wanted.attempt_id))

    assert (at_once, found.status) == ([], "charged")


@pytest.mark.parametrize(
    ("amount", "units"),
    [(Money(1_500, "JPY"), 1_500), (Money(4_000, "ISK"), 400_000), (Money(12_50, "EUR"), 1_250), (Money(900, "CLP"), 900)],
)
async def test_amounts_are_written_as_stripe_writes_that_currency(bench: StripeBench, amount: Money, units: int) -> None:
    wanted = msgspec.structs.replace(wanted_at(bench), amount=amount)

    bench.stripe.pay(await link_of(bench.gateway, wanted))

    [payment] = await bench.gateway.query(str(wanted.attempt_id))
    assert bench.charges(wanted.attempt_id)[0]["amount"] == units
    assert payment.amount == amount


def test_pesos_and_what_would_have_to_be_rounded_are_not_offered(bench: StripeBench) -> None:
    assert {"ARS", "MGA", "KWD", "TND"}.isdisjoint(bench.gateway.capabilities.currencies)
    assert {"USD", "EUR", "BRL", "MXN", "UYU", "CLP"} <= set(bench.gateway.capabilities.currencies)


async def test_a_page_shorter_than_stripe_allows_is_refused(bench: StripeBench) -> None:
    short = msgspec.structs.replace(wanted_at(bench), expires_at=datetime.now(UTC) + timedelta(minutes=29))

    with pytest.raises(GatewayError) as refused:
        await bench.gateway.create(short)

    assert refused.value.kind == "invalid_request"


async def test_a_failure_that_its_key_repeats_stays_an_unknown_outcome(bench: StripeBench) -> None:
    wanted = wanted_at(bench)
    bench.stripe.behave(fail_after_processing=1)

    kinds = []
    for _ in range(2):
        with pytest.raises(GatewayError) as failed:
            await bench.gateway.create(wanted)
        kinds.append(failed.value.kind)
    renamed = await bench.gateway.create(msgspec.structs.replace(wanted, description="Otra cosa"))
    dearer = Money(wanted.amount.minor + 1, wanted.amount.currency)
    with pytest.raises(GatewayError) as other:
        await bench.gateway.create(msgspec.structs.replace(wanted, amount=dearer))

    sessions = bench.stripe.call(bench.account, "GET", "/checkout/sessions")["data"]
    assert kinds == ["unknown_outcome", "unknown_outcome"]
    assert isinstance(renamed, Redirect)
    assert [one["url"] for one in sessions] == [renamed.url]
    assert other.value.kind == "invalid_request"


async def test_a_refund_waits_and_one_that_succeeded_fails_later(bench: StripeBench) -> None:
    _, waits = await bench.paid("4000000000007726")
    reference, fails = await bench.paid("4000000000005126")
    orders = [refund_of(payment_id, 1_00, "USD") for payment_id in (waits, fails)]
    first = [await bench.gateway.refund(order) for order in orders]

    for result, outcome in zip(first, ("succeeds", "fails"), strict=True):
        bench.stripe.admin(f"refunds/{result.provider_refund_id}", outcome=outcome)

    later = [await bench.gateway.query_refund(order) for order in orders]
    assert [one.status for one in first] == ["pending", "succeeded"]
    assert [one and (one.status, one.reason) for one in later] == [("succeeded", None), ("failed", "expired_or_canceled_card")]
    [payment] = await bench.gateway.query(reference)
    assert (payment.status, payment.refunded_minor) == ("charged", 0)


async def test_a_refund_that_nobody_heard_of_is_found_by_our_name_or_not_at_all(bench: StripeBench) -> None:
    _, payment_id = await bench.paid()
    order = refund_of(payment_id, 1_00, "USD")

    before = await bench.gateway.query_refund(order)
    result = await bench.gateway.refund(order)

    unknown = msgspec.structs.replace(order, provider_refund_id="re_unknown")
    assert before is None
    assert await bench.gateway.query_refund(order) == result
    assert await bench.gateway.query_refund(unknown) is None


async def test_what_is_disputed_is_not_given_back(bench: StripeBench) -> None:
    reference, payment_id = await bench.paid("4000000000000259")

    with pytest.raises(GatewayError) as refused:
        await bench.gateway.refund(RefundOrder(refund_id=new_id(), provider_payment_id=payment_id, amount=bench.asked, reason="test"))

    [payment] = await bench.gateway.query(reference)
    assert (refused.value.kind, payment.status, payment.raw_status) == ("declined", "disputed", "succeeded/needs_response")


@pytest.mark.parametrize(("status", "meaning"), [("won", "charged"), ("lost", "charged_back")])
async def test_a_dispute_ends(bench: StripeBench, status: str, meaning: str) -> None:
    reference, payment_id = await bench.paid()
    dispute = bench.stripe.admin("disputes", payment_intent=payment_id)
    [disputed] = await bench.gateway.query(reference)
    bench.stripe.admin(f"disputes/{dispute['id']}", status=status)

    [ended] = await bench.gateway.query(reference)

    assert (disputed.status, ended.status) == ("disputed", meaning)
    assert ended.sequence > disputed.sequence > 0


async def test_an_inquiry_takes_no_money_yet_and_may_be_answered_by_a_refund(bench: StripeBench) -> None:
    reference, payment_id = await bench.paid("4000000000001976")

    [asked] = await bench.gateway.query(reference)
    await bench.gateway.refund(refund_of(payment_id, bench.asked.minor, "USD"))
    [given_back] = await bench.gateway.query(reference)

    assert (asked.status, given_back.status) == ("charged", "refunded")


async def test_notices_of_either_secret_and_of_our_mode_are_believed(bench: StripeBench) -> None:
    old, new, now = bench.account.webhook_secret(1), bench.account.webhook_secret(2), datetime.now(UTC)
    event = {"id": "evt_1", "type": "payout.paid", "livemode": False, "data": {"object": {"object": "payout", "id": "po_1"}}}
    both = bench.connected(bench.stripe.url, webhook_secret=new, webhook_secret_previous=old)
    none = Stripe(bench.stripe.url, bench.http).connect({}, {"secret_key": bench.account.key})
    stranger = bench.account.webhook_secret(3)

    def verdicts(*secrets: str) -> list[str]:
        notice = bench.signed(event, now, *secrets)
        return [gateway.verify_callback(notice, now=now) for gateway in (both, bench.gateway, none)]

    live = bench.signed({**event, "livemode": True}, now, old)
    assert verdicts(old) == ["verified", "verified", "rejected"]
    assert verdicts(new) == ["verified", "rejected", "rejected"]
    assert verdicts(stranger, old) == ["verified", "verified", "rejected"]
    assert verdicts(stranger) == ["rejected"] * 3
    assert bench.gateway.verify_callback(live, now=now) == "rejected"
    assert bench.gateway.parse_callback(bench.signed(event, now, old)).hints == ()


async def test_every_event_leads_to_its_payment(bench: StripeBench) -> None:
    reference, payment_id = await bench.paid()
    await bench.gateway.refund(refund_of(payment_id, 1_00, "USD"))
    bench.stripe.admin("disputes", payment_intent=payment_id)

    events = bench.stripe.call(bench.account, "GET", "/events", limit=100)["data"]

    kinds = {event["type"] for event in events}
    assert {
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.refunded",
        "refund.created",
        "charge.dispute.created",
    } <= kinds
    for event in events:
        callback = bench.gateway.parse_callback(Notice(headers={}, body=json.dumps(event).encode()))
        assert [hint.provider_payment_id for hint in callback.hints] == [payment_id], event["type"]
        assert {hint.reference for hint in callback.hints} <= {reference, None}
        assert callback.event_id == event["id"]


async def test_a_refund_that_came_back_is_named(bench: StripeBench) -> None:
    _, payment_id = await bench.paid()
    result = await bench.gateway.refund(refund_of(payment_id, 1_00, "USD"))
    bench.stripe.admin(f"refunds/{result.provider_refund_id}", outcome="fails")

    events = bench.stripe.call(bench.account, "GET", "/events", limit=100)["data"]

    hints = {event["type"]: bench.gateway.parse_callback(Notice(headers={}, body=json.dumps(event).encode())).hints[0] for event in events}
    assert hints["refund.failed"].provider_refund_id == result.provider_refund_id
    assert hints["refund.created"].provider_refund_id is None


def test_an_account_lists_all_its_faults(bench: StripeBench) -> None:
    with pytest.raises(AccountInvalid) as refused:
        Stripe(bench.stripe.url, bench.http).connect(
            {"payment_methods": "cash", "api_version": "newest", "locale": "quechua", "base_url": "http://10.0.0.1"},
            {"secret_key": "pk_test_0123456789", "webhook_secret": "secret", "password": "x"},
        )

    assert len(refused.value.faults) == 7
