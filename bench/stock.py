"""Stock as the database has it: verified after every load."""

from dataclasses import dataclass

import psycopg

from bench.people import Sale

__all__ = ["Stock", "read_stock"]


@dataclass(frozen=True)
class Stock:
    """An event's pools in sum, and what its holds add up to: `oversold` and `astray` are 0 in a sound shop."""

    capacity: int
    held: int
    sold: int
    oversold: int
    astray: int
    """Places that the pools and the holds disagree about."""


def read_stock(url: str, sale: Sale) -> Stock:
    """Read an event's stock."""
    with psycopg.connect(url) as connection:
        [(capacity, held, sold, oversold)] = connection.execute(
            """
            SELECT sum(capacity), sum(held), sum(sold), sum(greatest(held + sold - capacity, 0))
              FROM inventory.pools WHERE organizer_id = %s AND event_id = %s
            """,
            (sale.organizer_id, sale.event_id),
        ).fetchall()
        [(by_holds,)] = connection.execute(
            """
            SELECT coalesce(sum(draw.value::int), 0)
              FROM inventory.holds, jsonb_each_text(draws) AS draw
             WHERE organizer_id = %s AND event_id = %s AND state IN ('held', 'confirmed')
            """,
            (sale.organizer_id, sale.event_id),
        ).fetchall()
    return Stock(capacity, held, sold, oversold, abs(held + sold - by_holds))
