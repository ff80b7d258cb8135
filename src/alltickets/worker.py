"""The background roles of one process: the event log followed, sweepers and pollers run, jobs worked off."""

import asyncio
import os
import signal
from collections.abc import Collection

import structlog
import uvloop

from alltickets.main import Contexts, build_contexts, jobs_of, loops_of, subscriptions_of
from alltickets.platform import logs, memory
from alltickets.platform.loops import run_loops
from alltickets.platform.outbox import Follower
from alltickets.platform.settings import Settings

__all__ = ["QUEUES", "run", "work"]

QUEUES = ("events", "sweeps", "jobs")
JOBS_RETRY_SECONDS = 2
JOBS_NICENESS = 10
_log = structlog.get_logger()


async def work(contexts: Contexts, queues: Collection[str], stopping: asyncio.Event) -> None:
    """Run the named queues until `stopping` is set, then finish what is under way. Raises what ends a queue before that."""
    follower = Follower(contexts.database, subscriptions_of(contexts))
    contexts.listener.on("events", follower.wake)
    await contexts.open()
    running: list[asyncio.Task[None]] = []
    if "events" in queues:
        running.append(asyncio.create_task(follower.run()))
    if "sweeps" in queues:
        running.append(asyncio.create_task(run_loops(loops_of(contexts), stopping)))
    if "jobs" in queues:
        running.append(asyncio.create_task(_work_jobs(contexts, stopping)))
    _log.info("working", queues=sorted(queues))
    told = asyncio.create_task(stopping.wait())
    try:
        # A queue that ends by itself has failed: then the process ends too, loudly, and its supervisor starts it anew.
        await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.set()
        follower.stop()
        await asyncio.gather(told, *running, return_exceptions=True)
        await contexts.close()
    for task in running:
        task.result()


async def _work_jobs(contexts: Contexts, stopping: asyncio.Event) -> None:
    """Work jobs off; when the database goes away, try again until it is back."""
    while not stopping.is_set():
        jobs = asyncio.create_task(jobs_of(contexts).work())
        told = asyncio.create_task(stopping.wait())
        await asyncio.wait([told, jobs], return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            jobs.cancel()
            await asyncio.wait([jobs])
            return
        told.cancel()
        _log.warning("jobs interrupted", fault=str(jobs.exception()))
        await asyncio.sleep(JOBS_RETRY_SECONDS)


def run(settings: Settings, queues: Collection[str]) -> None:
    """Work until SIGINT or SIGTERM."""
    logs.set_up(settings.log_format, settings.log_level)

    async def until_told() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        contexts = build_contexts(settings)
        if set(queues) == {"jobs"}:
            # Mail can wait for a minute; whoever turns payments into tickets on the same cores cannot.
            os.nice(JOBS_NICENESS)
        memory.settle()
        await work(contexts, queues, stopping)

    uvloop.run(until_told())
