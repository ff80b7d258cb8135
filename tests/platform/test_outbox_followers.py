"""Followers side by side: nine overlapping writers, several reading processes, and nothing skipped or handled twice."""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from alltickets.platform.database import Database, Transaction
from alltickets.platform.notify import Listener
from alltickets.platform.outbox import RECHECK_SECONDS, Follower, Recorded, Subscription
from tests.platform.conftest import opened
from tests.platform.streams import Counted, Noted, counting, cursor, effects, log_of, publish
from tests.waiting import until

WRITERS = 9
TRANSACTIONS_EACH = 20
READERS = 3


@asynccontextmanager
async def processes(url: str, kind: str, *names: str, count: int = 1) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """So many processes that follow these subscriptions; they are told to end, and must, when the block does."""
    program = [sys.executable, "-m", "tests.platform.follower_process", url, kind, *names]
    root = Path(__file__).parents[2]
    started = [await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE, cwd=root) for _ in range(count)]
    try:
        async with asyncio.timeout(30):
            for process in started:
                assert await says(process) == "follows"
        yield started
    finally:
        for process in started:
            if process.returncode is None:
                process.terminate()
        async with asyncio.timeout(10):
            await asyncio.gather(*(process.wait() for process in started))


async def says(process: asyncio.subprocess.Process) -> str:
    """The next line that the process writes."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@asynccontextmanager
async def following(follower: Follower) -> AsyncIterator[None]:
    """Run this follower during the block."""
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        follower.stop()
        async with asyncio.timeout(10):
            await task


@asynccontextmanager
async def listening(url: str, follower: Follower) -> AsyncIterator[None]:
    """Wake this follower by announcements during the block."""
    listener = Listener(url)
    heard: list[str | None] = []
    listener.on("events", heard.append)
    listener.on("events", follower.wake)
    listener.start()
    await until(lambda: heard == [None])
    try:
        yield
    finally:
        await listener.stop()


async def write_much(database: Database, organizer_id: UUID, seed: int) -> int:
    """Transactions that overlap with those of other writers, some rolled back; how many events were committed."""
    chance = random.Random(seed)
    published = 0
    for _ in range(TRANSACTIONS_EACH):
        count = chance.randint(1, 3)
        try:
            async with database.transaction(organizer_id) as tx:
                tx.publish(*(Counted(value=seed) for _ in range(count)), Noted())
                await tx.fetch_tuples("SELECT pg_sleep(%(seconds)s)", seconds=chance.uniform(0, 0.01))
                if chance.random() < 0.1:
                    raise LookupError
        except LookupError:
            continue
        published += count + 1
    return published


async def look(database: Database, organizer_id: UUID) -> tuple[int, int, int]:
    """In one snapshot: the stream's position, the highest position in the log, and how many events are in it."""
    async with database.reading(organizer_id) as reader:
        [(position, highest, count)] = await reader.fetch_tuples(
            """
            SELECT s.position, coalesce(max(e.position), 0), count(e.position)
              FROM platform.streams s
              LEFT JOIN platform.events e
                ON e.organizer_id = s.organizer_id
             WHERE s.organizer_id = %(organizer_id)s
             GROUP BY s.position
            """
        )
    return position, highest, count


async def test_overlapping_writers_and_several_reading_processes_skip_nothing_and_repeat_nothing(
    event_log: Database, event_log_url: str, ana: UUID, beto: UUID
) -> None:
    looks: list[tuple[int, int, int]] = []
    names = ("first", "second")

    async with processes(event_log_url, "counts", *names, count=READERS):
        writers = asyncio.gather(
            *(write_much(event_log, ana if writer < 6 else beto, writer) for writer in range(WRITERS)),
        )
        while not writers.done():
            looks.append(await look(event_log, ana))
            await asyncio.sleep(0)
        published = await writers
        expected = {}
        for organizer_id, count in ((ana, sum(published[:6])), (beto, sum(published[6:]))):
            log = await log_of(event_log, organizer_id)
            assert [position for position, _ in log] == list(range(1, count + 1))
            expected[organizer_id] = [position for position, kind in log if kind == "Counted"]

        async def is_read() -> bool:
            return all([await cursor(event_log, each, name) == (await look(event_log, each))[0] for each in expected for name in names])

        await until(is_read, seconds=20)

    for organizer_id, positions in expected.items():
        for name in names:
            assert await effects(event_log, organizer_id, name) == positions
    assert len(looks) > 20
    assert [seen for seen in looks if len(set(seen)) > 1] == []


async def test_a_process_that_dies_between_effects_and_commit_leaves_neither(event_log: Database, event_log_url: str, ana: UUID) -> None:
    await publish(event_log, ana, Counted(value=1), Counted(value=2))

    async with processes(event_log_url, "stalls", "mortal") as [process]:
        async with asyncio.timeout(10):
            assert await says(process) == "stalled"
        process.kill()
        await process.wait()
    after_death = (await effects(event_log, ana, "mortal"), await cursor(event_log, ana, "mortal"))
    heir = Follower(event_log, [counting("mortal")])

    async def takes_over() -> bool:
        await heir.catch_up()
        return await cursor(event_log, ana, "mortal") == 2

    await until(takes_over)

    assert after_death == ([], 0)
    assert await effects(event_log, ana, "mortal") == [1, 2]


async def test_two_followers_share_the_work(event_log: Database, ana: UUID, beto: UUID) -> None:
    held_up, go_on = asyncio.Event(), asyncio.Event()
    handled: list[tuple[str, UUID]] = []

    def subscription(by: str, wait_for: asyncio.Event | None) -> Subscription:
        async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
            handled.append((by, tx.organizer_id))
            if wait_for is not None:
                held_up.set()
                await wait_for.wait()

        return Subscription("shared", (Counted,), handle)

    slow = Follower(event_log, [subscription("slow", go_on)])
    quick = Follower(event_log, [subscription("quick", None)])
    await publish(event_log, ana, Counted(value=1))
    async with following(slow):
        await held_up.wait()
        await publish(event_log, beto, Counted(value=2))
        async with following(quick):
            await until(lambda: _read(event_log, beto, "shared", 1))
            read_meanwhile = await cursor(event_log, ana, "shared")
            go_on.set()
            await until(lambda: _read(event_log, ana, "shared", 1))

    assert read_meanwhile == 0
    assert [by for by, organizer_id in handled if organizer_id == ana] == ["slow"]


async def _read(database: Database, organizer_id: UUID, subscription: str, position: int) -> bool:
    return await cursor(database, organizer_id, subscription) == position


async def test_a_follower_that_is_stopped_finishes_what_it_delivers(event_log: Database, ana: UUID) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        begun.set()
        await go_on.wait()

    follower = Follower(event_log, [Subscription("stopped", (Counted,), handle)])
    await publish(event_log, ana, Counted(value=1))
    async with following(follower):
        await begun.wait()
        follower.stop()
        go_on.set()

    assert await cursor(event_log, ana, "stopped") == 1


async def test_a_subscription_that_wants_nothing_of_what_is_published_moves_its_cursor_once_a_second(
    event_log: Database, event_log_url: str, ana: UUID
) -> None:
    seen: list[str] = []
    looks = 20

    def moves() -> int:
        return sum("UPDATE platform.cursors" in statement for statement in seen)

    async with opened(Database(event_log_url, pool_size=2, observe=seen.append)) as database:
        follower = Follower(database, [counting("picky")])
        async with following(follower):
            for round_ in range(looks):
                await publish(event_log, ana, Noted())
                follower.wake()
                await until(lambda round_=round_: sum("across organizers" in statement for statement in seen) > round_)  # type: ignore[misc]
            moves_during_the_rush = moves()
            await until(lambda: _read(event_log, ana, "picky", looks), seconds=2 * RECHECK_SECONDS + 1)

    assert moves_during_the_rush <= 3
    assert await effects(event_log, ana, "picky") == []


async def delays(database: Database, organizer_id: UUID, name: str, rounds: int) -> list[float]:
    """How long events take from their commit to their effect, each published just after the follower has looked."""
    taken = []
    for round_ in range(1, rounds + 1):
        await publish(database, organizer_id, Counted(value=round_))
        started = time.monotonic()
        await until(lambda position=round_: _read(database, organizer_id, name, position))  # type: ignore[misc]
        taken.append(time.monotonic() - started)
    return taken


async def test_an_announcement_wakes_a_follower_in_hundredths_of_a_second(event_log: Database, event_log_url: str, ana: UUID) -> None:
    follower = Follower(event_log, [counting("woken")])

    async with following(follower), listening(event_log_url, follower):
        taken = await delays(event_log, ana, "woken", 8)

    assert min(taken) < 0.05
    assert statistics.median(taken) < RECHECK_SECONDS / 4


async def test_without_announcements_a_follower_looks_again_each_second(event_log: Database, ana: UUID) -> None:
    async with following(Follower(event_log, [counting("unwoken")])):
        taken = await delays(event_log, ana, "unwoken", 2)

    assert max(taken) < RECHECK_SECONDS + 0.7


async def test_a_listener_that_loses_its_connection_costs_a_second_and_hears_again(
    event_log: Database, event_log_url: str, ana: UUID
) -> None:
    follower = Follower(event_log, [counting("deaf")])
    heard: list[str | None] = []
    listener = Listener(event_log_url)
    listener.on("events", heard.append)
    listener.on("events", follower.wake)
    listener.start()
    await until(lambda: heard == [None])

    async with following(follower):
        cut_listeners(event_log_url)
        await publish(event_log, ana, Counted(value=1))
        await until(lambda: _read(event_log, ana, "deaf", 1), seconds=RECHECK_SECONDS + 1)
        await until(lambda: heard.count(None) == 2)
        await publish(event_log, ana, Counted(value=2))
        await until(lambda: str(ana) in heard)
        await until(lambda: _read(event_log, ana, "deaf", 2), seconds=RECHECK_SECONDS / 2)
    await listener.stop()

    assert await effects(event_log, ana, "deaf") == [1, 2]


def cut_listeners(url: str) -> None:
    """End the server processes of all listeners of this database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s",
            ["alltickets listener"],
        )


async def test_what_nobody_waits_for_comes_in_few_batches(event_log: Database, ana: UUID) -> None:
    batches: list[list[int]] = []

    async def handle(_: Transaction, recorded: Sequence[Recorded]) -> None:
        batches.append([entry.position for entry in recorded])

    follower = Follower(event_log, [Subscription(f"seldom {ana}", (Counted,), handle, apart_seconds=1.0)])
    await publish(event_log, ana, Counted(value=0))
    async with following(follower):
        await until(lambda: batches == [[1]])
        for value in range(1, 6):
            await publish(event_log, ana, Counted(value=value))
            follower.wake()
        await until(lambda: sum(map(len, batches)) == 6)

    assert [position for batch in batches for position in batch] == [1, 2, 3, 4, 5, 6]
    assert len(batches) <= 3
