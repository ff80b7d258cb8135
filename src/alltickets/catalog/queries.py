"""Reads of catalog: lists, one event whole, and the copies in the process that the shop lives on."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from alltickets.catalog.refusals import EventNotFound, PictureNotFound
from alltickets.catalog.rules.search import EventSearch, words_of
from alltickets.catalog.rules.snapshot import (
    Appearance,
    EventSnapshot,
    PerformanceSnapshot,
    PictureSnapshot,
    QuestionSnapshot,
    SaleState,
    SectorSnapshot,
    TicketTypeSnapshot,
    VenueSnapshot,
    code_digest,
)
from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.rules.stock import offers_of
from alltickets.catalog.schemas.organizer import EventRead, EventSummary, VenueRead
from alltickets.catalog.schemas.shop import EventListing
from alltickets.kernel.money import Money
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database, Reader, uuid_array
from alltickets.platform.notify import Listener
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "APPEARANCE_TOPIC",
    "EVENT_TOPIC",
    "Catalog",
    "EventFacts",
    "list_cities",
    "list_events",
    "list_public_events",
    "list_venues",
    "read_appearance",
    "read_event",
    "read_picture",
    "read_sale_states",
    "read_snapshot",
    "read_venue",
]

EVENT_TOPIC = "catalog"
APPEARANCE_TOPIC = "appearance"
OWNERS_KEPT_MAX = 100_000


class _Pool(msgspec.Struct, frozen=True):
    pool_id: UUID
    performance_id: UUID
    sector_id: UUID | None
    ticket_type_id: UUID | None


class _Code(msgspec.Struct, frozen=True):
    ticket_type_id: UUID
    code: str


class EventFacts(msgspec.Struct, frozen=True):
    """Everything that the tables say of an event, of one instant. `event` is what its organizer sees."""

    revision: int
    event: EventRead
    codes: tuple[_Code, ...]
    pools: tuple[_Pool, ...]

    def codes_of(self, ticket_type_id: UUID) -> tuple[str, ...]:
        """The access codes of a ticket type, in alphabetical order."""
        return tuple(sorted(one.code for one in self.codes if one.ticket_type_id == ticket_type_id))


_facts_decoder = msgspec.json.Decoder(EventFacts)


async def read_event(reader: Reader, event_id: UUID) -> EventFacts | None:
    """The event whole, or None. One statement, so that its parts are of the same instant: a ticket type never lacks its pool."""
    rows = await reader.fetch_tuples(
        """
        SELECT json_build_object(
                 'revision', e.revision,
                 'event', json_build_object(
                   'event_id', e.event_id, 'slug', e.slug, 'title', e.title, 'summary', e.summary, 'description', e.description,
                   'category', e.category,
                   'currency', e.currency, 'timezone', e.timezone, 'status', e.status, 'published_at', e.published_at, 'version', e.version,
                   'holder_corrections_max', e.holder_corrections_max,
                   'holder_corrections_until_hours', e.holder_corrections_until_hours,
                   'poster', (SELECT row_to_json(x)
                                FROM (SELECT picture_id, width, height
                                        FROM catalog.pictures i
                                       WHERE i.organizer_id = e.organizer_id AND i.picture_id = e.poster_id) x),
                   'venue', (SELECT row_to_json(x)
                               FROM (SELECT venue_id, name, address, city, timezone, capacity, version
                                       FROM catalog.venues v
                                      WHERE v.organizer_id = e.organizer_id AND v.venue_id = e.venue_id) x),
                   'performances', (SELECT coalesce(json_agg(x ORDER BY x.starts_at, x.performance_id), '[]')
                                      FROM (SELECT performance_id, starts_at, ends_at, doors_at, status, version
                                              FROM catalog.performances p
                                             WHERE p.organizer_id = e.organizer_id AND p.event_id = e.event_id) x),
                   'sectors', (SELECT coalesce(json_agg(x ORDER BY x.position, x.sector_id), '[]')
                                 FROM (SELECT sector_id, name, capacity, rows, position, version
                                         FROM catalog.sectors s
                                        WHERE s.organizer_id = e.organizer_id AND s.event_id = e.event_id) x),
                   'ticket_types', (SELECT coalesce(json_agg(x ORDER BY x.position, x.ticket_type_id), '[]')
                                      FROM (SELECT ticket_type_id, sector_id, name, description, price_minor, sales_from, sales_until,
                                                   per_order_max, per_buyer_max, quantity_max, visibility, position, version
                                              FROM catalog.ticket_types t
                                             WHERE t.organizer_id = e.organizer_id AND t.event_id = e.event_id) x),
                   'questions', (SELECT coalesce(json_agg(x ORDER BY x.position, x.question_id), '[]')
                                   FROM (SELECT question_id, key, label, kind, required, options, ticket_type_ids, position, version
                                           FROM catalog.questions q
                                          WHERE q.organizer_id = e.organizer_id AND q.event_id = e.event_id) x)),
                 'codes', (SELECT coalesce(json_agg(x), '[]')
                             FROM (SELECT ticket_type_id, code
                                     FROM catalog.access_codes c
                                    WHERE c.organizer_id = e.organizer_id AND c.event_id = e.event_id) x),
                 'pools', (SELECT coalesce(json_agg(x), '[]')
                             FROM (SELECT pool_id, performance_id, sector_id, ticket_type_id
                                     FROM catalog.pools o
                                    WHERE o.organizer_id = e.organizer_id AND o.event_id = e.event_id) x))::text
          FROM catalog.events e
         WHERE e.organizer_id = %(organizer_id)s AND e.event_id = %(event_id)s
        """,
        event_id=event_id,
    )
    return _facts_decoder.decode(rows[0][0]) if rows else None


async def read_snapshot(reader: Reader, event_id: UUID) -> EventSnapshot | None:
    """The event as it stands now, for decisions that must not rest on a copy; None when the reader's organizer has none such."""
    facts = await read_event(reader, event_id)
    return None if facts is None else snapshot_of(reader.organizer_id, facts)


async def read_sale_states(reader: Reader, event_ids: Collection[UUID]) -> dict[UUID, SaleState]:
    """Whether these events are sold, as it stands now, for decisions that must not rest on a copy. One statement, by the primary keys."""
    rows = await reader.fetch_tuples(
        """
        SELECT e.event_id, e.status,
               ARRAY(SELECT p.performance_id
                       FROM catalog.performances p
                      WHERE p.organizer_id = e.organizer_id AND p.event_id = e.event_id AND p.status = 'cancelled')
          FROM catalog.events e
         WHERE e.organizer_id = %(organizer_id)s AND e.event_id = ANY(%(event_ids)s::uuid[])
        """,
        event_ids=uuid_array(event_ids),
    )
    return {event_id: SaleState(EventStatus(status), frozenset(cancelled)) for event_id, status, cancelled in rows}


def snapshot_of(organizer_id: UUID, facts: EventFacts) -> EventSnapshot:
    """The facts as others see them."""
    event, venue = facts.event, facts.event.venue
    pools = {(pool.performance_id, pool.sector_id or pool.ticket_type_id): pool.pool_id for pool in facts.pools}
    return EventSnapshot(
        organizer_id=organizer_id,
        event_id=event.event_id,
        version=facts.revision,
        slug=event.slug,
        title=event.title,
        description=event.description,
        category=event.category,
        status=event.status,
        currency=event.currency,
        timezone=event.timezone,
        venue=None if venue is None else VenueSnapshot(venue.venue_id, venue.name, venue.address, venue.city, venue.capacity),
        performances={
            one.performance_id: PerformanceSnapshot(
                one.performance_id, one.starts_at.astimezone(UTC), one.ends_at.astimezone(UTC), _utc(one.doors_at), one.status
            )
            for one in event.performances
        },
        sectors={one.sector_id: SectorSnapshot(one.sector_id, one.name, one.capacity, one.rows) for one in event.sectors},
        ticket_types=_ticket_types(facts),
        offers=offers_of(
            [one.performance_id for one in event.performances],
            {one.ticket_type_id: one.sector_id for one in event.ticket_types},
            {(performance_id, subject_id): pool_id for (performance_id, subject_id), pool_id in pools.items() if subject_id is not None},
        ),
        questions=tuple(
            QuestionSnapshot(one.question_id, one.key, one.label, one.kind, one.required, one.options, frozenset(one.ticket_type_ids))
            for one in event.questions
        ),
        summary=event.summary,
        poster=event.poster,
        holder_corrections_max=event.holder_corrections_max,
        holder_corrections_until_hours=event.holder_corrections_until_hours,
    )


def _ticket_types(facts: EventFacts) -> Mapping[UUID, TicketTypeSnapshot]:
    digests: dict[UUID, set[bytes]] = {}
    for one in facts.codes:
        digests.setdefault(one.ticket_type_id, set()).add(code_digest(one.code))
    return {
        one.ticket_type_id: TicketTypeSnapshot(
            ticket_type_id=one.ticket_type_id,
            sector_id=one.sector_id,
            name=one.name,
            description=one.description,
            price=Money(one.price_minor, facts.event.currency),
            sales_from=_utc(one.sales_from),
            sales_until=_utc(one.sales_until),
            per_order_max=one.per_order_max,
            per_buyer_max=one.per_buyer_max,
            quantity_max=one.quantity_max,
            visibility=one.visibility,
            codes=frozenset(digests.get(one.ticket_type_id, ())),
        )
        for one in facts.event.ticket_types
    }


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)


class Catalog:
    """Copies of events in this process, at most a second old and dropped when a change is announced."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: Snapshots[UUID, EventSnapshot] = Snapshots(self._load, version_of=self._version_of)
        self._slugs: Snapshots[str, UUID] = Snapshots(self._load_slug)
        self._owners: dict[UUID, UUID] = {}

    def follow(self, listener: Listener) -> None:
        """Drop a copy as soon as its change is announced."""
        self._events.follow(listener, EVENT_TOPIC, UUID)

    def peek(self, event_id: UUID) -> EventSnapshot | None:
        """The copy if it is here and fresh, without waiting; None otherwise: then ask for `snapshot`."""
        return self._events.peek(event_id)

    async def snapshot(self, event_id: UUID) -> EventSnapshot | None:
        """The event, of whichever organizer and in whichever status; None when there is none."""
        return await self._events.get(event_id)

    async def of_organizer(self, organizer_id: UUID, event_id: UUID) -> EventSnapshot:
        """The event, in whichever status. Raises `EventNotFound`, also for another organizer's."""
        event = await self.snapshot(event_id)
        if event is None or event.organizer_id != organizer_id:
            raise EventNotFound(str(event_id))
        return event

    async def snapshot_by_slug(self, slug: str) -> EventSnapshot | None:
        """The event that a present or former address leads to; None when there is none."""
        # What is no address at all is not looked up: the database refuses a NUL, and nothing is kept of nonsense.
        if not slug.replace("-", "").isalnum() or not slug.isascii():
            return None
        event_id = await self._slugs.get(slug)
        return None if event_id is None else await self.snapshot(event_id)

    def drop(self, event_id: UUID) -> None:
        """Forget a copy: what this process has just changed, it also sees changed."""
        self._events.drop(event_id)

    async def _load(self, event_id: UUID) -> tuple[EventSnapshot | None, object]:
        organizer_id = await self._owner_of(event_id)
        if organizer_id is None:
            return None, None
        async with self._database.reading(organizer_id) as reader:
            snapshot = await read_snapshot(reader, event_id)
        return snapshot, None if snapshot is None else snapshot.version

    async def _version_of(self, event_id: UUID) -> object:
        organizer_id = await self._owner_of(event_id)
        if organizer_id is None:
            return None
        async with self._database.reading(organizer_id) as reader:
            rows = await reader.fetch_tuples(
                "SELECT revision FROM catalog.events WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s", event_id=event_id
            )
        return rows[0][0] if rows else None

    async def _owner_of(self, event_id: UUID) -> UUID | None:
        # An event never changes hands, so what was found once stays; unknown ids are not kept, so nobody fills this up by asking.
        owner = self._owners.get(event_id)
        if owner is None:
            async with self._database.reading(None) as reader:
                rows = await reader.fetch_tuples(
                    "/* directory */ SELECT organizer_id FROM catalog.event_directory WHERE event_id = %(event_id)s", event_id=event_id
                )
            if not rows:
                return None
            if len(self._owners) >= OWNERS_KEPT_MAX:
                self._owners.clear()
            owner = self._owners[event_id] = rows[0][0]
        return owner

    async def _load_slug(self, slug: str) -> tuple[UUID | None, object]:
        async with self._database.reading(None) as reader:
            rows = await reader.fetch_tuples("/* directory */ SELECT event_id FROM catalog.slug_directory WHERE slug = %(slug)s", slug=slug)
        return (rows[0][0] if rows else None), None


async def read_venue(reader: Reader, venue_id: UUID) -> VenueRead | None:
    """A venue of the reader's organizer, or None."""
    return await reader.fetch_first(
        VenueRead,
        """
        SELECT venue_id, name, address, city, timezone, capacity, version
          FROM catalog.venues
         WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s
        """,
        venue_id=venue_id,
    )


async def list_venues(reader: Reader, *, cursor: str | None, size: int) -> Page[VenueRead]:
    """Venues, newest first, by the primary key. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        VenueRead,
        """
        SELECT venue_id, name, address, city, timezone, capacity, version
          FROM catalog.venues
         WHERE organizer_id = %(organizer_id)s
           AND (%(before)s::uuid IS NULL OR venue_id < %(before)s::uuid)
         ORDER BY venue_id DESC
         LIMIT %(limit)s
        """,
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda venue: [str(venue.venue_id)])


async def list_events(reader: Reader, *, status: EventStatus | None, cursor: str | None, size: int) -> Page[EventSummary]:
    """The organizer's events, newest first, of that status or of any, by the primary key. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        EventSummary,
        """
        SELECT e.event_id, e.slug, e.title, e.status, e.currency, e.timezone, v.name AS venue_name, p.starts_at, p.ends_at
          FROM catalog.events e
          LEFT JOIN catalog.venues v
            ON v.organizer_id = e.organizer_id AND v.venue_id = e.venue_id
          LEFT JOIN LATERAL (SELECT min(starts_at) AS starts_at, max(ends_at) AS ends_at
                               FROM catalog.performances
                              WHERE organizer_id = e.organizer_id AND event_id = e.event_id) p
            ON true
         WHERE e.organizer_id = %(organizer_id)s
           AND (%(status)s::text IS NULL OR e.status = %(status)s::text)
           AND (%(before)s::uuid IS NULL OR e.event_id < %(before)s::uuid)
         ORDER BY e.event_id DESC
         LIMIT %(limit)s
        """,
        status=None if status is None else status.value,
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda event: [str(event.event_id)])


async def list_public_events(
    reader: Reader, *, now: datetime, cursor: str | None, size: int, search: EventSearch | None = None
) -> Page[EventListing]:
    """Published and postponed events of all organizers that are not over, the next one first. Index: events_listed.

    Raises `CursorUnreadable`.
    """
    after = decode_cursor(cursor, datetime, UUID)
    search = search or EventSearch()
    rows = await reader.fetch_all(
        EventListing,
        """
        /* directory */
        SELECT event_id, slug, title, category, status, timezone, venue_name, city, starts_at, ends_at
          FROM catalog.event_directory
         WHERE is_listed
           AND ends_at > %(now)s
           AND (%(starts_after)s::timestamptz IS NULL OR (starts_at, event_id) > (%(starts_after)s::timestamptz, %(id_after)s::uuid))
           AND (%(from_at)s::timestamptz IS NULL OR ends_at >= %(from_at)s::timestamptz)
           AND (%(until_at)s::timestamptz IS NULL OR starts_at < %(until_at)s::timestamptz)
           AND (%(city)s::text IS NULL OR city = %(city)s::text)
           AND words LIKE ALL (%(patterns)s::text[])
         ORDER BY starts_at, event_id
         LIMIT %(limit)s
        """,
        now=now,
        starts_after=after[0] if after else None,
        id_after=after[1] if after else None,
        from_at=search.from_at,
        until_at=search.until_at,
        city=search.city,
        patterns=[f"%{_escaped(word)}%" for word in words_of(search.text)],
        limit=size + 1,
    )
    return page_of(rows, size, lambda event: [event.starts_at.astimezone(UTC).isoformat(), str(event.event_id)])


async def list_cities(reader: Reader, *, now: datetime) -> list[str]:
    """The cities in which listed events take place, in alphabetical order."""
    rows = await reader.fetch_tuples(
        """
        /* directory */
        SELECT DISTINCT city
          FROM catalog.event_directory
         WHERE is_listed AND ends_at > %(now)s AND city <> ''
         ORDER BY city
         LIMIT 500
        """,
        now=now,
    )
    return [row[0] for row in rows]


def _escaped(word: str) -> str:
    """The word as LIKE finds it, and nothing else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def read_appearance(reader: Reader) -> Appearance:
    """What the reader's organizer has chosen; version 0 when it chose nothing yet."""
    rows = await reader.fetch_tuples(
        """
        SELECT a.version, a.accent, p.picture_id, p.width, p.height
          FROM catalog.appearances a
          LEFT JOIN catalog.pictures p
            ON p.organizer_id = a.organizer_id AND p.picture_id = a.logo_id
         WHERE a.organizer_id = %(organizer_id)s
        """
    )
    if not rows:
        return Appearance(0, None, None)
    [(version, accent, picture_id, width, height)] = rows
    return Appearance(version, accent, None if picture_id is None else PictureSnapshot(picture_id, width, height))


async def read_picture(reader: Reader, picture_id: UUID, *, is_small: bool) -> bytes:
    """A picture of the reader's organizer as WebP. Raises `PictureNotFound`."""
    rows = await reader.fetch_tuples(
        """
        SELECT CASE WHEN %(is_small)s THEN small ELSE large END
          FROM catalog.pictures
         WHERE organizer_id = %(organizer_id)s AND picture_id = %(picture_id)s
        """,
        picture_id=picture_id,
        is_small=is_small,
    )
    if not rows:
        raise PictureNotFound
    return bytes(rows[0][0])
