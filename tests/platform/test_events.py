"""The event log written: positions without gaps, in the order of commits, with the facts that they tell of."""

import asyncio
from uuid import UUID

import msgspec
import psycopg
import pytest

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.platform.database import Database, Transaction
from alltickets.platform.events import Event
from tests.platform.conftest import OwnDatabase
from tests.platform.streams import Counted, Noted, log_of, publish
from tests.waiting import until


class PricePaid(Event, frozen=True):
    version = 2

    order_id: UUID
    price: Money
    seats: tuple[str, ...]
    note: str | None = None


async def test_events_stand_in_the_log_in_the_order_in_which_they_were_published(database: Database, organizer_id: UUID) -> None:
    async with database.transaction(organizer_id) as tx:
        tx.publish(Counted(value=1))
        tx.publish(Noted(), Counted(value=2))
    await publish(database, organizer_id, Noted())

    assert await log_of(database, organizer_id) == [(1, "Counted"), (2, "Noted"), (3, "Counted"), (4, "Noted")]


async def test_each_organizer_has_a_stream_of_its_own(database: Database, organizer_id: UUID, other_organizer_id: UUID) -> None:
    await publish(database, organizer_id, Noted(), Noted())
    await publish(database, other_organizer_id, Counted(value=1))

    assert await log_of(database, organizer_id) == [(1, "Noted"), (2, "Noted")]
    assert await log_of(database, other_organizer_id) == [(1, "Counted")]


async def test_an_event_keeps_its_values_and_version(database: Database, organizer_id: UUID) -> None:
    paid = PricePaid(order_id=new_id(), price=Money(1_250_000, "ARS"), seats=("A1", 'quo"te\\ñ🎟'))

    await publish(database, organizer_id, paid)
    async with database.reading(organizer_id) as reader:
        [(version, payload)] = await reader.fetch_tuples(
            "SELECT version, payload::text FROM platform.events WHERE organizer_id = %(organizer_id)s"
        )

    assert version == 2
    assert msgspec.json.decode(payload, type=PricePaid) == paid


async def test_what_is_rolled_back_leaves_no_event_and_no_gap(database: Database, organizer_id: UUID) -> None:
    async def fail() -> None:
        async with database.transaction(organizer_id) as tx:
            tx.publish(Noted())
            raise RuntimeError

    await publish(database, organizer_id, Counted(value=1))
    with pytest.raises(RuntimeError):
        await fail()
    await publish(database, organizer_id, Counted(value=2))

    assert await log_of(database, organizer_id) == [(1, "Counted"), (2, "Counted")]


async def test_an_organizer_that_is_not_enrolled_cannot_publish(database: Database) -> None:
    stranger = new_id()

    with pytest.raises(AssertionError, match="has a stream"):
        await publish(database, stranger, Noted())

    assert await log_of(database, stranger) == []


async def test_an_identity_column_would_have_lost_an_event_to_a_reader_that_goes_by_number(own: OwnDatabase) -> None:
    async with (
        await psycopg.AsyncConnection.connect(own.url) as slow,
        await psycopg.AsyncConnection.connect(own.url) as quick,
        await psycopg.AsyncConnection.connect(own.url, autocommit=True) as reader,
    ):
        await reader.execute("CREATE TABLE log (number bigint GENERATED ALWAYS AS IDENTITY, fact text)")
        await slow.execute("INSERT INTO log (fact) VALUES ('slow')")
        await quick.execute("INSERT INTO log (fact) VALUES ('quick')")

        await quick.commit()
        first_look = await (await reader.execute("SELECT number, fact FROM log WHERE number > 0")).fetchall()
        await slow.commit()
        second_look = await (await reader.execute("SELECT number, fact FROM log WHERE number > %s", [first_look[-1][0]])).fetchall()

    assert [fact for _, fact in first_look + second_look] == ["quick"]


async def test_a_stream_loses_none_because_the_position_is_taken_last(database: Database, organizer_id: UUID) -> None:
    slow_wrote, quick_committed = asyncio.Event(), asyncio.Event()

    async def write_slowly() -> None:
        async with database.transaction(organizer_id) as tx:
            tx.publish(Counted(value=1))
            slow_wrote.set()
            await quick_committed.wait()

    slow = asyncio.create_task(write_slowly())
    await slow_wrote.wait()
    await publish(database, organizer_id, Noted())
    first_look = await log_of(database, organizer_id)
    quick_committed.set()
    await slow
    second_look = [entry for entry in await log_of(database, organizer_id) if entry[0] > first_look[-1][0]]

    assert first_look + second_look == [(1, "Noted"), (2, "Counted")]


async def test_the_second_to_publish_waits_for_the_commit_of_the_first(database: Database, organizer_id: UUID) -> None:
    async def take_position(tx: Transaction) -> None:
        await tx.fetch_tuples("SELECT position FROM platform.streams WHERE organizer_id = %(organizer_id)s FOR UPDATE")

    async with database.transaction(organizer_id) as first:
        await take_position(first)
        second = asyncio.create_task(publish(database, organizer_id, Noted()))
        await until(lambda: _waits_for_a_lock(database))
        first.publish(Counted(value=1))
    await second

    assert await log_of(database, organizer_id) == [(1, "Counted"), (2, "Noted")]


async def _waits_for_a_lock(database: Database) -> bool:
    async with database.reading(None) as reader:
        rows = await reader.fetch_tuples("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    return bool(rows)
