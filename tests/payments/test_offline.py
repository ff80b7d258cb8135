"""Transfers and cash: told how to pay, confirmed by a person once, expired by themselves, given back by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.codes import tidy_code
from alltickets.payments.events import (
    PaymentCaptured,
    PaymentFailed,
    PaymentFlagged,
    PaymentInstructed,
    PaymentRefunded,
)
from alltickets.payments.gateways.offline import HOURS_MAX, Cash, Transfer
from alltickets.payments.port import Gateway, InstructionLine, Instructions
from alltickets.payments.refusals import (
    AccountInvalid,
    AmountDiffers,
    AwaitedPaymentNotFound,
    ReceivedLater,
    RefundNotFound,
    TooLateForAccount,
)
from alltickets.payments.service.checkout import StartPayment
from alltickets.payments.service.confirming import Seen
from alltickets.payments.service.refunds import AskRefund, RefundStarted
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.platform.tenants import enrol
from tests.conftest import SettableClock
from tests.payments.office import ASKED, CASH, TRANSFER, Office
from tests.payments.offline_conformance import OfflineConformance
from tests.stream import events_of


@pytest_asyncio.fixture
async def office(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> AsyncIterator[Office]:
    yield await Office.open(database, clock, key_ring, organizer_id)


@dataclass
class Account:
    """What the conformance suite asks for: there is no provider to play the buyer at."""

    gateway: Gateway


class TestTransfer(OfflineConformance):
    @pytest.fixture
    def bench(self) -> Account:
        return Account(Transfer().connect(TRANSFER, {}))


class TestCash(OfflineConformance):
    @pytest.fixture
    def bench(self) -> Account:
        return Account(Cash().connect(CASH, {}))


class TestAccounts:
    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"holder": ""}, "holder is missing"),
            ({"cbu": "", "alias": ""}, "cbu or alias is missing"),
            ({"cbu": "2850590940090418135202"}, "check digit"),
            ({"cbu": "285059094009041813520"}, "22 digits"),
            ({"cuit": "30-12345678-2"}, "check digit"),
            ({"alias": "caña"}, "6 to 20"),
            ({"bank": "Banco\ndel Puerto"}, "one line"),
            ({"bank": "x" * 121}, "longer"),
            ({"hours": str(HOURS_MAX + 1)}, "hours must be"),
            ({"hours": "0"}, "hours must be"),
            ({"hours_before": "-1"}, "hours_before must be"),
            ({"swift": "X"}, "swift is not known"),
        ],
    )
    def test_what_a_buyer_could_not_pay_by_is_refused(self, change: dict[str, str], fault: str) -> None:
        with pytest.raises(AccountInvalid) as refused:
            Transfer().connect({**TRANSFER, **change}, {})

        assert [fault in one for one in refused.value.faults] == [True]

    def test_a_box_office_needs_a_place_and_its_hours_and_nobody_needs_credentials(self) -> None:
        with pytest.raises(AccountInvalid) as refused:
            Cash().connect({}, {"secret": "x"})

        assert len(refused.value.faults) == 3
        assert Transfer().connect({**TRANSFER, "cuit": "30123456781"}, {}).capabilities.flow == "offline"


class TestInstructions:
    async def test_the_buyer_is_told_whom_what_and_until_when(self, office: Office, clock: SettableClock) -> None:
        started = await office.start()

        step = started.step
        assert isinstance(step, Instructions)
        assert (step.method, step.amount) == ("bank_transfer", ASKED)
        assert tidy_code(step.code) == step.code
        assert step.until == (clock() + timedelta(hours=48)).replace(microsecond=0)
        assert step.lines == tuple(InstructionLine(kind, value) for kind, value in TRANSFER.items())  # type: ignore[arg-type]
        assert len(await events_of(office.database, office.organizer_id, PaymentInstructed)) == 1

    async def test_who_comes_back_is_told_the_same(self, office: Office) -> None:
        one = office.request()
        first = await office.start(one)

        again = await office.start(one)
        async with office.database.reading(office.organizer_id) as reader:
            shown = await office.payments.step_of(reader, one.reference)

        assert first == again
        assert shown == first.step == await office.payments.resume(office.organizer_id, one.reference)
        assert len(await events_of(office.database, office.organizer_id, PaymentInstructed)) == 1

    async def test_every_payment_of_a_batch_has_a_code_of_its_own(self, office: Office) -> None:
        async with office.database.transaction(office.organizer_id) as tx:
            outcomes = await office.payments.start(tx, [office.request() for _ in range(50)])

        codes = {outcome.step.code for outcome in outcomes if isinstance(outcome.step, Instructions)}  # type: ignore[union-attr]
        assert len(codes) == 50

    async def test_who_takes_cash_after_a_transfer_gets_another_code_and_the_first_may_still_be_paid(self, office: Office) -> None:
        one = office.request()
        first = await office.start(one)
        second = await office.start(office.request(reference=one.reference, option_id=office.cash.id))

        await office.confirm(first)

        assert second.attempt_id != first.attempt_id
        assert (await office.payments.details(office.organizer_id, one.reference)).status == "paid"

    @pytest.mark.parametrize(
        ("fields", "hours"),
        [
            ({}, 48),
            ({"begins_at": 60}, 36),
            ({"kept_until_max": 20}, 20),
            ({"begins_at": 60, "kept_until_max": 50}, 36),
        ],
    )
    async def test_places_wait_as_long_as_the_organizer_chose_and_never_too_long(
        self, office: Office, clock: SettableClock, fields: dict[str, int], hours: int
    ) -> None:
        bounds = {name: clock() + timedelta(hours=ahead) for name, ahead in fields.items()}

        started = await office.start(office.request(**bounds))

        assert isinstance(started.step, Instructions)
        assert started.step.until == (clock() + timedelta(hours=hours)).replace(microsecond=0)

    async def test_where_there_is_too_little_time_it_is_not_an_option(self, office: Office, clock: SettableClock) -> None:
        soon = clock() + timedelta(hours=20)
        requests = [office.request(begins_at=soon), office.request(begins_at=soon, option_id=None)]

        async with office.database.transaction(office.organizer_id) as tx:
            chosen, any_ = await office.payments.start(tx, requests)

        assert isinstance(chosen, TooLateForAccount)
        assert any_.step.method == "cash"  # type: ignore[union-attr]


class TestConfirming:
    async def test_a_confirmed_payment_is_captured_once_by_a_person(self, office: Office) -> None:
        one = office.request()
        started = await office.start(one)

        first = await office.confirm(started)
        again = await office.confirm(started)

        details = await office.payments.details(office.organizer_id, one.reference)
        assert (first.status, again.status, details.status) == ("charged", "charged", "paid")
        assert [(charge.amount_minor, charge.facts["method"]) for charge in details.charges] == [(ASKED.minor, "bank_transfer")]
        assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 1
        assert await office.audited() == ["payment.confirmed"]

    async def test_another_amount_is_refused_with_both_and_nothing_is_recorded(self, office: Office) -> None:
        started = await office.start()

        with pytest.raises(AmountDiffers, match="2400000 minor units of ARS were asked for, and you entered 2399999"):
            await office.confirm(started, minor=ASKED.minor - 1)

        assert await events_of(office.database, office.organizer_id, PaymentCaptured) == []
        assert (await office.confirm(started)).status == "charged"

    async def test_a_day_to_come_is_refused(self, office: Office, clock: SettableClock) -> None:
        started = await office.start()
        seen = Seen(amount_minor=ASKED.minor, received_on=(clock() + timedelta(days=2)).date(), note="")

        with pytest.raises(ReceivedLater):
            await office.payments.confirming.confirm(office.actor, started.attempt_id, seen)

    async def test_it_is_found_by_its_code_or_the_number_of_the_purchase_however_they_were_typed(self, office: Office) -> None:
        started, other = await office.start(), await office.start(number="0000-ZZZZ")
        assert isinstance(started.step, Instructions)
        code = started.step.code

        async def found(search: str | None, *, is_open: bool | None = None) -> list[UUID]:
            page = await office.payments.confirming.page(office.organizer_id, search=search, is_open=is_open, cursor=None, size=10)
            return [one.attempt_id for one in page.items]

        assert await found(f" {code[:3].lower()}-{code[3:]}") == [started.attempt_id]
        assert await found("7kq2 m9xa") == [started.attempt_id]
        assert await found("nada") == []
        assert await found(None) == [other.attempt_id, started.attempt_id]
        await office.confirm(other)
        assert await found(None, is_open=True) == [started.attempt_id]
        first = await office.payments.confirming.page(office.organizer_id, search=None, is_open=None, cursor=None, size=1)
        rest = await office.payments.confirming.page(office.organizer_id, search=None, is_open=None, cursor=first.next, size=1)
        assert [one.attempt_id for one in (*first.items, *rest.items)] == [other.attempt_id, started.attempt_id]

    async def test_nobody_sees_or_confirms_what_is_another_organizers(self, office: Office, database: Database) -> None:
        other_id = new_id()
        async with database.transaction(other_id) as tx:
            await enrol(tx)
        started = await office.start()
        stranger = Actor.system(other_id, "Otra")

        with pytest.raises(AwaitedPaymentNotFound):
            await office.confirm(started, actor=stranger)
        with pytest.raises(RefundNotFound):
            await office.payments.confirming.settle_refund(stranger, new_id(), proof="x")

        page = await office.payments.confirming.page(other_id, search=None, is_open=None, cursor=None, size=10)
        assert page.items == []


class TestExpiry:
    async def test_what_nobody_confirmed_expires_with_its_time_and_is_asked_about_by_nobody_before(
        self, office: Office, clock: SettableClock
    ) -> None:
        one = office.request()
        await office.start(one)

        clock.advance(hours=47)
        await office.payments.poller.sweep()
        before = await office.payments.details(office.organizer_id, one.reference)
        clock.advance(hours=1, seconds=10)
        await office.payments.poller.sweep()

        after = await office.payments.details(office.organizer_id, one.reference)
        assert (before.status, after.status) == ("open", "expired")
        assert [attempt.next_query_at for attempt in after.attempts] == [None]
        assert len(await events_of(office.database, office.organizer_id, PaymentFailed)) == 1

    async def test_money_that_comes_late_is_money(self, office: Office, clock: SettableClock) -> None:
        one = office.request()
        started = await office.start(one)
        clock.advance(hours=49)
        await office.payments.poller.sweep()

        confirmed = await office.confirm(started)

        assert confirmed.status == "charged"
        assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 1


class TestGivingBack:
    async def refunded(self, office: Office, one: StartPayment, *, minor: int | None = None) -> UUID:
        refund_id = new_id()
        async with office.database.transaction(office.organizer_id) as tx:
            [outcome] = await office.payments.refund(
                tx, [AskRefund(refund_id=refund_id, reference=one.reference, amount_minor=minor, reason="order_cancelled")]
            )
        assert isinstance(outcome, RefundStarted), outcome
        return refund_id

    async def test_it_waits_for_a_person_who_notes_how_it_went_back(self, office: Office, clock: SettableClock) -> None:
        one = office.request()
        await office.confirm(await office.start(one))
        refund_id = await self.refunded(office, one)

        for _ in range(3):
            await office.payments.refunds.sweep()
            clock.advance(hours=30)
        waiting = await office.payments.confirming.refunds_by_hand(office.organizer_id, cursor=None, size=10)
        settled = await office.payments.confirming.settle_refund(office.actor, refund_id, proof="Transferencia 00067890")
        again = await office.payments.confirming.settle_refund(office.actor, refund_id, proof="Otra")

        assert [(refund.refund_id, refund.status, refund.proof) for refund in waiting.items] == [(refund_id, "pending", None)]
        assert (settled.status, settled.proof) == ("succeeded", "Transferencia 00067890")
        assert again == settled
        details = await office.payments.details(office.organizer_id, one.reference)
        assert details.status == "refunded"
        [*_, noted] = [change for change in details.history if change.refund_id == refund_id]
        assert (noted.status_before, noted.status, noted.cause) == ("pending", "succeeded", "person")
        flags = await events_of(office.database, office.organizer_id, PaymentFlagged)
        assert [flag.kind for flag in flags if isinstance(flag, PaymentFlagged)] == ["refund_by_hand"]
        assert len(await events_of(office.database, office.organizer_id, PaymentRefunded)) == 1
        assert await office.audited() == ["payment.confirmed", "refund.settled"]

    async def test_parts_add_up_to_the_whole(self, office: Office) -> None:
        one = office.request()
        await office.confirm(await office.start(one))
        parts = [await self.refunded(office, one, minor=minor) for minor in (1_000_00, 23_000_00)]

        statuses = []
        for refund_id in parts:
            await office.payments.confirming.settle_refund(office.actor, refund_id, proof="x")
            statuses.append((await office.payments.details(office.organizer_id, one.reference)).status)

        assert statuses == ["partially_refunded", "refunded"]

    async def test_who_paid_by_transfer_and_in_cash_gets_one_of_them_back(self, office: Office) -> None:
        one = office.request()
        first = await office.start(one)
        second = await office.start(office.request(reference=one.reference, option_id=office.cash.id))

        await office.confirm(first)
        await office.confirm(second)

        details = await office.payments.details(office.organizer_id, one.reference)
        assert details.status == "paid"
        assert [(Money(refund.amount_minor, refund.currency), refund.reason) for refund in details.refunds] == [(ASKED, "paid twice")]
