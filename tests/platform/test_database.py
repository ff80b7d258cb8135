"""Transactions: all or nothing, of one organizer, and trouble told in words that say what to do."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import LiteralString, NamedTuple
from uuid import UUID

import msgspec
import psycopg
import pytest

from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, DatabaseBusy, Reader, Transaction, Unstorable, rows_as_json, uuid_array
from tests.platform.conftest import OwnDatabase, opened
from tests.waiting import until

ANA, BETO = new_id(), new_id()


async def keep(tx: Transaction, label: str, *, id_: UUID | None = None) -> UUID:
    """Write one thing."""
    id_ = id_ or new_id()
    await tx.execute("INSERT INTO things (organizer_id, id, label) VALUES (%(organizer_id)s, %(id)s, %(label)s)", id=id_, label=label)
    return id_


async def labels(database: Database, organizer_id: UUID = ANA) -> list[str]:
    """What this organizer has, as everybody sees it."""
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples("SELECT label FROM things WHERE organizer_id = %(organizer_id)s ORDER BY id")
    return [label for (label,) in rows]


async def in_transaction(database: Database, work: Callable[[Transaction], Awaitable[None]]) -> None:
    """Do this work in a transaction of Ana's."""
    async with database.transaction(ANA) as tx:
        await work(tx)


async def shows(tx: Transaction, setting: str) -> str:
    """A setting of the server as it is for this transaction."""
    [(value,)] = await tx.fetch_tuples("SELECT current_setting(%(setting)s)", setting=setting)
    assert isinstance(value, str)
    return value


async def test_what_a_block_writes_is_there_when_it_ends(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        await keep(tx, "a")
        seen_meanwhile = await labels(own_database)

    assert seen_meanwhile == []
    assert await labels(own_database) == ["a"]


async def test_a_block_that_raises_leaves_nothing_and_a_clean_connection(narrow_database: Database) -> None:
    async def change_my_mind(tx: Transaction) -> None:
        await keep(tx, "a")
        raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError, match="changed my mind"):
        await in_transaction(narrow_database, change_my_mind)
    async with narrow_database.transaction(ANA) as tx:
        await keep(tx, "b")

    assert await labels(narrow_database) == ["b"]


async def test_a_cancelled_block_leaves_nothing_and_a_clean_connection(own: OwnDatabase, narrow_database: Database) -> None:
    async def dawdle(tx: Transaction) -> None:
        await keep(tx, "a")
        await tx.fetch_tuples("SELECT pg_sleep(60)")

    task = asyncio.create_task(in_transaction(narrow_database, dawdle))
    await until(own.is_anyone_asleep)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await labels(narrow_database) == []


async def test_a_block_that_swallows_the_failure_of_a_statement_is_not_told_that_it_committed(own_database: Database) -> None:
    async def swallow(tx: Transaction) -> None:
        id_ = await keep(tx, "a")
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            await keep(tx, "b", id_=id_)

    with pytest.raises(AssertionError, match="nothing was written"):
        await in_transaction(own_database, swallow)

    assert await labels(own_database) == []


async def test_a_commit_that_is_refused_raises_and_writes_nothing(own_database: Database) -> None:
    async def keep_twice(tx: Transaction) -> None:
        await tx.connection.execute("SET CONSTRAINTS ALL DEFERRED")
        id_ = await keep(tx, "a")
        await keep(tx, "b", id_=id_)

    with pytest.raises(psycopg.errors.UniqueViolation):
        await in_transaction(own_database, keep_twice)

    assert await labels(own_database) == []


async def test_the_organizer_is_supplied(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        await keep(tx, "ana's")
    async with own_database.transaction(BETO) as tx:
        await keep(tx, "beto's")

    assert tx.organizer_id == BETO
    assert await labels(own_database, ANA) == ["ana's"]
    assert await labels(own_database, BETO) == ["beto's"]


async def test_a_statement_cannot_name_another_organizer(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        [(named,)] = await tx.fetch_tuples("SELECT %(organizer_id)s::uuid", organizer_id=BETO)

    assert named == ANA


async def test_a_look_up_that_has_no_organizer_sees_none_and_says_so(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        await keep(tx, "a")

    async with own_database.reading(None) as reader:
        rows = await reader.fetch_tuples("SELECT label FROM things WHERE organizer_id = %(organizer_id)s")
        with pytest.raises(AssertionError, match="no organizer"):
            _ = reader.organizer_id

    assert rows == []


@dataclass(frozen=True)
class AsDataclass:
    id: UUID
    label: str


class AsTuple(NamedTuple):
    id: UUID
    label: str


class AsStruct(msgspec.Struct, frozen=True):
    id: UUID
    label: str


@pytest.mark.parametrize("row_type", [AsDataclass, AsTuple, AsStruct])
async def test_rows_come_back_as_any_type_that_takes_their_columns(own_database: Database, row_type: type[AsDataclass]) -> None:
    async with own_database.transaction(ANA) as tx:
        first, second = await keep(tx, "a"), await keep(tx, "b")
        statement = "SELECT label, id FROM things WHERE organizer_id = %(organizer_id)s AND label >= %(label)s ORDER BY label"

        rows = await tx.fetch_all(row_type, statement, label="a")
        one = await tx.fetch_first(row_type, statement, label="b")
        none = await tx.fetch_first(row_type, statement, label="c")

    assert rows == [row_type(id=first, label="a"), row_type(id=second, label="b")]
    assert one == row_type(id=second, label="b")
    assert none is None


async def test_a_statement_tells_how_many_rows_it_touched(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        await keep(tx, "a")
        await keep(tx, "b")

        touched = await tx.execute("UPDATE things SET label = 'c' WHERE organizer_id = %(organizer_id)s")
        untouched = await tx.execute("DELETE FROM things WHERE organizer_id = %(organizer_id)s AND label = 'a'")

    assert (touched, untouched) == (2, 0)


async def test_rows_travel_as_json_and_ids_as_an_array(own_database: Database) -> None:
    rows = [AsStruct(new_id(), 'quo"te\\ ñandú 🎟'), AsStruct(new_id(), "{}")]

    async with own_database.transaction(ANA) as tx:
        await tx.execute(
            """
            INSERT INTO things (organizer_id, id, label)
            SELECT %(organizer_id)s, x.id, x.label
              FROM json_to_recordset(%(rows)s::json) AS x(id uuid, label text)
            """,
            rows=rows_as_json(rows),
        )
        by_id = "SELECT id, label FROM things WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s::uuid[]) ORDER BY id"
        both = await tx.fetch_all(AsStruct, by_id, ids=uuid_array(row.id for row in rows))
        neither = await tx.fetch_all(AsStruct, by_id, ids=uuid_array([]))

    assert both == rows
    assert neither == []


async def test_every_statement_is_shown_to_who_observes(own: OwnDatabase) -> None:
    seen: list[str] = []

    async with opened(Database(own.url, pool_size=1, observe=seen.append)) as database:
        async with database.transaction(ANA) as tx:
            await tx.execute("DELETE FROM things")
        async with database.reading(ANA) as reader:
            await reader.fetch_tuples("SELECT 1")

    assert seen == ["DELETE FROM things", "SELECT 1"]


LIMITS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


@pytest.mark.parametrize("is_pooled", [False, True])
async def test_a_transaction_waits_only_so_long(own: OwnDatabase, is_pooled: bool) -> None:
    async with opened(Database(own.url, pool_size=1, is_pooled=is_pooled)) as database, database.transaction(ANA) as tx:
        assert [await shows(tx, limit) for limit in LIMITS] == ["4s", "10s", "15s"]


async def test_behind_a_pooler_a_connection_keeps_nothing_of_a_transaction(own: OwnDatabase) -> None:
    async with opened(Database(own.url, pool_size=1, is_pooled=True)) as database:
        for _ in range(5):
            async with database.transaction(ANA) as tx:
                await tx.fetch_tuples("SELECT 1")
        async with database.reading(ANA) as reader:
            after = [(await reader.fetch_tuples("SELECT current_setting(%(limit)s)", limit=limit))[0][0] for limit in LIMITS]
            prepared = await reader.fetch_tuples("SELECT count(*) FROM pg_prepared_statements")

    assert after == ["0", "0", "0"]
    assert prepared == [(0,)]


async def test_a_lock_that_takes_too_long_is_told_as_busy(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        id_ = await keep(tx, "a")

    async def lock(tx: Transaction) -> None:
        await tx.connection.execute("SET LOCAL lock_timeout = '30ms'")
        await tx.fetch_tuples("SELECT id FROM things WHERE organizer_id = %(organizer_id)s AND id = %(id)s FOR UPDATE", id=id_)

    async with own_database.transaction(ANA) as holder:
        await lock(holder)
        with pytest.raises(DatabaseBusy, match="Nothing was changed") as busy:
            await in_transaction(own_database, lock)

    assert busy.value.retry_after_seconds == 1
    assert isinstance(busy.value.__cause__, psycopg.errors.LockNotAvailable)


async def test_a_statement_that_takes_too_long_is_told_as_busy(own_database: Database) -> None:
    async def sleep(tx: Transaction) -> None:
        await tx.connection.execute("SET LOCAL statement_timeout = '30ms'")
        await tx.fetch_tuples("SELECT pg_sleep(60)")

    with pytest.raises(DatabaseBusy):
        await in_transaction(own_database, sleep)


async def test_a_deadlock_is_told_as_busy_to_one_and_the_other_goes_on(own_database: Database) -> None:
    async with own_database.transaction(ANA) as tx:
        ids = [await keep(tx, "a"), await keep(tx, "b")]
    both_hold_one = asyncio.Barrier(2)

    async def lock_both(first: UUID, second: UUID) -> str:
        try:
            async with own_database.transaction(ANA) as tx:
                await tx.connection.execute("SET LOCAL deadlock_timeout = '20ms'")
                statement = "UPDATE things SET label = 'c' WHERE organizer_id = %(organizer_id)s AND id = %(id)s"
                await tx.execute(statement, id=first)
                await both_hold_one.wait()
                await tx.execute(statement, id=second)
        except DatabaseBusy:
            return "busy"
        return "done"

    outcomes = await asyncio.gather(lock_both(*ids), lock_both(*reversed(ids)))

    assert sorted(outcomes) == ["busy", "done"]
    assert await labels(own_database) == ["c", "c"]


async def test_a_transaction_that_idles_too_long_is_told_as_busy(own: OwnDatabase, own_database: Database) -> None:
    async def idle(tx: Transaction) -> None:
        await keep(tx, "a")
        await tx.connection.execute("SET LOCAL idle_in_transaction_session_timeout = '20ms'")
        await until(lambda: not own.is_served_by(tx.connection.info.backend_pid))
        await keep(tx, "b")

    with pytest.raises(DatabaseBusy):
        await in_transaction(own_database, idle)

    assert await labels(own_database) == []


async def test_what_a_constraint_refuses_is_for_the_caller_to_judge(own_database: Database) -> None:
    id_ = new_id()

    async def keep_twice(tx: Transaction) -> None:
        await keep(tx, "a", id_=id_)
        await keep(tx, "b", id_=id_)

    with pytest.raises(psycopg.errors.UniqueViolation):
        await in_transaction(own_database, keep_twice)


@pytest.mark.parametrize("statement", ["SELECT %(text)s::text", "SELECT x.text FROM json_to_recordset(%(rows)s::json) AS x(text text)"])
async def test_a_text_that_cannot_be_stored_is_refused(own_database: Database, statement: LiteralString) -> None:
    with pytest.raises(Unstorable, match="cannot be stored"):
        async with own_database.transaction(ANA) as tx:
            await tx.fetch_tuples(statement, text="a\0b", rows=rows_as_json([{"text": "a\0b"}]))


async def test_a_snapshot_sees_one_instant_and_is_its_organizers(own_database: Database) -> None:
    async def there(reader: Reader) -> int:
        rows = await reader.fetch_tuples("SELECT id FROM things WHERE organizer_id = %(organizer_id)s")
        return len(rows)

    await in_transaction(own_database, keep_one)
    async with own_database.snapshot(ANA) as reader, own_database.snapshot(BETO) as elsewhere:
        before = await there(reader)
        await in_transaction(own_database, keep_one)
        meanwhile, others = await there(reader), await there(elsewhere)
    async with own_database.snapshot(ANA) as reader:
        after = await there(reader)

    assert (before, meanwhile, after, others) == (1, 1, 2, 0)


async def test_a_snapshot_writes_nothing(own_database: Database) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with own_database.snapshot(ANA) as reader:
            await reader.fetch_tuples("DELETE FROM things WHERE organizer_id = %(organizer_id)s RETURNING id")


async def keep_one(tx: Transaction) -> None:
    await keep(tx, "a")
