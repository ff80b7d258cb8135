"""The poller: brings every payment home without a single callback, and knows when silence means no."""

import asyncio
from uuid import UUID

import httpx
import pytest

from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentFlagged, PaymentPending
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Redirect
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import Started
from alltickets.platform.database import Database
from alltickets.platform.events import Event
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import PUBLIC_URL, error_of, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of


class Till:
    """A started payment that nobody sends callbacks about."""

    def __init__(
        self,
        database: Database,
        payments: Payments,
        organizer_id: UUID,
        clock: SettableClock,
        sandbox: SandboxProcess,
        merchant: Merchant,
    ) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.sandbox = sandbox
        self.merchant = merchant
        self.reference = new_id()

    async def start(self) -> str:
        """The link."""
        self.started: Started = await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=self.reference))
        assert isinstance(self.started.step, Redirect)
        return self.started.step.url

    async def later(self, **span: float) -> None:
        """Let time pass and the poller look once."""
        self.clock.advance(**span)
        await self.payments.poller.sweep()

    async def status(self) -> tuple[str, str]:
        details = await self.payments.details(self.organizer_id, self.reference)
        return details.status, details.attempts[-1].status

    async def events(self, *types: type[Event]) -> list[Event]:
        return await events_of(self.database, self.organizer_id, *types)


@pytest.fixture
def till(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    account: AccountDetails,
    clock: SettableClock,
    sandbox: SandboxProcess,
    merchant: Merchant,
) -> Till:
    return Till(database, payments, organizer_id, clock, sandbox, merchant)


async def test_a_payment_whose_callback_was_lost_is_found(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "approve", lose="true")

    await till.later(seconds=59)
    before = await till.status()
    await till.later(seconds=2)

    assert before == ("open", "awaiting_buyer")
    assert await till.status() == ("paid", "charged")
    assert len(await till.events(PaymentCaptured)) == 1


async def test_a_pending_payment_is_asked_about_until_it_is_decided(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "pending", lose="true")
    await till.later(seconds=61)
    pending = await till.status()

    [payment] = till.sandbox.payments(till.merchant, till.started.attempt_id)
    till.sandbox.change(payment["id"], "approved")
    await till.later(seconds=5)

    assert pending == ("processing", "pending")
    assert await till.status() == ("paid", "charged")
    assert len(await till.events(PaymentPending)) == 1


async def test_nobody_paid_is_believed_only_after_the_link_has_died_and_not_at_once(till: Till) -> None:
    await till.start()

    await till.later(minutes=10, seconds=6)
    early = await till.status()
    for _ in range(4):
        await till.later(seconds=46)

    assert early == ("open", "awaiting_buyer")
    assert await till.status() == ("expired", "expired")
    [failed] = await till.events(PaymentFailed)
    assert isinstance(failed, PaymentFailed)
    assert failed.reason == "expired"


async def test_an_expired_attempt_is_left_alone(till: Till, database: Database) -> None:
    await till.start()
    await till.later(minutes=10, seconds=6)
    for _ in range(4):
        await till.later(seconds=46)
    await till.later(minutes=2)

    [attempt] = (await till.payments.details(till.organizer_id, till.reference)).attempts

    assert attempt.next_query_at is None
    assert not attempt.needs_review


async def test_a_declined_payment_that_was_then_paid_on_the_same_link_is_found(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "reject", lose="true")
    await till.later(seconds=61)
    declined = await till.status()

    till.sandbox.pay(link, "approve", lose="true")
    await till.later(minutes=10)

    assert declined == ("failed", "declined")
    assert await till.status() == ("paid", "charged")


async def test_a_link_paid_twice_is_refunded_once(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "approve_twice", lose="true")

    await till.later(seconds=61)
    await till.payments.refunds.sweep()
    await till.payments.refunds.sweep()

    first, second = till.sandbox.payments(till.merchant, till.started.attempt_id)
    assert sorted((first["status"], second["status"])) == ["approved", "refunded"]
    assert await till.status() == ("paid", "charged")
    assert [event.kind for event in await till.events(PaymentFlagged) if isinstance(event, PaymentFlagged)] == ["paid_twice"]
    assert len(await till.events(PaymentCaptured)) == 1


async def test_a_review_that_ends_after_another_payment_was_captured_is_given_back(till: Till, account: AccountDetails) -> None:
    link = await till.start()
    till.sandbox.pay(link, "pending", lose="true")
    await till.later(seconds=61)
    till.sandbox.pay(link, "approve", lose="true")
    reviewed, paid = till.sandbox.payments(till.merchant, till.started.attempt_id)
    newest = SandboxPayment.of(till.started.attempt_id, id=paid["id"])
    await till.payments.inbox.receive("sandbox", account.id, callback(till.merchant, newest, till.clock()))
    await Follower(till.database, subscriptions(till.payments)).catch_up()

    till.sandbox.change(reviewed["id"], "approved")
    await till.later(minutes=20)
    await till.payments.refunds.sweep()

    reviewed, paid = till.sandbox.payments(till.merchant, till.started.attempt_id)
    assert (reviewed["status"], paid["status"]) == ("refunded", "approved")
    assert await till.status() == ("paid", "charged")


async def test_a_gateway_that_cannot_be_asked_says_nothing_about_a_payment(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "approve", lose="true")
    till.sandbox.misbehave(fail_5xx=1)

    await till.later(seconds=61)
    unknown = await till.status()
    [attempt] = (await till.payments.details(till.organizer_id, till.reference)).attempts
    await till.later(minutes=5)

    assert unknown == ("open", "awaiting_buyer")
    assert attempt.error_kind == "unavailable_not_sent"
    assert await till.status() == ("paid", "charged")


async def test_after_a_day_without_an_answer_somebody_has_to_look(
    till: Till, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    await till.start()
    away = Sandbox(f"http://127.0.0.1:{free_port()}", http)
    elsewhere = Payments(database, clock, key_ring, [away], public_url=PUBLIC_URL)

    clock.advance(minutes=11)
    for _ in range(3):
        await elsewhere.poller.sweep()
        clock.advance(hours=12)

    [attempt] = (await till.payments.details(till.organizer_id, till.reference)).attempts
    assert attempt.needs_review
    assert attempt.next_query_at is None
    assert [event.kind for event in await till.events(PaymentFlagged) if isinstance(event, PaymentFlagged)] == ["unresolved"]
    assert await error_of(till.payments, till.organizer_id) == ("query", "unavailable_not_sent")


async def test_two_pollers_find_a_payment_once(till: Till) -> None:
    link = await till.start()
    till.sandbox.pay(link, "approve", lose="true")
    till.clock.advance(seconds=61)

    await asyncio.gather(*(till.payments.poller.sweep() for _ in range(3)))

    [attempt] = (await till.payments.details(till.organizer_id, till.reference)).attempts
    assert attempt.status == "charged"
    assert len(await till.events(PaymentCaptured)) == 1
