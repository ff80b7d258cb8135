"""Callbacks: stored as they come, applied once, in whatever order; forged, wrong and unknown ones for what they are."""

import asyncio
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import httpx
import pytest

from alltickets.kernel.ids import new_id
from alltickets.payments.connections import Connections
from alltickets.payments.events import (
    CallbacksReceived,
    PaymentCaptured,
    PaymentFailed,
    PaymentFlagged,
    PaymentPending,
    PaymentRefunded,
)
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.refusals import AccountNotFound, CallbackForged
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.inbox import Inbox
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower, Subscription
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import request, start
from tests.payments.sandbox import Merchant
from tests.stream import events_of


class Desk:
    """Receives callbacks of one merchant and says what became of them."""

    def __init__(
        self,
        database: Database,
        payments: Payments,
        follower: Follower,
        organizer_id: UUID,
        account: AccountDetails,
        merchant: Merchant,
        clock: SettableClock,
    ) -> None:
        self.database = database
        self.payments = payments
        self.follower = follower
        self.organizer_id = organizer_id
        self.account = account
        self.merchant = merchant
        self.clock = clock

    async def attempt(self) -> tuple[UUID, UUID]:
        """A started payment: its reference and its attempt."""
        one = request(self.clock)
        return one.reference, (await start(self.database, self.payments, self.organizer_id, one)).attempt_id

    async def receive(self, *reports: SandboxPayment, event_id: str | None = None) -> None:
        for report in reports:
            notice = callback(self.merchant, report, self.clock(), event_id=event_id)
            await self.payments.inbox.receive("sandbox", self.account.id, notice)

    async def apply(self, *reports: SandboxPayment) -> None:
        await self.receive(*reports)
        await self.follower.catch_up()

    async def events(self, *types: type) -> list[object]:
        return list(await events_of(self.database, self.organizer_id, *types))

    async def status(self, reference: UUID) -> tuple[str, str]:
        """Of the payment and its newest attempt."""
        details = await self.payments.details(self.organizer_id, reference)
        return details.status, details.attempts[-1].status

    async def stored(self) -> list[tuple[str, int]]:
        async with self.database.reading(self.organizer_id) as reader:
            return await reader.fetch_tuples(
                "SELECT state, tries FROM payments.callbacks WHERE organizer_id = %(organizer_id)s ORDER BY id"
            )


@pytest.fixture
def desk(
    database: Database,
    payments: Payments,
    follower: Follower,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> Desk:
    return Desk(database, payments, follower, organizer_id, account, merchant, clock)


async def test_a_callback_captures_the_payment(desk: Desk) -> None:
    reference, attempt = await desk.attempt()

    await desk.apply(SandboxPayment.of(attempt))

    [captured] = await desk.events(PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert (captured.reference, captured.attempt_id, captured.amount_minor, captured.currency) == (reference, attempt, 100_00, "ARS")
    assert await desk.status(reference) == ("paid", "charged")
    assert await desk.stored() == [("applied", 0)]


async def test_the_same_callback_again_is_stored_once_and_changes_nothing(desk: Desk) -> None:
    _, attempt = await desk.attempt()
    paid = SandboxPayment.of(attempt)

    await desk.receive(paid, paid, event_id="evt_same")
    await desk.follower.catch_up()
    await desk.receive(paid, event_id="evt_same")
    await desk.follower.catch_up()

    assert len(await desk.events(PaymentCaptured)) == 1
    assert len(await desk.stored()) == 1


async def test_the_same_news_in_other_callbacks_changes_nothing(desk: Desk) -> None:
    _, attempt = await desk.attempt()
    paid = SandboxPayment.of(attempt)

    await desk.apply(paid, paid)
    await desk.apply(paid)

    assert len(await desk.events(PaymentCaptured)) == 1
    assert [state for state, _ in await desk.stored()] == ["applied"] * 3


async def test_callbacks_that_arrive_together_are_applied_together(desk: Desk) -> None:
    attempts = [(await desk.attempt())[1] for _ in range(40)]

    await asyncio.gather(*(desk.receive(SandboxPayment.of(attempt)) for attempt in attempts))
    await desk.follower.catch_up()

    captured = await desk.events(PaymentCaptured)
    assert {event.attempt_id for event in captured if isinstance(event, PaymentCaptured)} == set(attempts)
    assert len(captured) == 40
    assert len(await desk.events(CallbacksReceived)) < 10


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_any_order_ends_the_same(desk: Desk, order: tuple[int, int, int]) -> None:
    reference, attempt = await desk.attempt()
    pending = SandboxPayment.of(attempt, status="pending")
    paid = pending.changed("approved")
    refunded = paid.changed("partially_refunded", refunded_minor=30_00)
    reports = [pending, paid, refunded]

    for index in order:
        await desk.apply(reports[index])

    assert await desk.status(reference) == ("partially_refunded", "partially_refunded")
    assert len(await desk.events(PaymentCaptured)) == 1
    assert [event.refunded_minor for event in await desk.events(PaymentRefunded) if isinstance(event, PaymentRefunded)] == [30_00]


async def test_every_order_of_all_notices_ends_the_same_but_for_money_that_its_bank_asks_back_first(desk: Desk) -> None:
    """All orders at once, each a payment of its own. Where the bank is heard of before the money nothing is captured (decision 0037)."""
    orders = list(permutations(range(4)))
    attempts = [await desk.attempt() for _ in orders]
    for place in range(4):
        notices = []
        for order, (_, attempt) in zip(orders, attempts, strict=True):
            pending = SandboxPayment.of(attempt, id=f"pay_{attempt.hex}", status="pending")
            paid = pending.changed("approved")
            refunded = paid.changed("partially_refunded", refunded_minor=30_00)
            notices.append([pending, paid, refunded, refunded.changed("charged_back")][order[place]])
        await desk.apply(*notices)

    captured = {event.reference for event in await desk.events(PaymentCaptured) if isinstance(event, PaymentCaptured)}
    ends = {await desk.status(reference) for reference, _ in attempts}
    bank_first = {
        reference for order, (reference, _) in zip(orders, attempts, strict=True) if order.index(3) < min(order.index(1), order.index(2))
    }

    assert ends == {("disputed", "disputed")}
    assert captured == {reference for reference, _ in attempts} - bank_first
    assert len(bank_first) == 8


async def test_a_payment_that_arrives_late_is_still_captured(desk: Desk) -> None:
    reference, attempt = await desk.attempt()
    declined = SandboxPayment.of(attempt, status="rejected")
    await desk.apply(declined)
    desk.clock.advance(hours=1)

    await desk.apply(declined.changed("approved"))

    assert await desk.status(reference) == ("paid", "charged")
    assert [type(event) for event in await desk.events(PaymentFailed, PaymentCaptured)] == [PaymentFailed, PaymentCaptured]


async def test_pending_is_told_once(desk: Desk) -> None:
    reference, attempt = await desk.attempt()
    pending = SandboxPayment.of(attempt, status="pending")

    await desk.apply(pending, pending)

    assert len(await desk.events(PaymentPending)) == 1
    assert await desk.status(reference) == ("processing", "pending")


async def test_a_forged_callback_is_refused_and_nothing_of_it_is_kept(desk: Desk) -> None:
    _, attempt = await desk.attempt()
    notice = callback(desk.merchant, SandboxPayment.of(attempt), desk.clock(), secret="0" * 64)

    with pytest.raises(CallbackForged):
        await desk.payments.inbox.receive("sandbox", desk.account.id, notice)

    assert await desk.stored() == []


async def test_a_callback_signed_long_ago_is_refused(desk: Desk) -> None:
    _, attempt = await desk.attempt()
    notice = callback(desk.merchant, SandboxPayment.of(attempt), desk.clock() - timedelta(minutes=6))

    with pytest.raises(CallbackForged):
        await desk.payments.inbox.receive("sandbox", desk.account.id, notice)


@pytest.mark.parametrize(("gateway", "own_account"), [("sandbox", False), ("nobody", True), ("\x00", True)])
async def test_a_callback_to_nobody_is_refused(desk: Desk, gateway: str, own_account: bool) -> None:
    notice = callback(desk.merchant, SandboxPayment.of(new_id()), desk.clock())

    with pytest.raises(AccountNotFound):
        await desk.payments.inbox.receive(gateway, desk.account.id if own_account else new_id(), notice)


@pytest.mark.parametrize("fields", [{"amount_minor": 99_99}, {"amount_minor": 100_01}, {"currency": "USD"}])
async def test_a_wrong_amount_is_flagged_and_not_confirmed(desk: Desk, fields: dict[str, object]) -> None:
    reference, attempt = await desk.attempt()
    paid = SandboxPayment.of(attempt, **fields)

    await desk.apply(paid)
    await desk.apply(paid)

    assert await desk.events(PaymentCaptured) == []
    assert [event.kind for event in await desk.events(PaymentFlagged) if isinstance(event, PaymentFlagged)] == ["amount_mismatch"]
    details = await desk.payments.details(desk.organizer_id, reference)
    assert details.attempts[0].status == "integrity_hold"
    assert details.attempts[0].needs_review
    assert details.charges[0].amount_minor == paid.amount_minor


async def test_a_word_that_we_do_not_know_confirms_nothing(desk: Desk) -> None:
    reference, attempt = await desk.attempt()

    await desk.apply(SandboxPayment.of(attempt, status="approved_probably"))

    assert await desk.status(reference) == ("processing", "pending")
    assert [event.kind for event in await desk.events(PaymentFlagged) if isinstance(event, PaymentFlagged)] == ["unknown_status"]


@pytest.mark.parametrize("reference", ["not-ours", str(new_id())], ids=["no id", "an id"])
async def test_an_unknown_reference_is_kept_and_reported(desk: Desk, reference: str) -> None:
    await desk.apply(SandboxPayment.of(reference))
    for _ in range(6):
        desk.clock.advance(hours=1)
        await desk.payments.inbox.sweep()

    assert await desk.stored() == [("unknown", 3)]
    assert await desk.events(PaymentCaptured, PaymentFlagged) == []


async def test_what_cannot_be_read_is_kept_and_holds_nobody_up(desk: Desk) -> None:
    _, attempt = await desk.attempt()
    strange = SandboxPayment.of(attempt, id="pay \x00")

    await desk.apply(strange, SandboxPayment.of(attempt))

    assert [state for state, _ in await desk.stored()] == ["unreadable", "applied"]
    assert len(await desk.events(PaymentCaptured)) == 1


async def test_a_callback_that_beat_our_commit_is_applied_a_minute_later(desk: Desk) -> None:
    one = request(desk.clock)
    async with desk.database.transaction(desk.organizer_id) as tx:
        [started] = await desk.payments.start(tx, [one])
        # The buyer was quicker than the commit of whoever started the payment.
        await desk.apply(SandboxPayment.of(started.attempt_id))  # type: ignore[union-attr]
        assert [state for state, _ in await desk.stored()] == ["unknown"]

    desk.clock.advance(seconds=61)
    await desk.payments.inbox.sweep()

    assert len(await desk.events(PaymentCaptured)) == 1


async def test_after_a_long_pause_the_rest_is_left_to_the_loop(desk: Desk, key_ring: KeyRing, http: httpx.AsyncClient) -> None:
    connections = Connections([Sandbox("http://127.0.0.1:9", http)], key_ring)
    inbox = Inbox(desk.database, desk.clock, connections, applied_at_once_max=2)
    follower = Follower(desk.database, [Subscription("payments", (CallbacksReceived,), inbox.apply_received)])
    await desk.receive(*[SandboxPayment.of((await desk.attempt())[1]) for _ in range(5)])

    await follower.catch_up()
    applied_at_once = len(await desk.events(PaymentCaptured))
    await inbox.sweep()

    assert applied_at_once == 2
    assert len(await desk.events(PaymentCaptured)) == 5
