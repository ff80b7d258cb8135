"""The copies that the shop lives on: whole, versioned, never older than a second."""

import asyncio
from uuid import UUID

import pytest

from alltickets.catalog.queries import Catalog, read_snapshot
from alltickets.catalog.refusals import EventNotFound
from alltickets.catalog.rules.snapshot import QuestionKind
from alltickets.catalog.rules.states import EventStatus, Visibility
from alltickets.catalog.schemas.organizer import EventChange, QuestionCreate
from alltickets.kernel.ids import new_id
from alltickets.platform.cache import FRESH_SECONDS
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from tests.catalog.conftest import Desk
from tests.waiting import until


async def test_an_unknown_event_is_none(catalog: Catalog) -> None:
    assert await catalog.snapshot(new_id()) is None
    assert await catalog.snapshot_by_slug("no-such-event") is None
    assert await catalog.snapshot_by_slug("\x00 <b>'") is None


async def test_a_snapshot_says_whose_it_is_and_carries_everything(desk: Desk, catalog: Catalog) -> None:
    event = await desk.published()

    snapshot = await catalog.snapshot(event.event_id)

    assert snapshot is not None
    assert snapshot.organizer_id == desk.actor.organizer_id
    assert snapshot.status == EventStatus.PUBLISHED
    assert snapshot.venue is not None
    assert snapshot.venue.city == "Buenos Aires"
    assert list(snapshot.ticket_types) == [event.ticket_types[0].ticket_type_id]
    assert snapshot.ticket_types[event.ticket_types[0].ticket_type_id].price.currency == "ARS"
    assert [one.starts_at for one in snapshot.performances.values()] == [event.performances[0].starts_at]
    assert len(snapshot.offers) == 1


async def test_what_this_process_changed_it_sees_at_once(desk: Desk, catalog: Catalog) -> None:
    event = await desk.published()
    before = await catalog.snapshot(event.event_id)

    await desk.service.events.change(desk.actor, event.event_id, EventChange(version=event.version, title="Otra noche"))

    after = await catalog.snapshot(event.event_id)
    assert before is not None
    assert after is not None
    assert after.title == "Otra noche"
    assert after.version > before.version


async def test_another_process_learns_of_a_change_by_announcement(desk: Desk, database: Database, database_url: str) -> None:
    elsewhere, listener = Catalog(database), Listener(database_url)
    elsewhere.follow(listener)
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    listener.on("catalog", heard.put_nowait)
    listener.start()
    event = await desk.published()
    async with asyncio.timeout(10):
        while await heard.get() != str(event.event_id):
            pass
        await elsewhere.snapshot(event.event_id)

        await desk.service.events.postpone(desk.actor, event.event_id, "")
        # What was announced while the event was made may still be coming: the copy is gone once the postponement is heard.
        while await heard.get() != str(event.event_id) or elsewhere.peek(event.event_id) is not None:
            pass

    snapshot = await elsewhere.snapshot(event.event_id)
    await listener.stop()
    assert snapshot is not None
    assert snapshot.status == EventStatus.POSTPONED


async def test_a_copy_that_nothing_was_announced_of_is_rechecked(desk: Desk, database: Database) -> None:
    event = await desk.published()
    elsewhere = Catalog(database)
    before = await elsewhere.snapshot(event.event_id)

    await desk.service.events.postpone(desk.actor, event.event_id, "")

    async def is_postponed() -> bool:
        snapshot = await elsewhere.snapshot(event.event_id)
        return snapshot is not None and snapshot.status == EventStatus.POSTPONED

    assert before is not None
    assert before.status == EventStatus.PUBLISHED
    assert await until(is_postponed) < 2 * FRESH_SECONDS


async def test_reading_as_it_stands_is_for_its_organizer_only(desk: Desk, database: Database) -> None:
    event = await desk.complete_draft()

    async with database.reading(desk.actor.organizer_id) as reader:
        ours = await read_snapshot(reader, event.event_id)
    async with database.reading(new_id()) as reader:
        theirs = await read_snapshot(reader, event.event_id)

    assert ours is not None
    assert theirs is None


async def listed(desk: Desk, *, page_size: int = 200) -> list[UUID]:
    """Everything that the public list shows, page by page, whosoever's it is."""
    found: list[UUID] = []
    cursor = None
    while True:
        page = await desk.service.shop.page(cursor=cursor, size=page_size)
        found += [one.event_id for one in page.items]
        cursor = page.next
        if cursor is None:
            return found


async def test_the_public_list_has_what_is_coming_the_next_one_first(desk: Desk) -> None:
    mine = []
    for in_days in (12, 11, 13):
        event = await desk.draft()
        await desk.performance(event, in_days=in_days)
        await desk.ticket_type(event, await desk.sector(event))
        await desk.service.events.publish(desk.actor, event.event_id)
        mine.append(event.event_id)
    draft = await desk.complete_draft()

    found = await listed(desk, page_size=2)

    assert [one for one in found if one in mine] == [mine[1], mine[0], mine[2]]
    assert draft.event_id not in found
    assert len(set(found)) == len(found)


async def test_what_is_over_cancelled_or_archived_leaves_the_public_list(desk: Desk) -> None:
    over, cancelled, archived = await desk.published(), await desk.published(), await desk.published()
    mine = {over.event_id, cancelled.event_id, archived.event_id}
    before = mine & set(await listed(desk))

    await desk.service.events.cancel(desk.actor, cancelled.event_id, "")
    await desk.service.events.archive(desk.actor, archived.event_id)
    after = mine & set(await listed(desk))
    desk.clock.advance(days=60)
    at_last = mine & set(await listed(desk))

    assert (before, after, at_last) == (mine, {over.event_id}, set())


async def test_the_shop_shows_nothing_of_what_is_hidden_or_locked(desk: Desk) -> None:
    event = await desk.draft()
    await desk.performance(event)
    campo, palco = await desk.sector(event), await desk.sector(event, name="Palco", capacity=20)
    general = await desk.ticket_type(event, campo)
    press = await desk.ticket_type(event, palco, name="Prensa", visibility=Visibility.CODE, codes=("diario26",))
    hidden = await desk.ticket_type(event, campo, name="Oculta", visibility=Visibility.HIDDEN)
    for key, ticket_type in (("medio", press), ("secreto", hidden)):
        question = QuestionCreate(key=key, label=key, kind=QuestionKind.TEXT, ticket_type_ids=(ticket_type.ticket_type_id,))
        await desk.service.questions.add(desk.actor, event.event_id, question)
    await desk.service.events.publish(desk.actor, event.event_id)

    anybody = await desk.service.shop.read(event.slug, code="prueba", address="198.51.100.7")
    with_code = await desk.service.shop.read(str(event.event_id), code="DIARIO26", address="198.51.100.7")

    assert [one.ticket_type_id for one in anybody.ticket_types] == [general.ticket_type_id]
    assert ([one.name for one in anybody.sectors], anybody.questions) == (["Campo"], ())
    assert {one.ticket_type_id for one in with_code.ticket_types} == {general.ticket_type_id, press.ticket_type_id}
    assert ({one.name for one in with_code.sectors}, [one.key for one in with_code.questions]) == ({"Campo", "Palco"}, ["medio"])


@pytest.mark.parametrize(
    "address", ["no-such-event", "00000000-0000-7000-8000-000000000000", "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz", "%00"]
)
async def test_an_address_that_leads_nowhere_is_refused(desk: Desk, address: str) -> None:
    with pytest.raises(EventNotFound):
        await desk.service.shop.read(address, code=None, address="198.51.100.7")


async def test_a_draft_is_not_shown(desk: Desk) -> None:
    event = await desk.complete_draft()

    with pytest.raises(EventNotFound):
        await desk.service.shop.read(event.slug, code=None, address="198.51.100.7")
