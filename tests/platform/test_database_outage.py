"""The database goes away and comes back: everybody is told at once, nobody is left waiting, and no restart is needed."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import psycopg
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, DatabaseUnavailable
from alltickets.platform.notify import CHANNEL
from tests.platform.conftest import OwnDatabase, opened
from tests.waiting import until

ANA = new_id()
SLOWLY_SECONDS = 4
"""Less than what one waits for a connection where nothing is known, and much more than where the database is known to be away."""


async def answers(database: Database) -> int:
    """One small transaction."""
    async with database.transaction(ANA) as tx:
        [(one,)] = await tx.fetch_tuples("SELECT 1")
    assert isinstance(one, int)
    return one


async def use_three_connections(database: Database) -> list[int]:
    """Make the pool grow to its three; the server processes behind them."""
    async with AsyncExitStack() as stack:
        transactions = [await stack.enter_async_context(database.transaction(ANA)) for _ in range(3)]
        return [tx.connection.info.backend_pid for tx in transactions]


def failures_counted() -> float:
    return REGISTRY.get_sample_value("alltickets_database_unavailable_total") or 0.0


async def test_a_connection_that_is_cut_in_a_transaction_is_told_as_unavailable(own: OwnDatabase, own_database: Database) -> None:
    before = failures_counted()

    async def be_cut() -> None:
        async with own_database.transaction(ANA) as tx:
            await tx.execute("INSERT INTO things (organizer_id, id) VALUES (%(organizer_id)s, %(id)s)", id=new_id())
            own.cut_connections()
            await tx.fetch_tuples("SELECT 1")

    with pytest.raises(DatabaseUnavailable, match="with the same id") as gone:
        await be_cut()

    assert gone.value.retry_after_seconds == 3
    assert isinstance(gone.value.__cause__, psycopg.OperationalError)
    assert failures_counted() == before + 1


async def test_a_connection_that_is_cut_before_the_commit_is_told_as_unavailable(own: OwnDatabase, own_database: Database) -> None:
    async def be_cut() -> None:
        async with own_database.transaction(ANA) as tx:
            tx.announce("things", "never")
            own.cut_connections()

    with pytest.raises(DatabaseUnavailable):
        await be_cut()


async def test_one_failed_request_is_enough_to_mend_every_connection(own: OwnDatabase, own_database: Database) -> None:
    before = await use_three_connections(own_database)

    own.cut_connections()
    with pytest.raises(DatabaseUnavailable):
        await answers(own_database)
    await until(lambda: own_database._mending is None or own_database._mending.done())
    after = await use_three_connections(own_database)

    assert set(before).isdisjoint(after)


async def test_a_database_that_was_away_is_used_again_within_seconds(own: OwnDatabase, own_database: Database) -> None:
    await answers(own_database)

    own.go_away()
    # Ten seconds of refusals: a pool that waits twice as long after each attempt would by now not look again for five.
    await until(lambda: _is_refused_slowly(own_database))
    reachable_meanwhile = await own_database.is_reachable()
    own.come_back()
    waited = await until(own_database.is_reachable, seconds=20)

    assert not reachable_meanwhile
    assert waited < 3
    assert await answers(own_database) == 1


async def test_who_was_just_being_let_in_when_the_database_went_away_is_cut_too(own: OwnDatabase) -> None:
    """Of these tests' own tool: a pool that was still growing kept such a connection, and found the database within reach."""
    entering = asyncio.create_task(psycopg.AsyncConnection.connect(own.url, application_name="alltickets", options="-c post_auth_delay=1"))
    await until(own.is_anyone_entering)

    own.go_away()
    own.come_back()

    async with await entering as connection:
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")


async def _is_refused_slowly(database: Database) -> bool:
    """Whether the pool has found out that none of its connections is left, and lets its users wait for a new one."""
    asked_at = time.monotonic()
    return not await database.is_reachable() and time.monotonic() - asked_at > SLOWLY_SECONDS


async def test_who_comes_while_the_database_is_known_to_be_away_is_told_soon(own: OwnDatabase, own_database: Database) -> None:
    await answers(own_database)
    own.go_away()
    await until(lambda: _is_refused_slowly(own_database))

    asked_at = time.monotonic()
    await asyncio.gather(*(own_database.is_reachable() for _ in range(10)))
    told_after = time.monotonic() - asked_at
    own.come_back()
    await until(own_database.is_reachable, seconds=20)

    assert told_after < SLOWLY_SECONDS


async def test_connections_that_broke_while_nobody_asked_are_mended_before_somebody_does(own: OwnDatabase, own_database: Database) -> None:
    before = await use_three_connections(own_database)

    own.cut_connections()
    own_database.mend()
    await until(lambda: own_database._mending is None or own_database._mending.done())

    assert set(before).isdisjoint(await use_three_connections(own_database))


async def test_a_process_may_start_while_its_database_is_away(own: OwnDatabase) -> None:
    own.go_away()

    async with opened(Database(own.url, pool_size=2)) as database:
        own.come_back()
        await until(database.is_reachable)

        assert await answers(database) == 1


async def test_who_finds_every_connection_taken_for_too_long_is_told_so(narrow_database: Database) -> None:
    async with narrow_database.transaction(ANA):
        with pytest.raises(DatabaseUnavailable):
            await answers(narrow_database)

    assert await answers(narrow_database) == 1


async def test_more_than_two_thousand_do_not_wait_for_a_connection(narrow_database: Database) -> None:
    async with narrow_database.transaction(ANA):
        waiting = [asyncio.create_task(narrow_database.is_reachable()) for _ in range(2_000)]
        await asyncio.sleep(0)
        with pytest.raises(DatabaseUnavailable):
            async with asyncio.timeout(1):
                await answers(narrow_database)

    assert all(await asyncio.gather(*waiting))


@pytest_asyncio.fixture
async def heard(own: OwnDatabase) -> AsyncIterator[list[str]]:
    """What is announced in the database, as it comes."""
    notices: list[str] = []
    async with await psycopg.AsyncConnection.connect(own.url, autocommit=True) as connection:
        await connection.execute(f"LISTEN {CHANNEL}")

        async def listen() -> None:
            async for notice in connection.notifies():
                notices.append(notice.payload)  # noqa: PERF401

        task = asyncio.create_task(listen())
        yield notices
        task.cancel()
        await asyncio.wait([task])


async def test_an_announcement_is_made_after_the_commit(own_database: Database, heard: list[str]) -> None:
    async with own_database.transaction(ANA) as tx:
        tx.announce("things", "a")
        async with own_database.transaction(ANA) as other:
            other.announce("things", "b")
        await until(lambda: heard == ["things:b"])

    await until(lambda: heard == ["things:b", "things:a"])


async def test_what_is_rolled_back_is_not_announced(own_database: Database, heard: list[str]) -> None:
    async def fail() -> None:
        async with own_database.transaction(ANA) as tx:
            tx.announce("things", "undone")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with own_database.transaction(ANA) as tx:
        tx.announce("things", "done")

    await until(lambda: heard == ["things:done"])


async def test_the_same_announcement_is_gathered_into_one(own_database: Database, heard: list[str]) -> None:
    async with own_database.transaction(ANA) as tx:
        for _ in range(100):
            tx.announce("things", "a")
        tx.announce("things", "b")

    await until(lambda: sorted(heard) == ["things:a", "things:b"])


async def test_closing_makes_the_last_announcements(own: OwnDatabase, heard: list[str]) -> None:
    async with opened(Database(own.url, pool_size=1)) as database, database.transaction(ANA) as tx:
        tx.announce("things", "last")

    await until(lambda: heard == ["things:last"])
