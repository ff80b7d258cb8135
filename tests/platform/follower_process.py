"""A process that follows the event log until it is told to end: `python -m tests.platform.follower_process URL KIND NAME…`.

KIND is `counts`, or `stalls`: then it writes its effects, says so, and never gets to its commit.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from alltickets.platform.database import Database, Transaction
from alltickets.platform.notify import Listener
from alltickets.platform.outbox import Follower, Recorded, Subscription
from tests.platform.streams import Counted, counting, write_effects


def _stalling(name: str) -> Subscription:
    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        await write_effects(tx, name, recorded, process=os.getpid())
        _say("stalled")
        await asyncio.Event().wait()

    return Subscription(name, (Counted,), handle)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def _follow(url: str, kind: str, names: Sequence[str]) -> None:
    database = Database(url, pool_size=4)
    await database.open()
    follower = Follower(database, [_stalling(name) if kind == "stalls" else counting(name, process=os.getpid()) for name in names])
    listener = Listener(url)
    listener.on("events", follower.wake)
    listener.start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, follower.stop)
    _say("follows")
    await follower.run()
    await listener.stop()
    await database.close()


if __name__ == "__main__":
    asyncio.run(_follow(sys.argv[1], sys.argv[2], sys.argv[3:]))
