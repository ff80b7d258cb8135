"""kill -9 in the middle of a rush: whoever dies, no place is sold twice, none is lost, and money and tickets agree."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import pytest

from bench.people import Organizer
from bench.stack import Process, Stack
from tests.journeys.books import Books
from tests.journeys.rush import Rush

ROUNDS = 10
CAPACITY = 60
BUYERS = 60
HOLD_SECONDS = 2
INSTANTS = ((0.05, 0.9), (0.05, 0.9), (HOLD_SECONDS, HOLD_SECONDS + 1.5))
"""When somebody is killed: while all come at once, or while what was not paid comes back and is sold again."""
SEED = int(os.environ.get("JOURNEYS_SEED", time.time_ns() % 1_000_000))


@dataclass
class Victims:
    """What can be killed, and how an operator's machinery brings it back."""

    stack: Stack
    web: Process
    worker: Process

    def kill_web_process(self, chance: random.Random) -> None:
        """One of the two that answer; their server starts another."""
        answering = [child for child in psutil.Process(self.web.popen.pid).children() if child.num_threads() > 1]
        chance.choice(answering).send_signal(signal.SIGKILL)

    def kill_web_server(self, _: random.Random) -> None:
        """All of them at once."""
        self.web.kill()
        self.web = self.stack.serve(workers=2)

    def kill_worker(self, _: random.Random) -> None:
        self.worker.kill()
        self.worker = self.stack.work()

    def kill_database(self, _: random.Random) -> None:
        """PostgreSQL itself: its main process, so that nobody is left to say goodbye."""
        os.kill(self.stack.database.pid, signal.SIGKILL)
        self.stack.start_database()


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victims]:
    stack = Stack(tmp_path_factory.mktemp("crashes"), {"ALLTICKETS_HOLD_SECONDS": str(HOLD_SECONDS)})
    stack.start_database()
    try:
        stack.sandbox("--callback-retry-seconds", "0.5,0.5,1,1,2,2,4,8")
        yield Victims(stack, stack.serve(workers=2), stack.work())
    finally:
        stack.stop()


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_after_a_kill_in_the_middle_of_a_rush_the_books_are_right(victims: Victims, round_: int) -> None:
    chance = random.Random(f"{SEED}/{round_}")
    kills: list[Callable[[random.Random], None]] = [
        victims.kill_database,
        victims.kill_web_process,
        victims.kill_worker,
        victims.kill_web_server,
    ]
    kill = kills[round_ % len(kills)]
    after_seconds = chance.uniform(*chance.choice(INSTANTS))
    mode = chance.choice(["link", "session"])
    sys.stdout.write(f"JOURNEYS_SEED={SEED}, round {round_}: {kill.__name__} after {after_seconds:.3f} s, {mode}\n")
    organizer = Organizer(victims.stack.url)
    organizer.connect_sandbox(mode)
    sale = organizer.publish(capacity=CAPACITY, ticket_type={"per_order_max": None})
    rush = Rush(victims.stack.url, sale, BUYERS, chance, INSTANTS[-1])
    books = Books(victims.stack.database.url, victims.stack.sandbox_url, organizer, sale)

    async def kill_somebody() -> None:
        await asyncio.sleep(after_seconds)
        await asyncio.to_thread(kill, chance)

    asyncio.run(rush.run(kill_somebody))
    books.settle()
    sys.stdout.write(f"{len(rush.orders)} orders; {dict(rush.answers)}\n")

    assert books.faults(rush) == []
    assert books.sell_the_rest() is None
