"""A process that buys: started by test_concurrency.py as `python -m tests.inventory.traffic`, with its orders as JSON.

It says `ready` when it could begin and begins when a line comes in. What it says is a line of JSON each; the last is its outcomes by name.
"""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import msgspec

from alltickets.inventory.rules import ClaimRequest, Hold, seat_id_of
from alltickets.inventory.service import Inventory, claim, confirm, extend, release, resize, return_sold
from alltickets.inventory.stock import HoldRaced
from alltickets.kernel.errors import Refusal, Trouble
from alltickets.kernel.ids import new_id
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database, Transaction
from tests.inventory.sale import UNLIMITED, opened

CHANGES = {"claim": 45, "confirm": 18, "release": 8, "extend": 9, "return_sold": 8, "resize": 6, "sweep": 6}


class Orders(msgspec.Struct, frozen=True):
    """What a process is to do. `task`: sell_out, mix, or stand_still in the middle of a transaction."""

    url: str
    task: str
    organizer_id: UUID
    event_id: UUID
    pools: tuple[UUID, ...]
    labels: tuple[str, ...] = ()
    """Of the first pool's seats."""
    clients: int = 20
    times: int = 50
    seed: int = 0


class Shop:
    """The clients of one process; claims go through a coalescer, as in the product."""

    def __init__(self, orders: Orders, database: Database) -> None:
        self.orders = orders
        self.database = database
        self.dice = random.Random(orders.seed)
        self.done = 0
        self.outcomes: Counter[str] = Counter()
        self.coalescer: Coalescer[UUID, ClaimRequest, Hold] = Coalescer("claims", self._flush, batch_max=50)

    async def _flush(self, event_id: UUID, requests: Sequence[ClaimRequest]) -> list[Hold | Exception]:
        async with self.database.transaction(self.orders.organizer_id) as tx:
            outcomes = await claim(tx, event_id, requests, holds_per_address_max=UNLIMITED, now=datetime.now(UTC))
        say("flushed")
        return outcomes

    async def sell_out(self) -> None:
        """Claim single places."""
        await self._everybody(lambda: self.coalescer.submit(self.orders.event_id, self._claim({self.orders.pools[0]: 1}, (), 600)))

    async def mix(self) -> None:
        """Do anything to stock, much of it to the same holds as other clients and processes."""
        await self._everybody(self._anything)

    async def stand_still(self) -> None:
        """Claim, and never come to the commit."""
        async with self.database.transaction(self.orders.organizer_id) as tx:
            request = self._claim({self.orders.pools[0]: 1}, (), 600)
            await claim(tx, self.orders.event_id, [request], holds_per_address_max=UNLIMITED, now=datetime.now(UTC))
            say("inside")
            await asyncio.Event().wait()

    async def _everybody(self, once: Callable[[], Awaitable[object]]) -> None:
        async def client() -> None:
            for _ in range(self.orders.times):
                self.outcomes[await _named(once())] += 1
                self.done += 1

        async with asyncio.TaskGroup() as clients:
            for _ in range(self.orders.clients):
                clients.create_task(client())

    async def _anything(self) -> object:
        [change] = self.dice.choices(list(CHANGES), list(CHANGES.values()))
        if change == "claim":
            return await self.coalescer.submit(self.orders.event_id, self._any_claim())
        if change == "sweep":
            return await Inventory(self.database, lambda: datetime.now(UTC)).sweep()
        async with self.database.transaction(self.orders.organizer_id) as tx:
            return await self._change(tx, change, [self._shared_id() for _ in range(self.dice.randint(1, 4))])

    async def _change(self, tx: Transaction, change: str, hold_ids: Sequence[UUID]) -> object:
        now = datetime.now(UTC)
        match change:
            case "confirm":
                return await confirm(tx, hold_ids, now=now)
            case "release":
                return await release(tx, hold_ids)
            case "extend":
                return await extend(tx, hold_ids, until=now + timedelta(seconds=1), kept_at_most=timedelta(seconds=2), now=now)
            case "return_sold":
                return await return_sold(tx, hold_ids)
            case _:
                return await resize(tx, self.orders.event_id, self.dice.choice(self.orders.pools), self.dice.randint(5, 40))

    def _any_claim(self) -> ClaimRequest:
        seated, *counted = self.orders.pools
        labels = self.dice.sample(self.orders.labels, self.dice.randint(0, 3))
        draws = {pool: self.dice.randint(1, 3) for pool in self.dice.sample(counted, self.dice.randint(not labels, len(counted)))}
        if labels:
            draws[seated] = len(labels)
        seats = tuple(seat_id_of(seated, label) for label in labels)
        return self._claim(draws, seats, self.dice.choice([0.02, 0.2, 5]), hold_id=self._shared_id(), visitor=self._shared_id(10))

    def _shared_id(self, behind: int = 0) -> UUID:
        """One of few ids that all processes are using at this stage of their work, so that they meet."""
        return uuid5(self.orders.event_id, str(self.done // 4 - behind + self.dice.randint(0, 9)))

    def _claim(
        self, draws: dict[UUID, int], seats: tuple[UUID, ...], seconds: float, *, hold_id: UUID | None = None, visitor: UUID | None = None
    ) -> ClaimRequest:
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        return ClaimRequest(hold_id or new_id(), draws, seats, visitor or new_id(), "198.51.100.7", expires_at)


async def _named(doing: Awaitable[object]) -> str:
    """What came of it: a type's name; of trouble, its cause's."""
    try:
        return type(await doing).__name__
    except (Refusal, HoldRaced) as refusal:
        return type(refusal).__name__
    except Trouble as trouble:
        return f"trouble: {trouble.__cause__!r}"


def say(word: object) -> None:
    """A line to whoever started this."""
    sys.stdout.write(f"{json.dumps(word)}\n")
    sys.stdout.flush()


async def buy(orders: Orders) -> None:
    """Wait for the start, carry out the orders, and say what came of them."""
    async with opened(orders.url, pool_size=8) as database:
        assert await database.is_reachable()
        shop = Shop(orders, database)
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        await {"sell_out": shop.sell_out, "mix": shop.mix, "stand_still": shop.stand_still}[orders.task]()
        await shop.coalescer.drained()
    say(shop.outcomes)


if __name__ == "__main__":
    asyncio.run(buy(msgspec.json.decode(sys.argv[1], type=Orders)))
