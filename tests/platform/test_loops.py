"""Loops: again at once while there is work, a pause when there is none, and no loop takes another down."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from alltickets.kernel.errors import Trouble
from alltickets.platform.loops import Loop, run_loops
from tests.waiting import until

LONG = 3600.0


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[asyncio.Event]:
    """Run these until the block ends; then they must all return."""
    stopping = asyncio.Event()
    task = asyncio.create_task(run_loops(list(loops), stopping))
    try:
        yield stopping
    finally:
        stopping.set()
        async with asyncio.timeout(5):
            await task


def rounds_of(*results: int | Exception) -> tuple[list[int | Exception], Callable[[], Awaitable[int]]]:
    """A piece of work that does these one after the other, then nothing; and the list of what it did."""
    did: list[int | Exception] = []
    left = list(results)

    async def run() -> int:
        result = left.pop(0) if left else 0
        did.append(result)
        if isinstance(result, Exception):
            raise result
        return result

    return did, run


async def test_a_loop_comes_back_at_once_while_it_finds_work() -> None:
    did, run = rounds_of(5, 3, 1)

    async with running(Loop("sweep", LONG, run)):
        await until(lambda: len(did) == 4)

    assert did == [5, 3, 1, 0]


async def test_a_loop_without_work_pauses() -> None:
    did, run = rounds_of()

    async with running(Loop("sweep", 0.05, run)):
        waited = await until(lambda: len(did) == 3)

    assert waited >= 2 * 0.05 * 0.8


async def test_a_pause_ends_when_the_process_stops() -> None:
    did, run = rounds_of()

    async with running(Loop("sweep", LONG, run)) as stopping:
        await until(lambda: len(did) == 1)
        stopping.set()

    assert did == [0]


async def test_a_round_under_way_is_finished() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()
    finished = False

    async def run() -> int:
        nonlocal finished
        begun.set()
        await go_on.wait()
        finished = True
        return 1

    async with running(Loop("sweep", LONG, run)) as stopping:
        await begun.wait()
        stopping.set()
        go_on.set()

    assert finished


async def test_a_loop_that_fails_goes_on_after_its_pause_and_disturbs_no_other() -> None:
    broken, run_broken = rounds_of(ValueError("bug"), Trouble("database gone"), 2)
    sound, run_sound = rounds_of(1, 1)

    with capture_logs() as logs:
        async with running(Loop("broken", 0.01, run_broken), Loop("sound", LONG, run_sound)):
            await until(lambda: 2 in broken and len(sound) == 3)

    assert sound == [1, 1, 0]
    assert [(log["event"], log["log_level"]) for log in logs] == [("loop failed", "error"), ("loop interrupted", "warning")]


async def test_what_loops_do_and_where_they_fail_is_counted() -> None:
    did, run = rounds_of(4, ValueError("bug"))

    async with running(Loop("counted", 0.01, run)):
        await until(lambda: len(did) >= 3)

    assert REGISTRY.get_sample_value("alltickets_loop_items_total", {"loop": "counted"}) == 4
    assert REGISTRY.get_sample_value("alltickets_loop_failures_total", {"loop": "counted"}) == 1
