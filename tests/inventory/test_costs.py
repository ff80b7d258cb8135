"""What a batch costs: a number of statements that does not grow with it, and no plan that walks through what it does not name."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from alltickets.inventory.service import claim, confirm, extend, return_sold
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Transaction
from tests.inventory.sale import UNLIMITED, Sale, opened

BATCH = 100


@pytest.mark.parametrize("is_seated", [False, True], ids=["places", "seats"])
async def test_a_batch_takes_as_many_statements_as_one_request(sale: Sale, database_url: str, is_seated: bool) -> None:
    labels = [f"S{number}" for number in range(122)]
    hall = await sale.open(1_000, labels=labels)
    statements: list[str] = []

    async with opened(database_url, statements.append) as database:
        counts = {}
        for size in (1, 60):
            free = labels[:size] if size == 1 else labels[1 : size + 1]
            requests = [sale.of(database).claim_of(hall, labels=[label] if is_seated else []) for label in free]
            counts[size] = await _count(sale.of(database), requests, statements)

    assert counts[1] == counts[60]
    assert counts[60] == (
        {"claim": 8, "replace": 9, "extend": 2, "confirm": 6, "return": 6}
        if is_seated
        else {"claim": 6, "replace": 7, "extend": 2, "confirm": 4, "return": 4}
    )


async def _count(sale: Sale, requests: list[Any], statements: list[str]) -> dict[str, int]:
    """How many statements each use case takes for these requests."""
    counts = {}
    hold_ids = [request.hold_id for request in requests]
    again = [
        type(request)(new_id(), request.draws, request.seats, request.visitor, request.address, request.expires_at) for request in requests
    ]
    new_ids = [request.hold_id for request in again]

    async def counted(name: str, use: Callable[[Transaction], Awaitable[object]]) -> None:
        statements.clear()
        async with sale.database.transaction(sale.organizer_id) as tx:
            await use(tx)
            counts[name] = len(statements)

    await counted("claim", lambda tx: claim(tx, sale.event_id, requests, holds_per_address_max=UNLIMITED, now=sale.now))
    await counted("replace", lambda tx: claim(tx, sale.event_id, again, holds_per_address_max=UNLIMITED, now=sale.now))
    hour = timedelta(hours=1)
    await counted("extend", lambda tx: extend(tx, new_ids, until=sale.now + hour, kept_at_most=hour, now=sale.now))
    await counted("confirm", lambda tx: confirm(tx, new_ids, now=sale.now))
    await counted("return", lambda tx: return_sold(tx, new_ids))
    assert hold_ids != new_ids
    return counts
