"""How everything in an event is changed: one at a time, whole, and told to everybody at the end."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from alltickets.catalog.events import EventChanged, EventPart
from alltickets.catalog.queries import EVENT_TOPIC, Catalog, EventFacts, read_event
from alltickets.catalog.refusals import EventNotFound, IllegalMove, TooManyParts, VersionConflict
from alltickets.catalog.rules.details import PARTS_MAX
from alltickets.catalog.rules.search import folded
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, is_editable
from alltickets.identity.interface import Actor, Subject, record
from alltickets.platform.database import Database, Transaction
from alltickets.platform.outbox import Event

__all__ = ["Detail", "Edit", "Editing", "check_room", "check_version", "write_directory"]

Detail = Mapping[str, str | int | bool | None]


class Edit:
    """An event that is locked to be changed. `before`: as it was; `after`: as it is, once the edit has ended."""

    def __init__(self, tx: Transaction, actor: Actor, before: EventFacts) -> None:
        self.tx = tx
        self.before = before
        self.after = before
        self._actor = actor
        self._changes: list[tuple[EventPart, UUID]] = []
        self._has_moved = False

    async def changed(self, part: EventPart, part_id: UUID, action: str, detail: Detail | None = None) -> None:
        """A part was added, changed or taken away: the audit log gets an entry, the others learn of it unless this is a draft."""
        self._changes.append((part, part_id))
        await record(self.tx, self._actor, f"{part.value}.{action}", Subject(part.value, part_id), self._with_event(detail))

    async def moved(self, event: Event, action: str, subject: Subject, detail: Detail | None = None) -> None:
        """The event, or a performance, has become something else, which `event` tells the others."""
        self._has_moved = True
        self.tx.publish(event)
        await record(self.tx, self._actor, f"{subject.kind}.{action}", subject, self._with_event(detail))

    async def finish(self) -> None:
        """Raise the revision, write the directory, tell the others: if anything was changed."""
        if not self._changes and not self._has_moved:
            return
        event_id = self.before.event.event_id
        await self.tx.execute(
            "UPDATE catalog.events SET revision = revision + 1 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s",
            event_id=event_id,
        )
        after = await read_event(self.tx, event_id)
        assert after is not None, "an event that is locked does not vanish"
        self.after = after
        await write_directory(self.tx, after)
        if after.event.status != EventStatus.DRAFT:
            for part, part_id in self._changes:
                self.tx.publish(EventChanged(event_id=event_id, event_version=after.revision, part=part, part_id=part_id))
        self.tx.announce(EVENT_TOPIC, str(event_id))

    def _with_event(self, detail: Detail | None) -> Detail:
        return {"event_id": str(self.before.event.event_id), **(detail or {})}


class Editing:
    """Opens edits: each is a transaction that begins and ends here."""

    def __init__(self, database: Database, catalog: Catalog) -> None:
        self._database = database
        self._catalog = catalog

    @contextlib.asynccontextmanager
    async def of(self, actor: Actor, event_id: UUID) -> AsyncIterator[Edit]:
        """Change an event that can still be changed. Raises `EventNotFound`, or `IllegalMove` when it is cancelled or archived."""
        async with self.moving(actor, event_id) as edit:
            status = edit.before.event.status
            if not is_editable(status):
                raise IllegalMove(status.value, "changed", ())
            yield edit

    @contextlib.asynccontextmanager
    async def moving(self, actor: Actor, event_id: UUID) -> AsyncIterator[Edit]:
        """Change an event in whichever status it is. Raises `EventNotFound`.

        The lock on the event's row makes everything in it change one after the other: what is checked against `before` holds until the
        end, such as that a sector whose ticket type is being added is not being deleted.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.fetch_tuples(
                "SELECT 1 FROM catalog.events WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s FOR UPDATE",
                event_id=event_id,
            )
            before = await read_event(tx, event_id)
            if before is None:
                raise EventNotFound(str(event_id))
            edit = Edit(tx, actor, before)
            yield edit
            await edit.finish()
        self._catalog.drop(event_id)


def check_version(made_on: int, version: int) -> None:
    """Raises `VersionConflict` unless a change was made on the newest version."""
    if made_on != version:
        raise VersionConflict(version)


def check_room(what: str, count: int) -> None:
    """Raises `TooManyParts` when an event that has `count` of these has room for no more."""
    if count >= PARTS_MAX[what]:
        raise TooManyParts(what, PARTS_MAX[what])


async def write_directory(tx: Transaction, facts: EventFacts) -> None:
    """Bring the event's line of the public list up to what the event is now."""
    event = facts.event
    scheduled = [one for one in event.performances if one.status == PerformanceStatus.SCHEDULED]
    await tx.execute(
        """
        UPDATE catalog.event_directory
           SET is_listed = %(is_listed)s, slug = %(slug)s, title = %(title)s, category = %(category)s, status = %(status)s,
               timezone = %(timezone)s, venue_name = %(venue_name)s, city = %(city)s, words = %(words)s,
               starts_at = %(starts_at)s, ends_at = %(ends_at)s
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
        """,
        event_id=event.event_id,
        is_listed=bool(scheduled) and event.status in (EventStatus.PUBLISHED, EventStatus.POSTPONED),
        slug=event.slug,
        title=event.title,
        category=event.category,
        status=event.status.value,
        timezone=event.timezone,
        venue_name=event.venue.name if event.venue else "",
        city=event.venue.city if event.venue else "",
        words=folded(f"{event.title} {event.category} {event.venue.name} {event.venue.city}" if event.venue else event.title),
        starts_at=min((one.starts_at for one in scheduled), default=None),
        ends_at=max((one.ends_at for one in scheduled), default=None),
    )
