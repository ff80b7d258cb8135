"""Drafting, changing, publishing, postponing, cancelling, putting away."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from alltickets.catalog.events import EventCancelled, EventChanged, EventPart, EventPostponed, EventPublished
from alltickets.catalog.queries import Catalog
from alltickets.catalog.refusals import (
    BlockerCode,
    EventNotFound,
    EventSlugTaken,
    IllegalMove,
    InvalidDetails,
    NotDeletable,
    NotPublishable,
    VenueNotFound,
    VersionConflict,
)
from alltickets.catalog.rules.states import EventStatus
from alltickets.catalog.schemas.organizer import EventChange, VenueChange, VenueCreate
from alltickets.catalog.service import CatalogService
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from alltickets.platform.tenants import enrol
from tests.catalog.conftest import Desk, Published


@pytest.fixture
async def stranger(database: Database) -> Actor:
    """Somebody of another organizer."""
    organizer_id = new_id()
    async with database.transaction(organizer_id) as tx:
        await enrol(tx)
    return Actor.system(organizer_id, "another organizer")


async def test_a_draft_gets_a_free_address_from_its_title(desk: Desk) -> None:
    title = f"Noche de prueba {new_id().hex}"

    first = await desk.draft(title=title)
    second = await desk.draft(title=title)

    assert first.status == EventStatus.DRAFT
    assert first.slug == title.lower().replace(" ", "-")
    assert second.slug.startswith(f"{first.slug}-")


async def test_a_wanted_address_that_is_taken_is_refused_and_nothing_is_created(desk: Desk) -> None:
    slug = f"noche-{new_id().hex}"
    await desk.draft(slug=slug)

    with pytest.raises(EventSlugTaken):
        await desk.draft(slug=slug, title="Otra")

    page = await desk.service.events.page(desk.actor, status=None, cursor=None, size=50)
    assert [one.title for one in page.items] == ["Noche de prueba"]


async def test_two_who_want_an_address_at_once_get_one_of_them(desk: Desk, stranger: Actor) -> None:
    slug = f"noche-{new_id().hex}"
    other = Desk(desk.service, stranger, desk.clock)

    outcomes = await asyncio.gather(desk.draft(slug=slug), other.draft(slug=slug), return_exceptions=True)

    assert sorted(type(one).__name__ for one in outcomes) == ["EventRead", "EventSlugTaken"]


async def test_a_former_address_keeps_leading_to_the_event(desk: Desk, catalog: Catalog) -> None:
    event = await desk.draft(slug=f"vieja-{new_id().hex}")
    renamed = await desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, slug=f"nueva-{new_id().hex}"))

    by_old = await catalog.snapshot_by_slug(event.slug)
    back = await desk.service.events.change(desk.actor, event.event_id, EventChange(version=2, slug=event.slug))

    assert by_old is not None
    assert by_old.slug == renamed.slug
    assert back.slug == event.slug


async def test_unknown_zones_currencies_and_venues_are_refused(desk: Desk) -> None:
    with pytest.raises(VenueNotFound):
        await desk.draft(venue_id=new_id())
    event = await desk.draft()
    with pytest.raises(InvalidDetails, match="IANA"):
        await desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, timezone="America/Springfield"))


async def test_a_change_on_an_old_version_is_refused_and_overwrites_nothing(desk: Desk) -> None:
    event = await desk.draft()
    changed = await desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, title="La mía"))

    with pytest.raises(VersionConflict) as refused:
        await desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, title="La otra"))

    assert refused.value.version == changed.version == 2
    assert (await desk.service.events.read(desk.actor, event.event_id)).title == "La mía"


async def test_of_two_changes_at_once_one_is_told_to_look_again(desk: Desk) -> None:
    event = await desk.draft()

    outcomes = await asyncio.gather(
        *(desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, title=title)) for title in ("A", "B")),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["EventRead", "VersionConflict"]


async def test_absent_fields_stay_as_they_are(desk: Desk) -> None:
    event = await desk.draft(description="Dos horas sin intervalo.", category="teatro")

    changed = await desk.service.events.change(desk.actor, event.event_id, EventChange(version=1, category="música"))

    assert (changed.description, changed.category, changed.title) == ("Dos horas sin intervalo.", "música", event.title)


async def test_publishing_lists_every_blocker_and_changes_nothing(desk: Desk) -> None:
    event = await desk.draft(with_venue=False)
    await desk.sector(event)

    with pytest.raises(NotPublishable) as refused:
        await desk.service.events.publish(desk.actor, event.event_id)

    assert [blocker.code for blocker in refused.value.blockers] == [
        BlockerCode.VENUE_MISSING,
        BlockerCode.PERFORMANCE_MISSING,
        BlockerCode.TICKET_TYPE_MISSING,
    ]
    assert (await desk.service.events.read(desk.actor, event.event_id)).status == EventStatus.DRAFT


async def test_an_event_lives_from_draft_to_archive(desk: Desk, published_events: Published) -> None:
    event = await desk.complete_draft()
    events = desk.service.events

    published = await events.publish(desk.actor, event.event_id)
    await events.postpone(desk.actor, event.event_id, "Por lluvia")
    again = await events.publish(desk.actor, event.event_id)
    await events.cancel(desk.actor, event.event_id, "Llueve otra vez")
    archived = await events.archive(desk.actor, event.event_id)

    assert published.published_at == again.published_at == desk.clock.now
    assert archived.status == EventStatus.ARCHIVED
    story = await published_events(EventPublished, EventPostponed, EventCancelled, EventChanged)
    assert [type(one).__name__ for one in story] == ["EventPublished", "EventPostponed", "EventPublished", "EventCancelled", "EventChanged"]
    assert story[1] == EventPostponed(event_id=event.event_id, reason="Por lluvia")


async def test_a_move_that_is_not_legal_is_refused(desk: Desk) -> None:
    event = await desk.complete_draft()

    with pytest.raises(IllegalMove):
        await desk.service.events.archive(desk.actor, event.event_id)


async def test_what_is_cancelled_is_no_longer_changed(desk: Desk) -> None:
    event = await desk.published()
    cancelled = await desk.service.events.cancel(desk.actor, event.event_id, "")

    with pytest.raises(IllegalMove):
        await desk.service.events.change(desk.actor, event.event_id, EventChange(version=cancelled.version, title="Otra"))
    with pytest.raises(IllegalMove):
        await desk.sector(event, name="Platea")


async def test_only_a_draft_is_deleted_and_its_address_is_free_again(desk: Desk) -> None:
    draft = await desk.complete_draft(slug=f"noche-{new_id().hex}")
    published = await desk.published()

    await desk.service.events.delete(desk.actor, draft.event_id)

    with pytest.raises(EventNotFound):
        await desk.service.events.read(desk.actor, draft.event_id)
    assert (await desk.draft(slug=draft.slug)).slug == draft.slug
    with pytest.raises(NotDeletable):
        await desk.service.events.delete(desk.actor, published.event_id)


async def test_another_organizers_event_does_not_exist(desk: Desk, stranger: Actor) -> None:
    event = await desk.complete_draft()
    events = desk.service.events

    for attempt in (
        events.read(stranger, event.event_id),
        events.change(stranger, event.event_id, EventChange(version=1, title="Mía")),
        events.publish(stranger, event.event_id),
        events.delete(stranger, event.event_id),
        desk.service.sectors.delete(stranger, event.event_id, event.sectors[0].sector_id),
        desk.service.ticket_types.codes(stranger, event.event_id, event.ticket_types[0].ticket_type_id),
    ):
        with pytest.raises(EventNotFound):
            await attempt


async def test_another_organizers_venue_cannot_be_used(desk: Desk, stranger: Actor) -> None:
    venue = await desk.service.venues.create(stranger, VenueCreate(name="Ajeno", city="Rosario", timezone="America/Argentina/Cordoba"))

    with pytest.raises(VenueNotFound):
        await desk.draft(venue_id=venue.venue_id)
    with pytest.raises(VenueNotFound):
        await desk.service.venues.read(desk.actor, venue.venue_id)


async def test_a_list_pages_through_all_events_of_a_status_once(desk: Desk) -> None:
    drafts = [await desk.draft() for _ in range(5)]
    await desk.published()

    seen: list[UUID] = []
    cursor = None
    while True:
        page = await desk.service.events.page(desk.actor, status=EventStatus.DRAFT, cursor=cursor, size=2)
        seen += [one.event_id for one in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert seen == [one.event_id for one in reversed(drafts)]


async def test_a_changed_venue_shows_in_its_events_and_is_told(desk: Desk, published_events: Published) -> None:
    event = await desk.published()
    assert event.venue is not None
    before = await desk.service.shop.read(str(event.event_id), code=None, address="198.51.100.7")

    await desk.service.venues.change(desk.actor, event.venue.venue_id, VenueChange(version=1, name="Gran Rex"))

    after = await desk.service.shop.read(str(event.event_id), code=None, address="198.51.100.7")
    assert before.venue is not None
    assert after.venue is not None
    assert (before.venue.name, after.venue.name) == ("Teatro Ópera", "Gran Rex")
    [told] = await published_events(EventChanged)
    assert isinstance(told, EventChanged)
    assert (told.part, told.part_id) == (EventPart.VENUE, event.venue.venue_id)


async def test_a_venue_with_events_is_kept(desk: Desk) -> None:
    event = await desk.draft()
    assert event.venue is not None

    with pytest.raises(NotDeletable):
        await desk.service.venues.delete(desk.actor, event.venue.venue_id)
    await desk.service.events.delete(desk.actor, event.event_id)
    await desk.service.venues.delete(desk.actor, event.venue.venue_id)

    with pytest.raises(VenueNotFound):
        await desk.service.venues.read(desk.actor, event.venue.venue_id)


async def test_who_did_what_stands_in_the_audit_log(desk: Desk, database: Database, service: CatalogService) -> None:
    event = await desk.published()

    async with database.reading(desk.actor.organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT action, subject_id, actor_label
              FROM identity.audit_entries
             WHERE organizer_id = %(organizer_id)s
             ORDER BY audit_entry_id
            """
        )

    assert [action for action, _, _ in rows] == [
        "venue.created",
        "event.created",
        "performance.added",
        "sector.added",
        "ticket_type.added",
        "event.published",
    ]
    assert rows[-1][1:] == (event.event_id, "catalog tests")


async def test_an_event_is_not_published_after_its_last_performance(desk: Desk) -> None:
    event = await desk.complete_draft()
    desk.clock.now += timedelta(days=60)

    with pytest.raises(NotPublishable) as refused:
        await desk.service.events.publish(desk.actor, event.event_id)

    assert [blocker.code for blocker in refused.value.blockers] == [BlockerCode.PERFORMANCE_OVER]
