"""Limits per buyer, counted in the transaction that would exceed them."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from alltickets.catalog.interface import EventSnapshot
from alltickets.orders.quotes import selection_of
from alltickets.orders.records import Order
from alltickets.orders.refusals import LimitExceeded
from alltickets.orders.rules import Buyer, buyer_key, places_of
from alltickets.platform.database import Transaction, rows_as_json
from alltickets.pricing.interface import Quote

__all__ = ["count_buyers", "uncount_buyers", "uncount_tickets"]

Request = TypeVar("Request", bound=Hashable)
Key = tuple[UUID, str]


async def count_buyers(
    tx: Transaction, event: EventSnapshot, requests: Mapping[Request, tuple[Buyer, Quote]]
) -> dict[Request, LimitExceeded]:
    """Count what each buyer takes of ticket types with a limit per buyer, in order; those that would exceed one, which are not counted.

    No statement where no ticket type has such a limit, three otherwise. Counted before any pool is locked, by everyone who does both.
    """
    limits = _limits_of(event)
    wanted = {name: _quantities(buyer, quote, limits) for name, (buyer, quote) in requests.items()}
    keys = sorted({key for quantities in wanted.values() for key in quantities}, key=lambda key: (str(key[0]), key[1]))
    refused: dict[Request, LimitExceeded] = {}
    if not keys:
        return refused
    counts = await _lock_counts(tx, keys)
    for name, quantities in wanted.items():
        exceeded = [key for key, quantity in quantities.items() if counts[key] + quantity > limits[key[0]]]
        if exceeded:
            ticket_type_id = exceeded[0][0]
            refused[name] = LimitExceeded("buyer", str(ticket_type_id), limits[ticket_type_id], counts[exceeded[0]])
        else:
            for key, quantity in quantities.items():
                counts[key] += quantity
    await _write_counts(tx, counts)
    return refused


async def uncount_buyers(tx: Transaction, event: EventSnapshot, orders: Sequence[tuple[Order, Quote]]) -> None:
    """Take orders that came to nothing out of the count again; without their tickets that were given back before."""
    limits = _limits_of(event)
    given_back: Counter[Key] = Counter()
    for order, quote in orders:
        given_back.update(_quantities(order.buyer, quote, limits))
        given_back.subtract(_keys_of(order, quote, order.returned_numbers, limits))
    await _uncount(tx, given_back)


async def uncount_tickets(tx: Transaction, event: EventSnapshot, order: Order, quote: Quote, numbers: Sequence[int]) -> None:
    """Take tickets of an order that goes on, by their numbers, out of the count again."""
    await _uncount(tx, Counter(_keys_of(order, quote, numbers, _limits_of(event))))


def _keys_of(order: Order, quote: Quote, numbers: Sequence[int], limits: dict[UUID, int]) -> list[Key]:
    places = places_of(selection_of(quote))
    types = [places[number - 1].ticket_type_id for number in numbers]
    return [(ticket_type_id, buyer_key(order.buyer)) for ticket_type_id in types if ticket_type_id in limits]


async def _uncount(tx: Transaction, given_back: Counter[Key]) -> None:
    if given_back:
        counts = await _lock_counts(tx, sorted(given_back, key=lambda key: (str(key[0]), key[1])))
        await _write_counts(tx, {key: max(0, count - given_back[key]) for key, count in counts.items()})


def _limits_of(event: EventSnapshot) -> dict[UUID, int]:
    return {id_: ticket_type.per_buyer_max for id_, ticket_type in event.ticket_types.items() if ticket_type.per_buyer_max is not None}


def _quantities(buyer: Buyer, quote: Quote, limits: dict[UUID, int]) -> Counter[Key]:
    quantities: Counter[Key] = Counter()
    for line in quote.lines:
        if line.ticket_type_id in limits:
            quantities[(line.ticket_type_id, buyer_key(buyer))] += line.quantity
    return quantities


async def _lock_counts(tx: Transaction, keys: Sequence[Key]) -> dict[Key, int]:
    rows = rows_as_json([{"ticket_type_id": ticket_type_id, "buyer": buyer} for ticket_type_id, buyer in keys])
    await tx.execute(
        """
        INSERT INTO orders.buyer_counts (organizer_id, ticket_type_id, buyer, quantity)
        SELECT o.organizer_id, x.ticket_type_id, x.buyer, 0
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(ticket_type_id uuid, buyer text)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, ticket_type_id, buyer) DO NOTHING
        """,
        rows=rows,
    )
    found = await tx.fetch_tuples(
        """
        SELECT c.ticket_type_id, c.buyer, c.quantity
          FROM orders.buyer_counts c
          JOIN json_to_recordset(%(rows)s::json) AS x(ticket_type_id uuid, buyer text)
            ON x.ticket_type_id = c.ticket_type_id AND x.buyer = c.buyer
         WHERE c.organizer_id = %(organizer_id)s
         ORDER BY c.ticket_type_id, c.buyer
           FOR UPDATE OF c
        """,
        rows=rows,
    )
    return {(ticket_type_id, buyer): quantity for ticket_type_id, buyer, quantity in found}


async def _write_counts(tx: Transaction, counts: dict[Key, int]) -> None:
    await tx.execute(
        """
        UPDATE orders.buyer_counts c
           SET quantity = x.quantity
          FROM json_to_recordset(%(rows)s::json) AS x(ticket_type_id uuid, buyer text, quantity int)
         WHERE c.organizer_id = %(organizer_id)s AND c.ticket_type_id = x.ticket_type_id AND c.buyer = x.buyer
        """,
        rows=rows_as_json(
            [
                {"ticket_type_id": ticket_type_id, "buyer": buyer, "quantity": quantity}
                for (ticket_type_id, buyer), quantity in counts.items()
            ]
        ),
    )
