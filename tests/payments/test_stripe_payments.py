"""Payments on an account at Stripe, from the first call to the last dispute: by its notices, without them, and in any order of them."""

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.events import PaymentCaptured, PaymentDisputed, PaymentFlagged, PaymentRefunded
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Redirect
from alltickets.payments.refusals import AccountInvalid, CallbackForged
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.refunds import AskRefund, RefundStarted
from alltickets.platform.database import Database
from alltickets.platform.events import Event
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, request, start
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
