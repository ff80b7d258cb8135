"""Use cases of events: drafting, changing, publishing, postponing, cancelling, putting away."""

from typing import LiteralString
from uuid import UUID

import msgspec

from alltickets.catalog.events import EventCancelled, EventPart, EventPostponed, EventPublished
from alltickets.catalog.queries import EVENT_TOPIC, list_events, read_event, snapshot_of
from alltickets.catalog.refusals import EventNotFound, EventSlugTaken, NotDeletable, NotPublishable, VenueNotFound
from alltickets.catalog.rules.details import currency_faults, require, slug_from, zone_faults
from alltickets.catalog.rules.publishing import publishing_blockers
from alltickets.catalog.rules.states import EventStatus, check_move
from alltickets.catalog.schemas.fields import changes_of
from alltickets.catalog.schemas.organizer import EventChange, EventCreate, EventRead, EventSummary
from alltickets.catalog.service.editing import Edit, Editing, check_version, write_directory
from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page

__all__ = ["Events"]

SLUG_TRIES_MAX = 5
# Children before what they refer to.
_DELETIONS: tuple[LiteralString, ...] = (
    "DELETE FROM catalog.pools WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.questions WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.access_codes WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.ticket_types WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.sectors WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.performances WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.events WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.event_directory WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
    "DELETE FROM catalog.slug_directory WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
)

_CHANGEABLE = (
    "event_id",
    "slug",
    "title",
    "summary",
    "description",
    "category",
    "timezone",
    "venue_id",
    "holder_corrections_max",
    "holder_corrections_until_hours",
)


class Events:
    """An organizer's events."""

    def __init__(self, database: Database, clock: Clock, editing: Editing) -> None:
        self._database = database
        self._clock = clock
        self._editing = editing

    async def create(self, actor: Actor, body: EventCreate) -> EventRead:
        """Begin a draft. Raises `InvalidDetails`, `VenueNotFound`, `EventSlugTaken`."""
        require([*zone_faults(body.timezone), *currency_faults(body.currency)])
        event_id = new_id()
        async with self._database.transaction(actor.organizer_id) as tx:
            if body.venue_id is not None:
                await _lock_venue(tx, body.venue_id)
            slug = await _claim_slug(tx, event_id, wanted=body.slug, title=body.title)
            await _insert(tx, event_id, slug, body)
            await record(tx, actor, "event.created", Subject("event", event_id), {"title": body.title})
            facts = await read_event(tx, event_id)
            assert facts is not None, "what was just inserted is there"
            await write_directory(tx, facts)
        return facts.event

    async def page(self, actor: Actor, *, status: EventStatus | None, cursor: str | None, size: int) -> Page[EventSummary]:
        """The organizer's events, newest first."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await list_events(reader, status=status, cursor=cursor, size=size)

    async def read(self, actor: Actor, event_id: UUID) -> EventRead:
        """One event with everything in it. Raises `EventNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            facts = await read_event(reader, event_id)
        if facts is None:
            raise EventNotFound(str(event_id))
        return facts.event

    async def change(self, actor: Actor, event_id: UUID, body: EventChange) -> EventRead:
        """Change the event's own facts. Raises `EventNotFound`, `IllegalMove`, `VersionConflict`, `InvalidDetails`, `EventSlugTaken`."""
        changes = changes_of(body)
        async with self._editing.of(actor, event_id) as edit:
            event = edit.before.event
            check_version(body.version, event.version)
            require(zone_faults(changes.get("timezone", event.timezone)))
            if changes:
                if "venue_id" in changes:
                    await _lock_venue(edit.tx, changes["venue_id"])
                if "slug" in changes:
                    await _claim_slug(edit.tx, event_id, wanted=changes["slug"], title=event.title)
                await _update(edit.tx, event, changes)
                await edit.changed(EventPart.EVENT, event_id, "changed", {"fields": ", ".join(sorted(changes))})
        return edit.after.event

    async def delete(self, actor: Actor, event_id: UUID) -> None:
        """Delete a draft with everything in it. Raises `EventNotFound`, `NotDeletable`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            rows = await tx.fetch_tuples(
                "SELECT title, status FROM catalog.events WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s FOR UPDATE",
                event_id=event_id,
            )
            if not rows:
                raise EventNotFound(str(event_id))
            [(title, status)] = rows
            if status != EventStatus.DRAFT:
                raise NotDeletable("Only a draft can be deleted. Cancel this event, or archive it when it is over.")
            for statement in _DELETIONS:
                await tx.execute(statement, event_id=event_id)
            await record(tx, actor, "event.deleted", Subject("event", event_id), {"title": title})
            tx.announce(EVENT_TOPIC, str(event_id))

    async def publish(self, actor: Actor, event_id: UUID) -> EventRead:
        """Make the event public and put it on sale. Raises `EventNotFound`, `IllegalMove`, `NotPublishable` with every blocker."""
        now = self._clock()
        async with self._editing.moving(actor, event_id) as edit:
            event = edit.before.event
            check_move(event.status, EventStatus.PUBLISHED)
            blockers = publishing_blockers(snapshot_of(actor.organizer_id, edit.before), now)
            if blockers:
                raise NotPublishable(blockers)
            await edit.tx.execute(
                """
                UPDATE catalog.events
                   SET status = 'published', published_at = coalesce(published_at, %(now)s)
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
                """,
                event_id=event_id,
                now=now,
            )
            published = EventPublished(
                event_id=event_id, slug=event.slug, title=event.title, currency=event.currency, timezone=event.timezone
            )
            await edit.moved(published, "published", Subject("event", event_id))
        return edit.after.event

    async def postpone(self, actor: Actor, event_id: UUID, reason: str) -> EventRead:
        """Take the event off sale until it has a new date. Raises `EventNotFound`, `IllegalMove`."""
        async with self._editing.moving(actor, event_id) as edit:
            await _move(edit, EventStatus.POSTPONED)
            await edit.moved(EventPostponed(event_id=event_id, reason=reason), "postponed", Subject("event", event_id), {"reason": reason})
        return edit.after.event

    async def cancel(self, actor: Actor, event_id: UUID, reason: str) -> EventRead:
        """Say that the event does not take place. Raises `EventNotFound`, `IllegalMove`."""
        async with self._editing.moving(actor, event_id) as edit:
            await _move(edit, EventStatus.CANCELLED)
            await edit.moved(EventCancelled(event_id=event_id, reason=reason), "cancelled", Subject("event", event_id), {"reason": reason})
        return edit.after.event

    async def archive(self, actor: Actor, event_id: UUID) -> EventRead:
        """Put the event away, out of every public list. Raises `EventNotFound`, `IllegalMove`."""
        async with self._editing.moving(actor, event_id) as edit:
            await _move(edit, EventStatus.ARCHIVED)
            await edit.changed(EventPart.EVENT, event_id, "archived")
        return edit.after.event


async def _move(edit: Edit, wanted: EventStatus) -> None:
    check_move(edit.before.event.status, wanted)
    await edit.tx.execute(
        "UPDATE catalog.events SET status = %(status)s WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
        event_id=edit.before.event.event_id,
        status=wanted.value,
    )


async def _lock_venue(tx: Transaction, venue_id: UUID) -> None:
    # Shared with other events that take it, and against its deletion.
    rows = await tx.fetch_tuples(
        "SELECT 1 FROM catalog.venues WHERE organizer_id = %(organizer_id)s AND venue_id = %(venue_id)s FOR KEY SHARE", venue_id=venue_id
    )
    if not rows:
        raise VenueNotFound(venue_id)


async def _claim_slug(tx: Transaction, event_id: UUID, *, wanted: str | None, title: str) -> str:
    """The event's slug from now on: the one that is wanted, or a free one made of the title. Raises `EventSlugTaken`."""
    if wanted is not None:
        if not await _has_slug(tx, event_id, wanted):
            raise EventSlugTaken(wanted)
        return wanted
    stem = slug_from(title)
    slug = stem
    for _ in range(SLUG_TRIES_MAX):
        if await _has_slug(tx, event_id, slug):
            return slug
        slug = f"{stem}-{new_id().hex[-6:]}"
    raise EventSlugTaken(slug)


async def _has_slug(tx: Transaction, event_id: UUID, slug: str) -> bool:
    """Take the slug unless it is or was another event's; the primary key decides between two that want it at once."""
    taken = await tx.execute(
        """
        INSERT INTO catalog.slug_directory AS s (slug, organizer_id, event_id)
        VALUES (%(slug)s, %(organizer_id)s, %(event_id)s)
        ON CONFLICT (slug) DO UPDATE SET event_id = excluded.event_id WHERE s.event_id = excluded.event_id
        """,
        slug=slug,
        event_id=event_id,
    )
    return taken == 1


async def _insert(tx: Transaction, event_id: UUID, slug: str, body: EventCreate) -> None:
    facts = {**msgspec.structs.asdict(body), "event_id": event_id, "slug": slug}
    await tx.execute(
        """
        INSERT INTO catalog.events
               (organizer_id, event_id, slug, title, summary, description, category, currency, timezone, venue_id,
                holder_corrections_max, holder_corrections_until_hours, status, version, revision)
        VALUES (%(organizer_id)s, %(event_id)s, %(slug)s, %(title)s, %(summary)s, %(description)s, %(category)s, %(currency)s,
                %(timezone)s, %(venue_id)s, %(holder_corrections_max)s, %(holder_corrections_until_hours)s, 'draft', 1, 1)
        """,
        **facts,
    )
    await tx.execute(
        """
        INSERT INTO catalog.event_directory
               (event_id, organizer_id, is_listed, slug, title, category, status, timezone, venue_name, city)
        VALUES (%(event_id)s, %(organizer_id)s, false, %(slug)s, %(title)s, %(category)s, 'draft', %(timezone)s, '', '')
        """,
        **facts,
    )


async def _update(tx: Transaction, event: EventRead, changes: dict[str, object]) -> None:
    facts = {**msgspec.structs.asdict(event), "venue_id": event.venue.venue_id if event.venue else None, **changes}
    await tx.execute(
        """
        UPDATE catalog.events
           SET slug = %(slug)s, title = %(title)s, summary = %(summary)s, description = %(description)s,
               category = %(category)s, timezone = %(timezone)s, venue_id = %(venue_id)s,
               holder_corrections_max = %(holder_corrections_max)s,
               holder_corrections_until_hours = %(holder_corrections_until_hours)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
        """,
        **{name: facts[name] for name in _CHANGEABLE},
    )
