"""Entries of waiting lists as rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from alltickets.catalog.interface import Offer
from alltickets.kernel.ids import new_id
from alltickets.kernel.mail import address_key
from alltickets.marketing.rules.waiting import Waiting, WaitingState, Wish
from alltickets.platform.database import Reader, Transaction, uuid_array
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "WaitingCount",
    "WaitingEntry",
    "are_waited_for",
    "called_since",
    "count_waiting",
    "delete_bought",
    "delete_entry",
    "delete_outlived",
    "events_waited_for",
    "list_waiting",
    "lock_line",
    "organizers_with_outlived",
    "read_waiting_entries",
    "set_called",
    "upsert_entry",
]


@dataclass(frozen=True)
class WaitingEntry:
    """Somebody on a waiting list. `called_at`: when they were told of places; None while they wait."""

    entry_id: UUID
    event_id: UUID
    performance_id: UUID
    ticket_type_id: UUID
    mail: str
    mail_key: str
    quantity: int
    locale: str
    state: WaitingState
    joined_at: datetime
    called_at: datetime | None

    @property
    def offer(self) -> Offer:
        """What they wait for."""
        return self.performance_id, self.ticket_type_id


@dataclass(frozen=True)
class WaitingCount:
    """How many wait for an offer, and for how many places; how many were told of some."""

    performance_id: UUID
    ticket_type_id: UUID
    waiting: int
    places: int
    called: int


async def upsert_entry(tx: Transaction, event_id: UUID, wish: Wish, *, now: datetime, kept_until: datetime) -> None:
    """Put somebody into the line, once for each mail and offer. Who waits keeps their place; who was told goes to the end."""
    performance_id, ticket_type_id = wish.offer
    await tx.execute(
        """
        INSERT INTO marketing.waiting_entries
               (organizer_id, entry_id, event_id, performance_id, ticket_type_id, mail, mail_key, quantity, locale, state, joined_at,
                kept_until)
        VALUES (%(organizer_id)s, %(entry_id)s, %(event_id)s, %(performance_id)s, %(ticket_type_id)s, %(mail)s, %(mail_key)s,
                %(quantity)s, %(locale)s, 'waiting', %(now)s, %(kept_until)s)
        ON CONFLICT (organizer_id, performance_id, ticket_type_id, mail_key) DO UPDATE
           SET quantity = excluded.quantity,
               locale = excluded.locale,
               joined_at = CASE waiting_entries.state WHEN 'waiting' THEN waiting_entries.joined_at ELSE excluded.joined_at END,
               state = 'waiting',
               called_at = NULL,
               kept_until = excluded.kept_until
        """,
        entry_id=new_id(),
        event_id=event_id,
        performance_id=performance_id,
        ticket_type_id=ticket_type_id,
        mail=wish.mail,
        mail_key=address_key(wish.mail),
        quantity=wish.quantity,
        locale=wish.locale,
        now=now,
        kept_until=kept_until,
    )


async def events_waited_for(reader: Reader, *, after: UUID, limit: int) -> list[tuple[UUID, UUID]]:
    """Events that somebody waits for, in the order of their ids and behind `after`, with their organizers. Index: waiting_for_places."""
    rows = await reader.fetch_tuples(
        """
        /* across organizers: finds who waits for what; reads only, each event is looked after by itself */
        SELECT DISTINCT event_id, organizer_id
          FROM marketing.waiting_entries
         WHERE state = 'waiting' AND event_id > %(after)s
         ORDER BY event_id
         LIMIT %(limit)s
        """,
        after=after,
        limit=limit,
    )
    return [(organizer_id, event_id) for event_id, organizer_id in rows]


async def are_waited_for(tx: Transaction, event_ids: Collection[UUID]) -> set[UUID]:
    """Which of these events of the transaction's organizer somebody waits for. Index: waiting_by_event."""
    rows = await tx.fetch_tuples(
        """
        SELECT x.event_id
          FROM unnest(%(event_ids)s::uuid[]) AS x(event_id)
         WHERE EXISTS (SELECT 1
                         FROM marketing.waiting_entries w
                        WHERE w.organizer_id = %(organizer_id)s AND w.event_id = x.event_id)
        """,
        event_ids=list(event_ids),
    )
    return {event_id for (event_id,) in rows}


async def lock_line(tx: Transaction, event_id: UUID, left: Mapping[Offer, int], *, limit: int) -> list[Waiting]:
    """Who waits for these offers and fits into what is left of them, in order, locked until `tx` ends. Index: waiting_by_event.

    The lock closes the race of two workers that see the same free places: the second waits here, and finds who was called meanwhile.
    """
    rows = await tx.fetch_tuples(
        """
        SELECT w.entry_id, w.performance_id, w.ticket_type_id, w.quantity
          FROM marketing.waiting_entries w
          JOIN unnest(%(performances)s::uuid[], %(ticket_types)s::uuid[], %(left)s::int[]) AS x(performance_id, ticket_type_id, places)
            ON x.performance_id = w.performance_id AND x.ticket_type_id = w.ticket_type_id AND w.quantity <= x.places
         WHERE w.organizer_id = %(organizer_id)s AND w.event_id = %(event_id)s AND w.state = 'waiting'
         ORDER BY w.joined_at, w.entry_id
         LIMIT %(limit)s
           FOR UPDATE OF w
        """,
        event_id=event_id,
        performances=[performance_id for performance_id, _ in left],
        ticket_types=[ticket_type_id for _, ticket_type_id in left],
        left=list(left.values()),
        limit=limit,
    )
    return [Waiting(entry_id, (performance_id, ticket_type_id), quantity) for entry_id, performance_id, ticket_type_id, quantity in rows]


async def called_since(tx: Transaction, event_id: UUID, since: datetime) -> list[tuple[Offer, int]]:
    """Of how many places of each offer somebody was told since then."""
    rows = await tx.fetch_tuples(
        """
        SELECT performance_id, ticket_type_id, sum(quantity)
          FROM marketing.waiting_entries
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND called_at > %(since)s
         GROUP BY performance_id, ticket_type_id
        """,
        event_id=event_id,
        since=since,
    )
    return [((performance_id, ticket_type_id), quantity) for performance_id, ticket_type_id, quantity in rows]


async def set_called(tx: Transaction, entry_ids: Sequence[UUID], *, now: datetime) -> None:
    """Note that these are told."""
    await tx.execute(
        """
        UPDATE marketing.waiting_entries
           SET state = 'called', called_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND entry_id = ANY(%(entry_ids)s::uuid[])
        """,
        entry_ids=uuid_array(entry_ids),
        now=now,
    )


async def read_waiting_entries(reader: Reader, entry_ids: Collection[UUID]) -> list[WaitingEntry]:
    """Those of these entries that are still kept, in no order."""
    return await reader.fetch_all(
        WaitingEntry,
        """
        SELECT entry_id, event_id, performance_id, ticket_type_id, mail, mail_key, quantity, locale, state, joined_at, called_at
          FROM marketing.waiting_entries
         WHERE organizer_id = %(organizer_id)s AND entry_id = ANY(%(entry_ids)s::uuid[])
        """,
        entry_ids=uuid_array(entry_ids),
    )


async def list_waiting(reader: Reader, event_id: UUID, *, cursor: str | None, size: int) -> Page[WaitingEntry]:
    """The line of an event, who was told among them, in the order of joining. Index: waiting_by_event. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, datetime, UUID)
    rows = await reader.fetch_all(
        WaitingEntry,
        """
        SELECT entry_id, event_id, performance_id, ticket_type_id, mail, mail_key, quantity, locale, state, joined_at, called_at
          FROM marketing.waiting_entries
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
           AND (%(joined_after)s::timestamptz IS NULL OR (joined_at, entry_id) > (%(joined_after)s::timestamptz, %(id_after)s::uuid))
         ORDER BY joined_at, entry_id
         LIMIT %(limit)s
        """,
        event_id=event_id,
        joined_after=after[0] if after else None,
        id_after=after[1] if after else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda entry: [entry.joined_at.astimezone(UTC).isoformat(), str(entry.entry_id)])


async def count_waiting(reader: Reader, event_id: UUID) -> list[WaitingCount]:
    """How many wait for each offer of an event; offers that nobody waits for are left out."""
    return await reader.fetch_all(
        WaitingCount,
        """
        SELECT performance_id, ticket_type_id,
               count(*) FILTER (WHERE state = 'waiting') AS waiting,
               coalesce(sum(quantity) FILTER (WHERE state = 'waiting'), 0)::bigint AS places,
               count(*) FILTER (WHERE state = 'called') AS called
          FROM marketing.waiting_entries
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
         GROUP BY performance_id, ticket_type_id
         ORDER BY performance_id, ticket_type_id
        """,
        event_id=event_id,
    )


async def delete_entry(tx: Transaction, entry_id: UUID) -> None:
    """Forget an entry, if it is there."""
    await tx.execute(
        "DELETE FROM marketing.waiting_entries WHERE organizer_id = %(organizer_id)s AND entry_id = %(entry_id)s", entry_id=entry_id
    )


async def delete_bought(tx: Transaction, bought: Collection[tuple[UUID, str]]) -> None:
    """Forget who has bought: pairs of an event and a mail's key."""
    await tx.execute(
        """
        DELETE FROM marketing.waiting_entries w
         USING unnest(%(events)s::uuid[], %(keys)s::text[]) AS x(event_id, mail_key)
         WHERE w.organizer_id = %(organizer_id)s AND w.event_id = x.event_id AND w.mail_key = x.mail_key
        """,
        events=[event_id for event_id, _ in bought],
        keys=[key for _, key in bought],
    )


async def organizers_with_outlived(reader: Reader, *, now: datetime, limit: int) -> list[UUID]:
    """Who has entries that need not be kept any longer. Index: waiting_kept_until."""
    rows = await reader.fetch_tuples(
        """
        /* across organizers: finds who keeps too much; reads only, each deletion names its organizer */
        SELECT DISTINCT organizer_id FROM marketing.waiting_entries WHERE kept_until <= %(now)s LIMIT %(limit)s
        """,
        now=now,
        limit=limit,
    )
    return [organizer_id for (organizer_id,) in rows]


async def delete_outlived(tx: Transaction, *, now: datetime) -> int:
    """Forget entries that need not be kept any longer; how many."""
    return await tx.execute(
        "DELETE FROM marketing.waiting_entries WHERE organizer_id = %(organizer_id)s AND kept_until <= %(now)s", now=now
    )
