"""Two processes that apply the same news at the same moment. First the race is shown with the locks off, then that they close it."""

import asyncio
from typing import Any, LiteralString
from uuid import UUID

import pytest

from alltickets.payments.account_rows import AccountRow, Sealed, note_test_account, put_credentials, replace_account
from alltickets.payments.applying import Report, apply_conclusion, apply_reports
from alltickets.payments.breaker.rules import CLOSED, Breaker
from alltickets.payments.breaker.store import forget, lock_breaker
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.port import GatewayPayment
from alltickets.payments.refusals import AccountInvalid
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.standings import lock_standings, write_standings
from alltickets.platform.database import Database, DatabaseBusy, Transaction
from tests.conftest import SettableClock
from tests.payments.conftest import ASKED, request, start
from tests.stream import events_of
from tests.waiting import until


class Meeting:
    """A transaction that waits for the other one after it has read the attempts; with `locks_off` it reads them without a lock."""

    def __init__(self, tx: Transaction, barrier: asyncio.Barrier, *, locks_off: bool) -> None:
        self._tx = tx
        self._barrier = barrier
        self._locks_off = locks_off

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def fetch_tuples(self, sql: LiteralString, **params: object) -> list[tuple[Any, ...]]:
        if "FOR UPDATE" not in sql or not self._locks_off:
            return await self._tx.fetch_tuples(sql, **params)
        rows = await self._tx.fetch_tuples(sql.replace("FOR UPDATE", ""), **params)
        await self._barrier.wait()
        return rows


def charged(attempt_id: UUID, *, provider_payment_id: str = "pay_1") -> GatewayPayment:
    return GatewayPayment(
        provider_payment_id=provider_payment_id,
        reference=str(attempt_id),
        status="charged",
        amount=ASKED,
        sequence=1,
        raw_status="approved",
    )


async def test_an_attempt_that_came_into_another_state_without_the_lock_is_not_written_over(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    started = await start(database, payments, organizer_id, request(clock))

    async with database.transaction(organizer_id) as tx:
        [standing] = (await lock_standings(tx, {started.attempt_id})).values()
        await tx.execute("UPDATE payments.attempts SET status = 'expired' WHERE organizer_id = %(organizer_id)s")
        standing.is_touched = True
        with pytest.raises(AssertionError, match="without its lock"):
            await write_standings(tx, [standing], clock())


async def apply_twice_at_once(
    database: Database, organizer_id: UUID, now_of: SettableClock, reports: tuple[Report, Report], *, locks_off: bool
) -> list[object]:
    """What each of two transactions ended with: None, or what it raised."""
    barrier = asyncio.Barrier(2)

    async def apply(report: Report) -> None:
        async with database.transaction(organizer_id) as tx:
            meeting: Any = Meeting(tx, barrier, locks_off=locks_off)
            await apply_reports(meeting, [report], cause="callback", now=now_of())

    return list(await asyncio.gather(*(apply(report) for report in reports), return_exceptions=True))


async def history_length(database: Database, organizer_id: UUID) -> tuple[int, int]:
    """How many changes were noted of attempts, and of payments."""
    async with database.reading(organizer_id) as reader:
        [counts] = await reader.fetch_tuples(
            """
            SELECT (SELECT count(*) FROM payments.attempt_history WHERE organizer_id = %(organizer_id)s),
                   (SELECT count(*) FROM payments.payment_history WHERE organizer_id = %(organizer_id)s)
            """
        )
    return int(counts[0]), int(counts[1])


async def test_without_locks_the_second_one_rests_on_what_is_no_longer_true(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    started = await start(database, payments, organizer_id, request(clock))
    report = Report(account.id, charged(started.attempt_id))

    outcomes = await apply_twice_at_once(database, organizer_id, clock, (report, report), locks_off=True)

    assert [outcome for outcome in outcomes if outcome is not None], "the race must be there to be closed"


async def test_without_locks_a_payment_takes_the_money_of_one_of_its_attempts(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    one = request(clock)
    first = await start(database, payments, organizer_id, one)
    async with database.transaction(organizer_id) as tx:
        await apply_conclusion(tx, first.attempt_id, "declined", cause="query", now=clock())
    second = await start(database, payments, organizer_id, one)
    reports = (Report(account.id, charged(first.attempt_id)), Report(account.id, charged(second.attempt_id, provider_payment_id="pay_2")))

    outcomes = await apply_twice_at_once(database, organizer_id, clock, reports, locks_off=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AssertionError", "NoneType"], "the version that it rests on is gone"
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 1


@pytest.mark.parametrize("_", range(5))
async def test_the_same_news_twice_at_once_is_one_transition(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock, _: int
) -> None:
    started = await start(database, payments, organizer_id, request(clock))
    report = Report(account.id, charged(started.attempt_id))

    outcomes = await apply_twice_at_once(database, organizer_id, clock, (report, report), locks_off=False)

    assert outcomes == [None, None]
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 1
    assert await history_length(database, organizer_id) == (1, 1)


@pytest.mark.parametrize("_", range(5))
async def test_two_charges_of_one_payment_at_once_keep_one(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock, _: int
) -> None:
    one = request(clock)
    started = await start(database, payments, organizer_id, one)
    reports = tuple(Report(account.id, charged(started.attempt_id, provider_payment_id=name)) for name in ("pay_1", "pay_2"))

    outcomes = await apply_twice_at_once(database, organizer_id, clock, (reports[0], reports[1]), locks_off=False)

    details = await payments.details(organizer_id, one.reference)
    assert outcomes == [None, None]
    assert sorted(charge.is_surplus for charge in details.charges) == [False, True]
    assert [refund.amount_minor for refund in details.refunds] == [ASKED.minor]
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 1


async def test_batches_that_overlap_in_opposite_order_do_not_lock_each_other_out(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    started = [await start(database, payments, organizer_id, request(clock)) for _ in range(30)]
    reports = [Report(account.id, charged(one.attempt_id, provider_payment_id=f"pay_{one.attempt_id.hex}")) for one in started]

    async def apply(batch: list[Report]) -> None:
        async with database.transaction(organizer_id) as tx:
            await apply_reports(tx, batch, cause="callback", now=clock())

    outcomes = await asyncio.gather(*(apply(reports[:: 1 if i % 2 else -1]) for i in range(6)), return_exceptions=True)

    assert not [outcome for outcome in outcomes if isinstance(outcome, DatabaseBusy)]
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 30


async def test_an_account_that_is_replaced_while_it_turns_out_to_be_for_trying_stays_in_its_environment(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    await start(database, payments, organizer_id, request(clock))
    async with database.transaction(organizer_id) as tx:
        await tx.execute("UPDATE payments.accounts SET environment = 'live' WHERE organizer_id = %(organizer_id)s")
    live = AccountRow(account.id, "sandbox", "Sandbox", "ARS", {}, None, "live")
    sealed = Sealed("v1:none", "none")

    async def replace() -> None:
        async with database.transaction(organizer_id) as tx:
            await replace_account(tx, live, clock())

    async with database.transaction(organizer_id) as tx:
        await note_test_account(tx, account.id)
        other = asyncio.create_task(replace())
        await until(lambda: is_waited_for(database))

    with pytest.raises(AccountInvalid):
        await other
    with pytest.raises(AccountInvalid):
        async with database.transaction(organizer_id) as tx:
            await put_credentials(tx, account.id, sealed, "live", clock())
    async with database.transaction(organizer_id) as tx:
        assert await put_credentials(tx, account.id, sealed, None, clock()) == "test"


async def is_waited_for(database: Database) -> bool:
    """Whether somebody waits for a lock."""
    async with database.reading(None) as reader:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(await reader.fetch_tuples(query))


async def test_a_breaker_that_is_forgotten_while_another_waits_for_it_is_made_anew(
    database: Database, organizer_id: UUID, account: AccountDetails
) -> None:
    async def lock() -> Breaker:
        async with database.transaction(organizer_id) as tx:
            return await lock_breaker(tx, account.id)

    await lock()
    async with database.transaction(organizer_id) as tx:
        await lock_breaker(tx, account.id)
        other = asyncio.create_task(lock())
        await until(lambda: is_waited_for(database))
        await forget(tx, account.id)

    assert await other == CLOSED
