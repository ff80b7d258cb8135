"""Use cases of venues."""

from uuid import UUID

import msgspec

from alltickets.catalog.events import EventChanged, EventPart
from alltickets.catalog.queries import EVENT_TOPIC, Catalog, list_venues, read_event, read_venue
from alltickets.catalog.refusals import NotDeletable, VenueNotFound
from alltickets.catalog.rules.details import require, zone_faults
from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import VenueChange, VenueCreate, VenueRead
from alltickets.catalog.service.editing import check_version, write_directory
from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page

__all__ = ["Venues"]


class Venues:
    """An organizer's venues."""

    def __init__(self, database: Database, catalog: Catalog) -> None:
        self._database = database
        self._catalog = catalog

    async def create(self, actor: Actor, body: VenueCreate) -> VenueRead:
        """Add a venue. Raises `InvalidDetails`."""
        require(zone_faults(body.timezone))
        venue = VenueRead(new_id(), body.name, body.address, body.city, body.timezone, body.capacity, version=1)
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.execute(
                """
                INSERT INTO catalog.venues (organizer_id, venue_id, name, address, city, timezone, capacity, version)
                VALUES (%(organizer_id)s, %(venue_id)s, %(name)s, %(address)s, %(city)s, %(timezone)s, %(capacity)s, %(version)s)
                """,
                **msgspec.structs.asdict(venue),
            )
            await record(tx, actor, "venue.created", Subject("venue", venue.venue_id), {"name": venue.name})
        return venue

    async def page(self, actor: Actor, *, cursor: str | None, size: int) -> Page[VenueRead]:
        """Venues, newest first."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await list_venues(reader, cursor=cursor, size=size)

    async def read(self, actor: Actor, venue_id: UUID) -> VenueRead:
        """One venue. Raises `VenueNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return _known(await read_venue(reader, venue_id), venue_id)

    async def change(self, actor: Actor, venue_id: UUID, body: VenueChange) -> VenueRead:
        """Change a venue, and with it every event that takes place there. Raises `VenueNotFound`, `VersionConflict`, `InvalidDetails`."""
        changes = changes_of(body)
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.fetch_tuples(
                "SELECT 1 FROM catalog.venues WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s FOR NO KEY UPDATE",
                venue_id=venue_id,
            )
            venue = _known(await read_venue(tx, venue_id), venue_id)
            check_version(body.version, venue.version)
            if not changes:
                return venue
            venue = msgspec.structs.replace(venue, **changes, version=venue.version + 1)
            require(zone_faults(venue.timezone))
            await _update(tx, venue)
            await record(tx, actor, "venue.changed", Subject("venue", venue_id), {"fields": ", ".join(sorted(changes))})
            events = await _touch_events(tx, venue_id)
        for event_id in events:
            self._catalog.drop(event_id)
        return venue

    async def delete(self, actor: Actor, venue_id: UUID) -> None:
        """Delete a venue that no event takes place at. Raises `VenueNotFound`, `NotDeletable`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            # Whoever gives an event this venue locks its row FOR KEY SHARE: either they come first and are seen, or they wait and fail.
            await tx.fetch_tuples(
                "SELECT 1 FROM catalog.venues WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s FOR UPDATE",
                venue_id=venue_id,
            )
            _known(await read_venue(tx, venue_id), venue_id)
            used = await tx.fetch_tuples(
                "SELECT 1 FROM catalog.events WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s LIMIT 1", venue_id=venue_id
            )
            if used:
                raise NotDeletable("Events take place at this venue, so it was kept. Give them another venue first.")
            await tx.execute(
                "DELETE FROM catalog.venues WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s", venue_id=venue_id
            )
            await record(tx, actor, "venue.deleted", Subject("venue", venue_id))


def _known(venue: VenueRead | None, venue_id: UUID) -> VenueRead:
    if venue is None:
        raise VenueNotFound(venue_id)
    return venue


async def _update(tx: Transaction, venue: VenueRead) -> None:
    await tx.execute(
        """
        UPDATE catalog.venues
           SET name = %(name)s, address = %(address)s, city = %(city)s, timezone = %(timezone)s, capacity = %(capacity)s,
               version = %(version)s
         WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s
        """,
        **msgspec.structs.asdict(venue),
    )


async def _touch_events(tx: Transaction, venue_id: UUID) -> list[UUID]:
    """Raise the revision of every event at the venue, locked in id order, and tell the others."""
    rows = await tx.fetch_tuples(
        """
        SELECT event_id
          FROM catalog.events
         WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s
         ORDER BY event_id
           FOR UPDATE
        """,
        venue_id=venue_id,
    )
    event_ids = [event_id for (event_id,) in rows]
    await tx.execute(
        "UPDATE catalog.events SET revision = revision + 1 WHERE organizer_id = %(organizer_id)s AND event_id = ANY(%(ids)s::uuid[])",
        ids=event_ids,
    )
    for event_id in event_ids:
        facts = await read_event(tx, event_id)
        assert facts is not None, "an event that is locked does not vanish"
        await write_directory(tx, facts)
        if facts.event.status != EventStatus.DRAFT:
            tx.publish(EventChanged(event_id=event_id, event_version=facts.revision, part=EventPart.VENUE, part_id=venue_id))
        tx.announce(EVENT_TOPIC, str(event_id))
    return event_ids
