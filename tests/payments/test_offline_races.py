"""Two who confirm the same money at the same moment, and one who confirms while its time runs out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from alltickets.payments.events import PaymentCaptured, PaymentFailed
from alltickets.payments.service.confirming import Confirming, Seen
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.office import ASKED, Office
from tests.payments.test_races import Meeting
from tests.stream import events_of


class MeetingDatabase:
    """A database whose transactions wait for one another after their first lock; with `locks_off` they take it not."""

    def __init__(self, database: Database, barrier: asyncio.Barrier, *, locks_off: bool) -> None:
        self._database = database
        self._barrier = barrier
        self._locks_off = locks_off

    @asynccontextmanager
    async def transaction(self, organizer_id: UUID) -> AsyncIterator[Any]:
        async with self._database.transaction(organizer_id) as tx:
            yield Once(tx, self._barrier, locks_off=self._locks_off)


class Once(Meeting):
    """Meets at its first lock only: what is locked again later was read by then."""

    def __init__(self, tx: Any, barrier: asyncio.Barrier, *, locks_off: bool) -> None:
        super().__init__(tx, barrier, locks_off=locks_off)
        self._has_met = False

    async def fetch_tuples(self, sql: Any, **params: object) -> list[tuple[Any, ...]]:
        if self._has_met or "FOR UPDATE" not in sql:
            return await self._tx.fetch_tuples(sql, **params)
        self._has_met = True
        return await super().fetch_tuples(sql, **params)


@pytest_asyncio.fixture
async def office(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> AsyncIterator[Office]:
    yield await Office.open(database, clock, key_ring, organizer_id)


async def confirm_twice_at_once(office: Office, reference: UUID, attempt_id: UUID, *, locks_off: bool) -> list[bool]:
    """Two people at two processes; whether each charge of the payment is one too many."""
    barrier = asyncio.Barrier(2)
    meeting: Any = MeetingDatabase(office.database, barrier, locks_off=locks_off)
    confirming = Confirming(meeting, office.clock, office.payments.confirming._connections)
    seen = Seen(amount_minor=ASKED.minor, received_on=office.clock().date(), note="")
    await asyncio.gather(*(confirming.confirm(office.actor, attempt_id, seen) for _ in range(2)))
    details = await office.payments.details(office.organizer_id, reference)
    return sorted(charge.is_surplus for charge in details.charges)


async def test_without_the_lock_two_who_confirm_at_once_would_have_a_refund_ordered(office: Office) -> None:
    one = office.request()
    started = await office.start(one)

    assert await confirm_twice_at_once(office, one.reference, started.attempt_id, locks_off=True) == [False, True]


@pytest.mark.parametrize("_", range(3))
async def test_two_who_confirm_at_once_confirm_once(office: Office, _: int) -> None:
    one = office.request()
    started = await office.start(one)

    assert await confirm_twice_at_once(office, one.reference, started.attempt_id, locks_off=False) == [False]
    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 1
    assert await office.audited() == ["payment.confirmed"]


async def test_money_confirmed_while_its_time_runs_out_is_there_whoever_is_first(office: Office, clock: SettableClock) -> None:
    requests = [office.request() for _ in range(10)]
    started = [await office.start(one) for one in requests]
    clock.advance(hours=48, seconds=10)

    await asyncio.gather(office.payments.poller.sweep(), *(office.confirm(one) for one in started), office.payments.poller.sweep())

    details = [await office.payments.details(office.organizer_id, one.reference) for one in requests]
    assert [(one.status, one.attempts[0].status, one.attempts[0].next_query_at) for one in details] == [("paid", "charged", None)] * 10
    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 10
    assert len(await events_of(office.database, office.organizer_id, PaymentFailed)) <= 10
