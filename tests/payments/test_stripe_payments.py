"""Payments on an account at Stripe, from the first call to the last dispute: by its notices, without them, and in any order of them."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.events import (
    DisputeAnswered,
    DisputeClosed,
    DisputeDue,
    DisputeOpened,
    PaymentCaptured,
    PaymentDisputed,
    PaymentFlagged,
    PaymentRefunded,
)
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Purchase, PurchaseLine, Redirect
from alltickets.payments.reconciliation.layouts import LAYOUTS
from alltickets.payments.refusals import AccountInvalid, CallbackForged, DisputeNotOpen, DisputeOverdue, GatewayFailed
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.refunds import AskRefund, RefundStarted
from alltickets.platform.database import Database
from alltickets.platform.events import Event
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, error_of, request, start
from tests.payments.evidence import EVIDENCE
from tests.payments.stripe import DECLINED, StripeAccount, StripeProcess
from tests.payments.test_stripe_gateway import StripeBench
from tests.stream import events_of

ASKED = Money(50_00, "USD")


class Shop:
    """An organizer with an account at Stripe, whose notices come when the test delivers them."""

    def __init__(self, payments: Payments, database: Database, organizer_id: UUID, clock: SettableClock, bench: StripeBench) -> None:
        self.payments = payments
        self.database = database
        self.organizer_id = organizer_id
        self.clock = clock
        self.bench = bench
        self.follower = Follower(database, subscriptions(payments))
        self.account: AccountDetails
        self.reference = new_id()

    async def connect(self, currency: str = "USD") -> None:
        self.account = await self.payments.accounts.connect(
            Actor.system(self.organizer_id, "test"),
            "stripe",
            label="Tarjeta",
            currency=currency,
            settings={},
            credentials={"secret_key": self.bench.account.key, "webhook_secret": self.bench.account.webhook_secret()},
        )

    async def page(self) -> str:
        """Where the buyer of a new payment is sent."""
        one = request(self.clock, amount=ASKED, reference=self.reference)
        started = await start(self.database, self.payments, self.organizer_id, one)
        step = await self.payments.begin(self.organizer_id, started.attempt_id)
        assert isinstance(step, Redirect)
        return step.url

    async def deliver(self, *, newest_first: bool = False, secret: str | None = None) -> None:
        """Every event of the account so far comes to our door, and is worked off."""
        events = self.bench.stripe.call(self.bench.account, "GET", "/events", limit=100)["data"]
        for event in events if newest_first else reversed(events):
            notice = self.bench.signed(event, self.clock(), secret or self.bench.account.webhook_secret())
            await self.payments.inbox.receive("stripe", self.account.id, notice)
        await self.follower.catch_up()
        await self.payments.inbox.sweep()

    async def later(self, **span: float) -> None:
        self.clock.advance(**span)
        await self.payments.poller.sweep()
        await self.payments.refunds.sweep()

    async def standing(self) -> tuple[str, str]:
        """How the payment stands, and its newest attempt."""
        details = await self.payments.details(self.organizer_id, self.reference)
        return details.status, details.attempts[-1].status

    async def told(self, kind: type[Event]) -> int:
        return len(await events_of(self.database, self.organizer_id, kind))

    async def take_in_report(self, *differences: str) -> list[tuple[str, str, str]]:
        """The report of the account's balance held against our books: kind, state and payment of each line that is new."""
        path = f"/admin/accounts/{self.bench.account.id}/balance.csv"
        made = self.bench.stripe.http.get(path, params=[("difference", one) for one in differences])
        assert made.status_code == 200, made.text

        async def content() -> AsyncIterator[bytes]:
            yield made.content

        actor, reconciliation = Actor.system(self.organizer_id, "test"), self.payments.reconciliation
        report = await reconciliation.take_in(actor, self.account.id, "balance.csv", LAYOUTS["stripe"], content())
        lines = (await reconciliation.lines(actor, report.id, state=None, cursor=None, size=50)).items
        return [(one.kind, one.state, one.source_id) for one in lines]

    @property
    def intent(self) -> str:
        """Stripe's id of the only payment."""
        [charge, *_] = self.bench.stripe.call(self.bench.account, "GET", "/charges")["data"]
        return str(charge["payment_intent"])


@pytest_asyncio.fixture
async def shop(
    database: Database, organizer_id: UUID, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient, stripe_process: StripeProcess
) -> AsyncIterator[Shop]:
    stripe_process.behave()
    payments = Payments(database, clock, key_ring, [Stripe(stripe_process.url, http)], public_url=PUBLIC_URL)
    shop = Shop(payments, database, organizer_id, clock, StripeBench(stripe_process, http))
    await shop.connect()
    yield shop
    stripe_process.misbehave()
    stripe_process.behave()


@pytest.mark.parametrize("newest_first", [False, True])
async def test_paid_disputed_and_won_by_notices_in_either_order(shop: Shop, newest_first: bool) -> None:
    shop.bench.stripe.pay(await shop.page())
    await shop.deliver(newest_first=newest_first)
    paid = await shop.standing()
    dispute = shop.bench.stripe.admin("disputes", payment_intent=shop.intent)
    await shop.deliver(newest_first=newest_first)
    disputed = await shop.standing()
    shop.bench.stripe.admin(f"disputes/{dispute['id']}", status="won")

    await shop.deliver(newest_first=newest_first)

    assert (paid, disputed) == (("paid", "charged"), ("disputed", "disputed"))
    assert await shop.standing() == ("paid", "charged")
    assert (await shop.told(PaymentCaptured), await shop.told(PaymentDisputed)) == (1, 1)
    assert await shop.told(PaymentFlagged) == 0


async def test_a_lost_dispute_is_a_charge_back(shop: Shop) -> None:
    shop.bench.stripe.pay(await shop.page(), "4000000000000259")
    await shop.deliver()
    first = await shop.standing()
    [dispute] = shop.bench.stripe.call(shop.bench.account, "GET", "/disputes")["data"]
    shop.bench.stripe.admin(f"disputes/{dispute['id']}", status="lost")

    await shop.deliver()

    assert first == ("disputed", "disputed")
    assert await shop.standing() == ("charged_back", "charged_back")


async def test_without_any_notice_the_payment_is_found_within_a_minute(shop: Shop) -> None:
    shop.bench.stripe.pay(await shop.page())

    await shop.later(seconds=60)

    assert await shop.standing() == ("paid", "charged")
    [charge] = (await shop.payments.details(shop.organizer_id, shop.reference)).charges
    assert (charge.facts["brand"], charge.facts["card_last_four"], charge.facts["fee_minor"]) == ("visa", "4242", 1_75)


async def test_a_decline_is_told_and_the_next_card_pays(shop: Shop) -> None:
    page = await shop.page()
    shop.bench.stripe.pay(page, DECLINED)
    await shop.deliver()
    declined = await shop.standing()
    shop.bench.stripe.pay(page)

    await shop.deliver()

    assert declined == ("failed", "declined")
    assert await shop.standing() == ("paid", "charged")


async def test_a_page_whose_answer_was_lost_is_the_same_page(shop: Shop) -> None:
    started = await start(shop.database, shop.payments, shop.organizer_id, request(shop.clock, amount=ASKED, reference=shop.reference))
    shop.bench.stripe.misbehave(timeout_after_processing=1)

    lost = await shop.payments.begin(shop.organizer_id, started.attempt_id)
    found = await shop.payments.begin(shop.organizer_id, started.attempt_id)

    assert lost == "wait"
    assert isinstance(found, Redirect)
    sessions = shop.bench.stripe.call(shop.bench.account, "GET", "/checkout/sessions")["data"]
    assert [session["url"] for session in sessions] == [found.url]


async def test_a_page_whose_answer_was_lost_is_the_same_page_though_what_is_bought_has_another_name_since(shop: Shop) -> None:
    """Stripe refuses a key that comes again with anything else."""
    started = await start(shop.database, shop.payments, shop.organizer_id, request(shop.clock, amount=ASKED, reference=shop.reference))
    shop.bench.stripe.misbehave(timeout_after_processing=1)

    lost = await shop.payments.begin(shop.organizer_id, started.attempt_id, bought("General"))
    found = await shop.payments.begin(shop.organizer_id, started.attempt_id, bought("Campo"))

    assert lost == "wait"
    assert isinstance(found, Redirect)
    sessions = shop.bench.stripe.call(shop.bench.account, "GET", "/checkout/sessions")["data"]
    assert [session["url"] for session in sessions] == [found.url]


def bought(name: str) -> Purchase:
    """One ticket of that name."""
    line = PurchaseLine(name=name, quantity=1, unit_price_minor=ASKED.minor, begins_at=None)
    return Purchase(buyer_name="Ana", buyer_phone=None, days_ahead=3, lines=(line,))


async def test_a_page_that_ran_out_ends_its_attempt(shop: Shop) -> None:
    await shop.page()
    shop.bench.stripe.behave(clock_ahead_seconds=3_600)

    await shop.later(minutes=40)

    assert await shop.standing() == ("expired", "expired")


async def test_what_is_given_back_is_told_once(shop: Shop) -> None:
    shop.bench.stripe.pay(await shop.page())
    await shop.deliver()
    asked = AskRefund(refund_id=new_id(), reference=shop.reference, amount_minor=20_00, reason="no puede ir")
    async with shop.database.transaction(shop.organizer_id) as tx:
        [outcome] = await shop.payments.refund(tx, [asked])

    await shop.later(seconds=1)
    shop.bench.stripe.admin("refunds", payment_intent=shop.intent)
    await shop.deliver()

    assert isinstance(outcome, RefundStarted)
    assert await shop.standing() == ("refunded", "refunded")
    told = await events_of(shop.database, shop.organizer_id, PaymentRefunded)
    assert [event.amount_minor for event in told if isinstance(event, PaymentRefunded)] == [20_00, 30_00]


async def test_a_refund_that_stripe_keeps_until_there_is_money_is_waited_for_and_flagged_to_nobody(shop: Shop) -> None:
    shop.bench.stripe.behave(refund_balance_is_short=True)
    shop.bench.stripe.pay(await shop.page())
    await shop.deliver()
    asked = AskRefund(refund_id=new_id(), reference=shop.reference, amount_minor=None, reason="no puede ir")
    async with shop.database.transaction(shop.organizer_id) as tx:
        await shop.payments.refund(tx, [asked])
    for _ in range(6):
        await shop.later(hours=12)
    [waiting] = (await shop.payments.details(shop.organizer_id, shop.reference)).refunds
    [refund] = shop.bench.stripe.call(shop.bench.account, "GET", "/refunds")["data"]
    shop.bench.stripe.admin(f"refunds/{refund['id']}", outcome="succeeds")

    await shop.later(hours=12)

    [made] = (await shop.payments.details(shop.organizer_id, shop.reference)).refunds
    assert (waiting.status, waiting.needs_review, made.status) == ("pending", False, "succeeded")
    assert await shop.told(PaymentFlagged) == 0


async def test_a_refund_that_succeeded_and_came_back_is_told_to_people_once(shop: Shop) -> None:
    shop.bench.stripe.behave(refund_sequel_seconds=3_600)
    shop.bench.stripe.pay(await shop.page(), "4000000000005126")
    await shop.deliver()
    asked = AskRefund(refund_id=new_id(), reference=shop.reference, amount_minor=None, reason="no puede ir")
    async with shop.database.transaction(shop.organizer_id) as tx:
        await shop.payments.refund(tx, [asked])
    await shop.later(seconds=1)
    [arrived] = (await shop.payments.details(shop.organizer_id, shop.reference)).refunds
    [refund] = shop.bench.stripe.call(shop.bench.account, "GET", "/refunds")["data"]
    shop.bench.stripe.admin(f"refunds/{refund['id']}", outcome="fails")

    for _ in range(2):
        await shop.deliver()
        await shop.later(seconds=61)

    [came_back] = (await shop.payments.details(shop.organizer_id, shop.reference)).refunds
    flags = await events_of(shop.database, shop.organizer_id, PaymentFlagged)
    assert (arrived.status, arrived.needs_review) == ("succeeded", False)
    assert (came_back.status, came_back.needs_review) == ("succeeded", True)
    assert [flag.kind for flag in flags if isinstance(flag, PaymentFlagged)] == ["refund_failed"]


async def test_forged_notices_stay_outside(shop: Shop) -> None:
    shop.bench.stripe.pay(await shop.page())

    with pytest.raises(CallbackForged):
        await shop.deliver(secret=StripeAccount.fresh().webhook_secret())

    assert await shop.standing() == ("open", "awaiting_buyer")


async def test_pesos_are_not_taken(shop: Shop) -> None:
    with pytest.raises(AccountInvalid):
        await shop.connect("ARS")


async def disputed(shop: Shop, **wish: object) -> UUID:
    """A payment of 50.00 that is paid, and that a bank asks for; the dispute as we have it."""
    shop.bench.stripe.pay(await shop.page())
    await shop.deliver()
    shop.bench.stripe.admin("disputes", payment_intent=shop.intent, **wish)
    await shop.deliver()
    [one] = (await shop.payments.disputes.page(shop.organizer_id, in_state="needs_response", cursor=None, size=10)).items
    return one.dispute_id


async def balances(shop: Shop) -> dict[str, int]:
    await shop.follower.catch_up()
    found = await shop.payments.ledger.balances(shop.organizer_id)
    return {one.account.partition(":")[0]: one.balance_minor for one in found if one.balance_minor}


@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_part_is_disputed_answered_and_lost(shop: Shop, newest_first: bool) -> None:
    dispute_id = await disputed(shop, amount=20_00, reason="product_not_received")
    stripe, actor = shop.bench.stripe, Actor.system(shop.organizer_id, "test")
    [told] = stripe.call(shop.bench.account, "GET", "/disputes")["data"]
    opened, held = await shop.payments.disputes.read(shop.organizer_id, dispute_id), await balances(shop)

    answered = await shop.payments.disputes.answer(actor, dispute_id, EVIDENCE)
    [taken] = stripe.call(shop.bench.account, "GET", "/disputes")["data"]
    stripe.admin(f"disputes/{told['id']}", status="lost")
    for _ in range(2):
        await shop.deliver(newest_first=newest_first)

    lost = await shop.payments.disputes.read(shop.organizer_id, dispute_id)
    assert (opened.amount_minor, opened.reason, opened.raw_reason) == (20_00, "not_received", "product_not_received")
    assert opened.due_at is not None
    assert int(opened.due_at.timestamp()) == told["evidence_details"]["due_by"]
    assert (held["dispute_reserve"], held["organizer_payable"]) == (20_00, -50_00)
    assert (answered.state, [one.status for one in answered.answers]) == ("under_review", ["accepted"])
    assert taken["evidence"]["access_activity_log"] == EVIDENCE.admissions
    assert taken["evidence_details"]["submission_count"] == 1
    assert [move.state for move in lost.history] == ["needs_response", "under_review", "lost"]
    after = await balances(shop)
    # Stripe keeps 15.00 for the dispute, and its fee for the payment: the organizer bears what was lost.
    assert ("dispute_reserve" in after, after["organizer_payable"], lost.fee_minor) == (False, -30_00, 15_00)
    assert (await shop.payments.ledger.verify(shop.organizer_id, lambda _what, _count: None, patience_seconds=5)).is_right
    assert [await shop.told(kind) for kind in (DisputeOpened, DisputeAnswered, DisputeClosed)] == [1, 1, 1]


async def test_evidence_whose_answer_was_lost_is_asked_about_and_not_handed_in_again(shop: Shop) -> None:
    dispute_id, actor = await disputed(shop), Actor.system(shop.organizer_id, "test")
    shop.bench.stripe.misbehave(timeout_after_processing=1)

    with pytest.raises(GatewayFailed):
        await shop.payments.disputes.answer(actor, dispute_id, EVIDENCE)
    doubtful = await shop.payments.disputes.read(shop.organizer_id, dispute_id)
    again = await shop.payments.disputes.answer(actor, dispute_id, EVIDENCE)

    [taken] = shop.bench.stripe.call(shop.bench.account, "GET", "/disputes")["data"]
    assert [one.status for one in doubtful.answers] == ["unknown"]
    assert await error_of(shop.payments, shop.organizer_id) == ("dispute", "unknown_outcome")
    assert (again.state, [one.status for one in again.answers]) == ("under_review", ["accepted"])
    assert taken["evidence_details"]["submission_count"] == 1
    with pytest.raises(DisputeNotOpen):
        await shop.payments.disputes.answer(actor, dispute_id, EVIDENCE)


async def test_a_deadline_is_told_on_two_days_and_over_then_and_a_lost_notice_is_found(shop: Shop) -> None:
    dispute_id, actor = await disputed(shop), Actor.system(shop.organizer_id, "test")
    [told] = shop.bench.stripe.call(shop.bench.account, "GET", "/disputes")["data"]
    for days in (3.9, 0.2, 1.7, 0.3, 0.1):
        shop.clock.advance(days=days)
        for _ in range(2):
            await shop.payments.disputes.sweep()
    shop.clock.advance(days=1)

    with pytest.raises(DisputeOverdue):
        await shop.payments.disputes.answer(actor, dispute_id, EVIDENCE)
    shop.bench.stripe.admin(f"disputes/{told['id']}", status="won")
    shop.clock.advance(hours=7)
    await shop.payments.disputes.sweep()

    due = await events_of(shop.database, shop.organizer_id, DisputeDue)
    assert [one.days_left for one in due if isinstance(one, DisputeDue)] == [3, 1]
    assert (await shop.payments.disputes.read(shop.organizer_id, dispute_id)).state == "won"
    assert await shop.standing() == ("paid", "charged")


async def test_an_inquiry_takes_no_money_until_it_becomes_a_dispute(shop: Shop) -> None:
    dispute_id = await disputed(shop, is_inquiry=True)
    asked, paid = await shop.payments.disputes.read(shop.organizer_id, dispute_id), await shop.standing()

    shop.bench.stripe.admin(f"disputes/{asked.provider_dispute_id}", status="needs_response")
    await shop.deliver()

    assert (asked.is_inquiry, asked.state, paid) == (True, "needs_response", ("paid", "charged"))
    now = await shop.payments.disputes.read(shop.organizer_id, dispute_id)
    assert (now.is_inquiry, now.state, await shop.standing()) == (False, "needs_response", ("disputed", "disputed"))
    assert await shop.told(DisputeOpened) == 2


async def test_the_report_of_its_balance_agrees_with_our_books_but_for_what_was_spoilt(shop: Shop) -> None:
    intents = []
    for _ in range(3):
        shop.reference = new_id()
        shop.bench.stripe.pay(await shop.page())
        await shop.deliver()
        intents.append(str(shop.bench.stripe.call(shop.bench.account, "GET", "/charges")["data"][0]["payment_intent"]))
    shop.bench.stripe.admin("refunds", payment_intent=intents[2], amount=10_00)
    await shop.deliver()

    spoilt = await shop.take_in_report("amount", "fee", "missing", "extra", "duplicate")
    plain = await shop.take_in_report()

    assert spoilt == [
        ("payment", "amount_differs", intents[0]),
        ("payment", "fee_differs", intents[1]),
        ("refund", "matched", intents[2]),
        ("payment", "missing_here", "pi_unknown"),
        ("payment", "duplicate", intents[0]),
    ]
    assert plain == [("payment", "duplicate", intents[0]), ("payment", "duplicate", intents[1]), ("payment", "matched", intents[2])]
