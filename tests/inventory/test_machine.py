"""Any sequence of use cases on the real database, step by step against a plain model."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid5

import hypothesis
import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from alltickets.inventory.events import HoldsExpired
from alltickets.inventory.rules import CapacityTaken, ClaimRequest, PoolLevel, seat_id_of
from alltickets.inventory.service import Inventory, NewPool, claim, confirm, extend, open_pools, release, resize, return_sold
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, Transaction
from alltickets.platform.tenants import enrol
from tests.conftest import read_to_the_end
from tests.inventory.model import Model
from tests.sql_rules import check_statement

Result = TypeVar("Result")

POOLS = {"floor": 6, "vip": 3, "hall": 3}
LABELS = ("a1", "a2", "a3")
ADDRESSES = ("cafe", "home")
ADDRESS_LIMIT = 3
MINUTES = st.integers(1, 12)
CHOICES = st.lists(st.integers(0, 99), min_size=1, max_size=4)
KEPT_AT_MOST = timedelta(minutes=15)


@dataclass(frozen=True)
class Wish:
    """A claim in names, before it has an id."""

    visitor: int
    address: str
    draws: Mapping[str, int]
    labels: tuple[str, ...]
    minutes: int


def rarely(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 19)) == 19


@st.composite
def wishes(draw: st.DrawFn) -> Wish:
    """Out of few places and visitors, so that they meet; now and then of what does not exist."""
    kind = draw(st.sampled_from(["floor", "vip", "floor and vip", "hall", "hall and floor"]))
    draws = {pool: draw(st.integers(1, 3)) for pool in ("floor", "vip") if pool in kind}
    labels: tuple[str, ...] = ()
    if "hall" in kind:
        labels = tuple(draw(st.lists(st.sampled_from(LABELS), unique=True, min_size=1, max_size=2)))
        labels += ("z9",) if rarely(draw) else ()
        draws["hall"] = len(labels)
    if rarely(draw):
        draws["not open yet"] = 1
    return Wish(draw(st.integers(0, 5)), draw(st.sampled_from(ADDRESSES)), draws, labels, draw(MINUTES))


class StockMachine(RuleBasedStateMachine):
    """An organizer of its own for each run; names stand for ids made from that organizer's."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        self.database = database
        self.organizer_id = new_id()
        self.event_id = self.id_of("event")
        self.now = datetime.now(UTC)
        self.asked: list[ClaimRequest] = []
        self.expired: list[UUID] = []
        hall = self.id_of("hall")
        self.model = Model(
            {self.id_of(name): capacity for name, capacity in POOLS.items()},
            frozenset(seat_id_of(hall, label) for label in LABELS),
            ADDRESS_LIMIT,
        )
        self.inventory = Inventory(database, lambda: self.now)
        self.transact(self.open)

    def id_of(self, name: str) -> UUID:
        return uuid5(self.organizer_id, name)

    async def open(self, tx: Transaction) -> None:
        await enrol(tx)
        hall = self.id_of("hall")
        seats = tuple((seat_id_of(hall, label), label) for label in LABELS)
        await open_pools(
            tx,
            [
                NewPool(pool, self.event_id, None, "sector", "", capacity, seats if pool == hall else ())
                for pool, capacity in self.model.capacities.items()
            ],
        )

    def transact(self, use: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """What `use` returns from a transaction of its own."""

        async def transaction() -> Result:
            async with self.database.transaction(self.organizer_id) as tx:
                return await use(tx)

        return self.runner.run(transaction())

    def request_of(self, wish: Wish, hold_id: UUID) -> ClaimRequest:
        hall = self.id_of("hall")
        return ClaimRequest(
            hold_id,
            {self.id_of(pool): quantity for pool, quantity in wish.draws.items()},
            tuple(seat_id_of(hall, label) for label in wish.labels),
            self.id_of(f"visitor {wish.visitor}"),
            wish.address,
            self.now + timedelta(minutes=wish.minutes),
        )

    def some_holds(self, choices: Iterable[int]) -> list[UUID]:
        """Holds that were placed at some time, the same choices always meaning the same ones."""
        placed = list(self.model.holds)
        return [placed[choice % len(placed)] for choice in choices]

    @rule(new=st.lists(wishes(), min_size=1, max_size=3), repeated=st.lists(st.integers(0, 99), max_size=2))
    def claim(self, new: list[Wish], repeated: list[int]) -> None:
        """New claims, and among them some that came before."""
        requests = [self.request_of(wish, self.id_of(f"hold {len(self.asked) + number}")) for number, wish in enumerate(new)]
        requests[1:1] = [self.asked[number % len(self.asked)] for number in repeated if self.asked]
        self._claim(requests)

    @precondition(lambda self: self.model.holds)
    @rule(wish=wishes(), choice=st.integers(0, 99))
    def claim_under_a_used_id(self, wish: Wish, choice: int) -> None:
        self._claim([self.request_of(wish, self.some_holds([choice])[0])])

    def _claim(self, requests: list[ClaimRequest]) -> None:
        self.asked += requests
        expected = [self.model.claim(request, self.now) for request in requests]

        outcomes = self.transact(lambda tx: claim(tx, self.event_id, requests, holds_per_address_max=ADDRESS_LIMIT, now=self.now))

        assert [type(outcome).__name__ for outcome in outcomes] == expected

    @precondition(lambda self: self.model.holds)
    @rule(choices=CHOICES)
    def confirm(self, choices: list[int]) -> None:
        hold_ids = self.some_holds(choices)
        expected = [self.model.confirm(hold_id, self.now) for hold_id in hold_ids]

        outcomes = self.transact(lambda tx: confirm(tx, hold_ids, now=self.now))

        assert outcomes == expected

    @precondition(lambda self: self.model.holds)
    @rule(choices=CHOICES)
    def release(self, choices: list[int]) -> None:
        hold_ids = self.some_holds(choices)
        expected = {hold_id for hold_id in hold_ids if self.model.end(hold_id, "held", "released")}

        ended = self.transact(lambda tx: release(tx, hold_ids))

        assert {hold.hold_id for hold in ended} == expected

    @precondition(lambda self: self.model.holds)
    @rule(choices=CHOICES)
    def return_sold(self, choices: list[int]) -> None:
        hold_ids = self.some_holds(choices)
        expected = {hold_id for hold_id in hold_ids if self.model.end(hold_id, "confirmed", "returned")}

        returned = self.transact(lambda tx: return_sold(tx, hold_ids))

        assert {hold.hold_id for hold in returned} == expected

    @precondition(lambda self: self.model.holds)
    @rule(choices=CHOICES, minutes=MINUTES)
    def extend(self, choices: list[int], minutes: int) -> None:
        hold_ids = [*self.some_holds(choices), self.id_of("no hold")]
        until = self.now + timedelta(minutes=minutes)
        expected = [self.model.extend(hold_id, until, KEPT_AT_MOST, self.now) for hold_id in hold_ids]

        outcomes = self.transact(lambda tx: extend(tx, hold_ids, until=until, kept_at_most=KEPT_AT_MOST, now=self.now))

        assert [type(outcome).__name__ for outcome in outcomes] == expected

    @rule()
    def sweep(self) -> None:
        expected = self.model.sweep(self.now)
        self.expired += expected

        swept = self.runner.run(self.inventory.sweep())

        assert swept >= len(expected)

    @rule(pool=st.sampled_from([*POOLS, "not open yet"]), capacity=st.integers(0, 9))
    def resize(self, pool: str, capacity: int) -> None:
        expected = self.model.resize(self.id_of(pool), capacity)

        async def resized(tx: Transaction) -> object:
            try:
                return await resize(tx, self.event_id, self.id_of(pool), capacity)
            except CapacityTaken as taken:
                return taken

        outcome = self.transact(resized)

        assert type(outcome).__name__ == expected
        assert not isinstance(outcome, PoolLevel) or outcome.capacity == capacity

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def database_and_model_agree(self) -> None:
        pools, seats, holds = self.transact(self._read)

        assert pools == self.model.figures()
        assert all(held + sold <= capacity for capacity, held, sold in pools.values())
        assert seats == self.model.owners()
        assert holds == {hold_id: (hold.state, hold.expires_at) for hold_id, hold in self.model.holds.items()}

    async def _read(self, tx: Transaction) -> tuple[dict[UUID, Any], dict[UUID, Any], dict[UUID, Any]]:
        mine = "WHERE organizer_id = %(organizer_id)s"
        pools = await tx.fetch_tuples(f"SELECT pool_id, capacity, held, sold FROM inventory.pools {mine}")
        seats = await tx.fetch_tuples(f"SELECT seat_id, state, hold_id FROM inventory.seats {mine}")
        holds = await tx.fetch_tuples(f"SELECT hold_id, state, expires_at FROM inventory.holds {mine}")
        by_id = [{row[0]: row[1:] for row in rows} for rows in (pools, seats, holds)]
        return by_id[0], by_id[1], by_id[2]

    def teardown(self) -> None:
        """Every expiry was told once. What is left is given back, so that no later sweep meets it, nor a follower the stream."""
        told = self.transact(self._told)
        self.transact(lambda tx: release(tx, self.model.holds.keys()))
        self.transact(read_to_the_end)

        assert sorted(told) == sorted(self.expired)

    async def _told(self, tx: Transaction) -> list[UUID]:
        rows = await tx.fetch_tuples(
            "SELECT payload::text FROM platform.events WHERE organizer_id = %(organizer_id)s AND type = 'HoldsExpired'"
        )
        return [hold_id for (payload,) in rows for hold_id in msgspec.json.decode(payload, type=HoldsExpired).hold_ids]


def test_stock_does_what_the_model_says(database_url: str, pytestconfig: pytest.Config) -> None:
    given = pytestconfig.getoption("--hypothesis-seed")
    seed = random.SystemRandom().randrange(2**32) if given is None else int(given)

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = Database(database_url, pool_size=2, observe=check_statement)
        runner.run(database.open())

        machine: Any = hypothesis.seed(seed)(lambda: StockMachine(runner, database))
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=60, stateful_step_count=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
                ),
            )
        except BaseException as failure:
            failure.add_note(f"The same steps once more: --hypothesis-seed={seed}")
            raise
        finally:
            runner.run(database.close())
