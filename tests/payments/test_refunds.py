"""Money given back: once, never more than was taken, whatever happens to the answer."""

import asyncio
from collections.abc import Awaitable, Mapping
from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.cli.payments import lines_of
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.events import PaymentFlagged, PaymentRefunded, RefundFailed, RefundOrdered
from alltickets.payments.gateways.sandbox import LINK, Sandbox, SandboxGateway
from alltickets.payments.port import GatewayError, GatewayErrorKind, Redirect, RefundOrder, RefundResult
from alltickets.payments.refunds.rules import RefundStatus
from alltickets.payments.refunds.store import claim_due, mark_refund
from alltickets.payments.refusals import NothingToRefund, PaymentNotFound, RefundNotFound, RefundOver, RefundRefused, RefundTooLarge
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import Started
from alltickets.payments.service.refunds import AskRefund, RefundStarted
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.conftest import ASKED, PUBLIC_URL, error_of, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of


class Till:
    """A payment that is paid, at the sandbox and here."""

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

    async def pay(self) -> None:
        started = await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=self.reference))
        assert isinstance(started.step, Redirect)
        self.attempt_id = started.attempt_id
        self.sandbox.pay(started.step.url, "approve", lose="true")
        self.clock.advance(seconds=61)
        await self.payments.poller.sweep()

    async def pay_twice(self) -> None:
        """Another payment: declined at first, paid by another attempt, and then at the page of the first one after all.

        That goes back by itself, and its gateway refuses to give it back, for a bank has it just then.
        """
        self.reference = new_id()
        links: list[Started] = []
        for _ in range(2):
            started = await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=self.reference))
            assert isinstance(started.step, Redirect)
            self.attempt_id = started.attempt_id
            self.sandbox.pay(started.step.url, "approve" if links else "reject", lose="true")
            links.append(started)
            self.clock.advance(seconds=61)
            await self.payments.poller.sweep()
        first = links[0]
        assert isinstance(first.step, Redirect)
        self.sandbox.pay(first.step.url, "approve", lose="true")
        await self.payments.poller.ask(self.organizer_id, self.reference)
        self.beside_id = first.attempt_id
        [again] = [one for one in self.sandbox.payments(self.merchant, self.beside_id) if one["status"] == "approved"]
        self.sandbox.change(again["id"], "charged_back")
        await self.later()
        self.sandbox.change(again["id"], "approved")

    async def ask(self, minor: int | None = None, *, refund_id: UUID | None = None, is_of_price: bool = False) -> RefundStarted | Refusal:
        asked = AskRefund(
            refund_id=refund_id or new_id(), reference=self.reference, amount_minor=minor, reason="test", is_of_price=is_of_price
        )
        async with self.database.transaction(self.organizer_id) as tx:
            [outcome] = await self.payments.refund(tx, [asked])
        return outcome

    async def later(self, payments: Payments | None = None, **span: float) -> None:
        self.clock.advance(**span)
        await (payments or self.payments).refunds.sweep()

    def given_back(self, attempt_id: UUID | None = None) -> int:
        """By the sandbox's own books; of the attempt that paid, where none is named."""
        return sum(payment["refunded_minor"] for payment in self.sandbox.payments(self.merchant, attempt_id or self.attempt_id))

    async def told(self) -> list[tuple[int, bool]]:
        events = await events_of(self.database, self.organizer_id, PaymentRefunded)
        return [(event.refunded_minor, event.is_full) for event in events if isinstance(event, PaymentRefunded)]

    async def refund_statuses(self) -> list[str]:
        return [refund.status for refund in (await self.payments.details(self.organizer_id, self.reference)).refunds]

    async def history(self) -> list[tuple[str, str, str]]:
        """Of its refunds: before, after, cause."""
        found = (await self.payments.details(self.organizer_id, self.reference)).history
        return [(one.status_before, one.status, one.cause) for one in found if one.refund_id is not None]


class Keyless(Sandbox):
    """The sandbox as a provider whose refunds have no key and cannot be found. Its first answer is held up."""

    def __init__(self, base_url: str, client: httpx.AsyncClient) -> None:
        super().__init__(base_url, client)
        self.opened = (base_url, client)
        self.fault: GatewayErrorKind | None = None
        self.sent = 0
        self.is_called = asyncio.Event()
        self.goes_on = asyncio.Event()

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> SandboxGateway:
        return KeylessGateway(self, settings["merchant"], credentials["secret"])


class KeylessGateway(SandboxGateway):
    """An account there."""

    def __init__(self, provider: Keyless, merchant: str, secret: str) -> None:
        keyless = msgspec.structs.replace(LINK, refund_idempotency="query", absent_seconds_min=600)
        super().__init__(*provider.opened, merchant, secret, keyless)
        self._provider = provider

    async def refund(self, order: RefundOrder) -> RefundResult:
        if self._provider.fault is not None:
            raise GatewayError("It was not to be.", kind=self._provider.fault)
        self._provider.sent += 1
        if self._provider.sent == 1:
            self._provider.is_called.set()
            await self._provider.goes_on.wait()
        return await super().refund(order)

    async def query_refund(self, order: RefundOrder) -> None:
        return


@pytest.fixture
async def till(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    account: AccountDetails,
    clock: SettableClock,
    sandbox: SandboxProcess,
    merchant: Merchant,
) -> Till:
    till = Till(database, payments, organizer_id, clock, sandbox, merchant)
    await till.pay()
    return till


async def test_a_full_refund(till: Till) -> None:
    outcome = await till.ask()

    await till.later()

    assert isinstance(outcome, RefundStarted)
    assert outcome.amount == ASKED
    assert till.given_back() == ASKED.minor
    assert await till.told() == [(ASKED.minor, True)]
    assert (await till.payments.details(till.organizer_id, till.reference)).status == "refunded"


async def test_parts_up_to_the_whole_and_not_a_cent_more(till: Till) -> None:
    assert isinstance(await till.ask(40_00), RefundStarted)
    await till.later()
    assert isinstance(await till.ask(40_00), RefundStarted)
    too_much = await till.ask(20_01)
    assert isinstance(await till.ask(), RefundStarted)
    nothing = await till.ask(1)
    await till.later()

    assert isinstance(too_much, RefundTooLarge)
    assert too_much.refundable_minor == 20_00
    assert isinstance(nothing, NothingToRefund)
    assert till.given_back() == ASKED.minor
    assert [refunded for refunded, _ in await till.told()][-1] == ASKED.minor


async def test_asked_twice_under_one_id_is_one_refund(till: Till) -> None:
    refund_id = new_id()

    first = await till.ask(30_00, refund_id=refund_id)
    again = await till.ask(30_00, refund_id=refund_id)
    await till.later()

    assert first == again
    assert till.given_back() == 30_00


async def test_two_at_once_never_give_back_more_than_was_taken(till: Till) -> None:
    outcomes = await asyncio.gather(*(till.ask(60_00) for _ in range(4)))
    await till.later()

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["RefundStarted"] + ["RefundTooLarge"] * 3
    assert till.given_back() == 60_00


async def test_a_lost_answer_is_one_refund(till: Till) -> None:
    await till.ask(30_00)
    till.sandbox.misbehave(timeout_after_processing=1)

    await till.later()
    lost = await till.refund_statuses()
    await till.later(seconds=6)

    assert lost == ["unknown"]
    assert await till.refund_statuses() == ["succeeded"]
    assert await till.history() == [("created", "sending", "call"), ("sending", "unknown", "call"), ("unknown", "succeeded", "call")]
    assert till.given_back() == 30_00
    assert await till.told() == [(30_00, False)]


async def test_a_crash_before_the_call_is_one_refund(till: Till, database: Database, clock: SettableClock) -> None:
    await till.ask(30_00)
    await interrupted(till, status="sending")

    await till.later(seconds=61)

    assert await till.refund_statuses() == ["succeeded"]
    assert till.given_back() == 30_00


async def test_a_crash_after_the_call_is_one_refund(till: Till) -> None:
    await till.ask(30_00)
    await till.later()
    await interrupted(till, status="sending")

    await till.later(seconds=61)

    assert await till.refund_statuses() == ["succeeded"]
    assert till.given_back() == 30_00
    assert await till.told() == [(30_00, False)]


async def test_a_gateway_that_is_away_is_called_again(
    till: Till, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    away = Payments(database, clock, key_ring, [Sandbox(f"http://127.0.0.1:{free_port()}", http)], public_url=PUBLIC_URL)
    await till.ask(30_00)

    await till.later(away)
    waiting = await till.refund_statuses()
    await till.later(seconds=6)

    assert waiting == ["created"]
    assert await till.refund_statuses() == ["succeeded"]
    # It stays for people, with its time, and keeps nobody from paying there.
    [account] = await till.payments.accounts.all_of(till.organizer_id)
    assert await error_of(till.payments, till.organizer_id) == ("refund", "unavailable_not_sent")
    assert account.left_out_until is None
    again = [("created", "sending", "call"), ("sending", "created", "call"), ("created", "sending", "call")]
    assert await till.history() == [*again, ("sending", "succeeded", "call")]


async def test_what_is_being_sent_to_a_gateway_without_keys_is_not_sent_again_for_being_asked_for(
    till: Till, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    """An outage of minutes in which nothing was sent says nothing of the call that is open when somebody is in a hurry."""
    keyless = Keyless(till.sandbox.url, http)
    there = Payments(database, clock, key_ring, [keyless], public_url=PUBLIC_URL)
    refund_id = new_id()
    await till.ask(30_00, refund_id=refund_id)
    keyless.fault = "unavailable_not_sent"
    for _ in range(3):
        await till.later(there, seconds=70)
    keyless.fault = None
    clock.advance(seconds=70)

    under_way = asyncio.create_task(there.refunds.sweep())
    await keyless.is_called.wait()
    taken_up = [await there.refunds.make_again(till.organizer_id, refund_id) for _ in range(2)]
    await there.refunds.sweep()
    found: list[tuple[int, list[str]]] = []
    for seconds in (61, 61, 61, 61, 600):
        await till.later(there, seconds=seconds)
        await there.refunds.retry(till.organizer_id, refund_id)
        found.append((keyless.sent, await till.refund_statuses()))
    keyless.goes_on.set()
    await under_way

    assert taken_up == [(refund_id, False)] * 2
    # Ten minutes after that call, and not before, it is believed to have come to nothing.
    assert found == [*[(1, ["unknown"])] * 4, (2, ["succeeded"])]


async def test_where_refunds_have_no_keys_one_that_nobody_knows_the_end_of_is_settled_before_another(
    till: Till, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    """They could be told apart by their amount alone, so the second would be taken for the first."""
    keyless = Keyless(till.sandbox.url, http)
    keyless.goes_on.set()
    there = Payments(database, clock, key_ring, [keyless], public_url=PUBLIC_URL)
    first_id = new_id()
    await till.ask(30_00, refund_id=first_id)
    keyless.fault = "unknown_outcome"
    await till.later(there)
    await till.later(there, hours=25)
    keyless.fault = None
    await till.ask(30_00)
    await till.later(there, seconds=61)
    left_to_people = (keyless.sent, await till.refund_statuses())
    for _ in range(2):
        await there.refunds.retry(till.organizer_id, first_id)

    assert left_to_people == (0, ["unknown", "created"])
    assert (keyless.sent, await till.refund_statuses()) == (2, ["succeeded", "succeeded"])
    assert till.given_back() == 60_00


async def test_what_the_gateway_declines_is_flagged_and_ended(till: Till) -> None:
    await till.ask()
    [payment] = till.sandbox.payments(till.merchant, till.attempt_id)
    till.sandbox.change(payment["id"], "refunded")

    await till.later()

    flags = await events_of(till.database, till.organizer_id, PaymentFlagged)
    assert await till.refund_statuses() == ["failed"]
    assert [flag.kind for flag in flags if isinstance(flag, PaymentFlagged)] == ["refund_failed"]
    assert await error_of(till.payments, till.organizer_id) == ("refund", "declined")
    assert till.given_back() == ASKED.minor


async def test_what_was_ordered_and_what_came_to_nothing_is_told(till: Till) -> None:
    refund_id = new_id()
    await till.ask(30_00, refund_id=refund_id)
    await till.ask(30_00, refund_id=refund_id)
    [payment] = till.sandbox.payments(till.merchant, till.attempt_id)
    till.sandbox.change(payment["id"], "refunded")
    await till.later()

    ordered, failed = [await events_of(till.database, till.organizer_id, kind) for kind in (RefundOrdered, RefundFailed)]

    assert [(event.refund_id, event.amount_minor) for event in ordered if isinstance(event, RefundOrdered)] == [(refund_id, 30_00)]
    assert [(event.refund_id, event.amount_minor) for event in failed if isinstance(event, RefundFailed)] == [(refund_id, 30_00)]


async def test_what_the_gateway_refused_is_made_again_under_a_new_key_once(till: Till, follower: Follower) -> None:
    """A bank has the money when it is to be given back, and leaves it later."""
    refund_id = new_id()
    await till.ask(refund_id=refund_id)
    [payment] = till.sandbox.payments(till.merchant, till.attempt_id)
    till.sandbox.change(payment["id"], "charged_back")
    await till.later()
    await looked(till)
    with_bank = await refusal_of(till.payments.refunds.make_again(till.organizer_id, refund_id))
    till.sandbox.change(payment["id"], "approved")
    await looked(till)
    told = await till.payments.aftermath(till.organizer_id, till.reference)

    ordered_again = await till.ask(refund_id=refund_id)
    both = await asyncio.gather(*(till.payments.refunds.make_again(till.organizer_id, refund_id) for _ in range(2)))
    under_way = await till.payments.aftermath(till.organizer_id, till.reference)
    await till.later()
    await follower.catch_up()
    books = await till.payments.ledger.verify(till.organizer_id, lambda _what, _count: None, patience_seconds=5)

    refused, made = (await till.payments.details(till.organizer_id, till.reference)).refunds
    assert isinstance(with_bank, NothingToRefund)
    assert isinstance(ordered_again, RefundRefused)
    assert (told.refund, under_way.refund) == ("failed", None)
    assert {again_id for again_id, _ in both} == {made.id}
    assert (made.id != refund_id, made.retry_of, made.status, refused.status, refused.needs_review) == (
        True,
        refund_id,
        "succeeded",
        "failed",
        False,
    )
    assert till.given_back() == ASKED.minor
    assert await till.told() == [(ASKED.minor, True)]
    assert (books.charges, books.balances) == ([], [])
    assert isinstance(await refusal_of(till.payments.refunds.make_again(till.organizer_id, refund_id)), RefundOver)
    assert isinstance(await refusal_of(till.payments.refunds.make_again(till.organizer_id, new_id())), RefundNotFound)
    assert not await till.payments.refunds.retry(till.organizer_id, refund_id)
    ordered = await events_of(till.database, till.organizer_id, RefundOrdered)
    assert [event.refund_id for event in ordered if isinstance(event, RefundOrdered)] == [refund_id, made.id]


async def test_what_was_given_back_otherwise_since_is_not_made_again(till: Till) -> None:
    refund_id = new_id()
    await till.ask(60_00, refund_id=refund_id)
    [payment] = till.sandbox.payments(till.merchant, till.attempt_id)
    till.sandbox.change(payment["id"], "charged_back")
    await till.later()
    till.sandbox.change(payment["id"], "approved")
    await looked(till)
    await till.ask(50_00)

    refused = await refusal_of(till.payments.refunds.make_again(till.organizer_id, refund_id))
    await till.later()

    assert isinstance(refused, RefundTooLarge)
    assert (await till.payments.aftermath(till.organizer_id, till.reference)).refund is None
    assert till.given_back() == 50_00


async def looked(till: Till) -> None:
    """What the gateway says of the payment now is known here."""
    await till.payments.poller.ask(till.organizer_id, till.reference)


async def refusal_of(asked: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await asked
    return raised.value


async def test_two_workers_carry_a_refund_out_once(till: Till) -> None:
    await till.ask(30_00)

    await asyncio.gather(*(till.payments.refunds.sweep() for _ in range(3)))

    assert await till.refund_statuses() == ["succeeded"]
    assert till.given_back() == 30_00
    assert await till.history() == [("created", "sending", "call"), ("sending", "succeeded", "call")]


async def test_a_refund_draws_on_the_charge_that_paid_and_then_on_what_came_beside_it(till: Till, follower: Follower) -> None:
    await till.pay_twice()
    first_id, second_id = new_id(), new_id()

    too_much = await till.ask(200_01)
    await till.ask(60_00, refund_id=first_id)
    both = [await till.ask(90_00, refund_id=second_id) for _ in range(2)]
    of_price = await till.ask(1, is_of_price=True)
    [automatic, *ordered] = (await till.payments.details(till.organizer_id, till.reference)).refunds
    made_again = await refusal_of(till.payments.refunds.make_again(till.organizer_id, automatic.id))
    await till.later()
    printed = list(lines_of(await till.payments.details(till.organizer_id, till.reference)))
    rests = await asyncio.gather(*(till.ask() for _ in range(3)))
    await till.later()
    await follower.catch_up()
    books = await till.payments.ledger.verify(till.organizer_id, lambda _what, _count: None, patience_seconds=5)

    assert isinstance(too_much, RefundTooLarge)
    assert too_much.refundable_minor == 200_00
    assert both == [RefundStarted(second_id, Money(90_00, "ARS"))] * 2
    assert [(one.amount_minor, one.ordered_minor, one.part_of, one.id in (first_id, second_id)) for one in ordered] == [
        (60_00, 60_00, None, True),
        (40_00, 90_00, None, True),
        (50_00, 90_00, second_id, False),
    ]
    assert (automatic.status, isinstance(of_price, NothingToRefund), isinstance(made_again, RefundTooLarge)) == ("failed", True, True)
    # What operators read of the last part: of which refund it is, and what became of it.
    assert printed[-3] == f"refund  {ordered[-1].id}  succeeded  5000 ARS  part of {second_id}"
    assert [line.split("  ", 5)[-1] for line in printed[-2:]] == ["created → sending  (call)", "sending → succeeded  (call)"]
    assert [one.amount for one in rests if isinstance(one, RefundStarted)] == [Money(50_00, "ARS")]
    assert len([one for one in rests if isinstance(one, NothingToRefund)]) == 2
    assert (till.given_back(), till.given_back(till.beside_id)) == (ASKED.minor, ASKED.minor)
    assert [told for told in await till.told() if told[1]] == [(ASKED.minor, True)]
    assert books.is_right


async def test_a_worker_that_was_taken_for_dead_changes_nothing_that_the_next_one_found(till: Till) -> None:
    """It had asked nobody when it stopped; another one asks, and only then the first one says that nothing was carried out."""
    await till.ask(30_00)
    async with till.database.transaction(till.organizer_id) as tx:
        [late] = await claim_due(tx, till.clock())

    async def note(status: RefundStatus) -> bool:
        async with till.database.transaction(till.organizer_id) as tx:
            return await mark_refund(tx, late, status, None, cause="call", now=till.clock(), needs_review=False)

    till.clock.advance(seconds=61)
    async with till.database.transaction(till.organizer_id) as tx:
        [taken_over] = await claim_due(tx, till.clock())
        await mark_refund(tx, taken_over, "unknown", till.clock(), cause="query", now=till.clock(), needs_review=False)
    as_unsent = await note("created")
    await till.later(seconds=1)
    refused = await note("failed")

    assert (taken_over.status, as_unsent, refused) == ("sending", False, False)
    assert await till.refund_statuses() == ["succeeded"]
    assert [(before, after) for before, after, _ in await till.history()] == [
        ("created", "sending"),
        ("sending", "unknown"),
        ("unknown", "succeeded"),
    ]


async def test_nothing_is_refunded_for_a_reference_that_nobody_paid(till: Till) -> None:
    unpaid = request(till.clock)
    await start(till.database, till.payments, till.organizer_id, unpaid)
    asked = [
        AskRefund(refund_id=new_id(), reference=reference, amount_minor=None, reason="test")
        for reference in (till.reference, unpaid.reference, new_id())
    ]

    async with till.database.transaction(till.organizer_id) as tx:
        outcomes = await till.payments.refund(tx, asked)

    assert [type(outcome) for outcome in outcomes] == [RefundStarted, NothingToRefund, PaymentNotFound]


async def interrupted(till: Till, *, status: str) -> None:
    """As if the process had died there."""
    async with till.database.transaction(till.organizer_id) as tx:
        await tx.execute(
            """
            UPDATE payments.refunds
               SET status = %(status)s, next_try_at = %(now)s, provider_refund_id = NULL
             WHERE organizer_id = %(organizer_id)s
            """,
            status=status,
            now=till.clock(),
        )
