"""What a batch costs: a number of statements that does not grow with it, and no plan that walks through what it does not name."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from msgspec import structs

from alltickets.inventory.rules import ClaimRequest
from alltickets.inventory.service import claim, confirm, extend, return_sold
from alltickets.kernel.ids import new_id
from alltickets.migrations import run as migrations
from alltickets.platform.database import Database, Transaction
from alltickets.platform.tenants import enrol
from tests.conftest import with_database
from tests.inventory.sale import UNLIMITED, Sale, opened

BATCH = 100
LIVE_HOLDS = 100_000
LABELS = [f"S{number}" for number in range(10_000)]
HOUR = timedelta(hours=1)

Use = Callable[[Transaction], Awaitable[object]]


def uses(sale: Sale, requests: Sequence[ClaimRequest]) -> dict[str, Use]:
    """The life of holds by its batches: claimed, replaced by their visitors, extended, confirmed, returned."""
    again = [structs.replace(request, hold_id=new_id()) for request in requests]
    hold_ids = [request.hold_id for request in again]
    return {
        "claim": lambda tx: claim(tx, sale.event_id, requests, holds_per_address_max=UNLIMITED, now=sale.now),
        "replace": lambda tx: claim(tx, sale.event_id, again, holds_per_address_max=UNLIMITED, now=sale.now),
        "extend": lambda tx: extend(tx, hold_ids, until=sale.now + HOUR, kept_at_most=HOUR, now=sale.now),
        "confirm": lambda tx: confirm(tx, hold_ids, now=sale.now),
        "return": lambda tx: return_sold(tx, hold_ids),
    }


@pytest.mark.parametrize(
    ("is_seated", "expected"),
    [
        (False, {"claim": 6, "replace": 7, "extend": 2, "confirm": 4, "return": 4}),
        (True, {"claim": 8, "replace": 9, "extend": 2, "confirm": 6, "return": 6}),
    ],
    ids=["places", "seats"],
)
@pytest.mark.parametrize("size", [1, 60])
async def test_a_batch_takes_as_many_statements_as_one_request(
    sale: Sale, database_url: str, size: int, is_seated: bool, expected: dict[str, int]
) -> None:
    hall = await sale.open(1_000, labels=LABELS[:size])
    requests = [sale.claim_of(hall, labels=[label] if is_seated else []) for label in LABELS[:size]]
    statements: list[str] = []
    counts: dict[str, int] = {}

    async with opened(database_url, statements.append) as database:
        for name, use in uses(sale, requests).items():
            async with database.transaction(sale.organizer_id) as tx:
                statements.clear()
                await use(tx)
                counts[name] = len(statements)

    assert counts == expected


class Explained(Transaction):
    """A transaction that has each statement carried out and undone under EXPLAIN before it runs."""

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx.connection, tx.organizer_id, None)
        self.read_most = 0
        self.worst = ""

    async def run(self, cursor: psycopg.AsyncCursor[Any], sql: Any, params: dict[str, object]) -> None:
        params["organizer_id"] = self.organizer_id
        explaining = self.connection.cursor()
        await explaining.execute("SAVEPOINT before")
        await explaining.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
        [([explained],)] = await explaining.fetchall()
        await explaining.execute("ROLLBACK TO SAVEPOINT before")
        read = sum(_rows_read(node) for node in _nodes(explained["Plan"]))
        if read > self.read_most:
            self.read_most = read
            self.worst = f"{sql}\n{msgspec.json.format(msgspec.json.encode(explained['Plan'])).decode()}"
        await cursor.execute(sql, params)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _rows_read(node: dict[str, Any]) -> int:
    """Rows that a scan of a table looked at, whether it kept them or not."""
    if "Relation Name" not in node or not node["Node Type"].endswith("Scan"):
        return 0
    per_loop: float = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    loops: int = node["Actual Loops"]
    return round(per_loop * loops)


async def open_sale(database: Database, *, seats: int) -> tuple[Sale, UUID, UUID]:
    """A sale of a new organizer: a large pool and a hall with that many seats."""
    sale = Sale(database, new_id())
    async with database.transaction(sale.organizer_id) as tx:
        await enrol(tx)
    return sale, await sale.open(LIVE_HOLDS * 2), await sale.open(seats, labels=LABELS[:seats])


async def fill(sale: Sale, pool_id: UUID, count: int) -> None:
    """So many live holds, one place each."""
    async with sale.database.transaction(sale.organizer_id) as tx:
        await tx.execute(
            """
            INSERT INTO inventory.holds
                   (organizer_id, hold_id, event_id, state, draws, seats, visitor, address, placed_at, expires_at, memo)
            SELECT o.organizer_id, md5('hold' || n)::uuid, %(event_id)s, 'held', jsonb_build_object(%(pool_id)s::text, 1), '{}',
                   md5('visitor' || n)::uuid, '10.0.' || n %% 250 || '.' || n / 250 %% 250, now(), now() + interval '10 minutes', ''
              FROM platform.organizers o, generate_series(1, %(count)s) AS n
             WHERE o.organizer_id = %(organizer_id)s
            """,
            event_id=sale.event_id,
            pool_id=str(pool_id),
            count=count,
        )
        await tx.execute(
            "UPDATE inventory.pools SET held = %(count)s WHERE organizer_id = %(organizer_id)s AND pool_id = %(pool_id)s",
            count=count,
            pool_id=pool_id,
        )


@pytest.fixture
async def fresh(postgres_url: str) -> AsyncIterator[Database]:
    """A freshly created database of which PostgreSQL gathers statistics only when it is told to."""
    name = f"test_{new_id().hex}"
    url = with_database(postgres_url, name)
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(f"CREATE DATABASE {name}")
    migrations.upgrade(url)
    async with opened(url) as database:
        for table in ("pools", "seats", "holds"):
            await _run_alone(database, f"ALTER TABLE inventory.{table} SET (autovacuum_enabled = off)")
        yield database
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _run_alone(database: Database, sql: str) -> None:
    async with database.reading(None) as reader:
        await reader.connection.execute(sql)


@pytest.mark.parametrize("statistics", ["none", "of others", "of all"])
async def test_no_plan_walks_through_the_holds_or_seats_of_a_great_sale(fresh: Database, statistics: str) -> None:
    if statistics != "none":
        for _ in range(20):
            other, pool, _ = await open_sale(fresh, seats=20)
            await fill(other, pool, 200)
    if statistics == "of others":
        await _run_alone(fresh, "ANALYZE")
    sale, floor, hall = await open_sale(fresh, seats=len(LABELS))
    await fill(sale, floor, LIVE_HOLDS)
    if statistics == "of all":
        await _run_alone(fresh, "ANALYZE")
    requests = [structs.replace(sale.claim_of(hall, labels=[label]), draws={floor: 1, hall: 1}) for label in LABELS[:BATCH]]

    for name, use in uses(sale, requests).items():
        async with fresh.transaction(sale.organizer_id) as tx:
            explained = Explained(tx)
            await use(explained)

        assert explained.read_most <= 4 * BATCH, f"{name} reads {explained.read_most} rows: {explained.worst}"
