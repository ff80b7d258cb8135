"""What an event is made of, and the stock that is planned for it."""

from datetime import timedelta

import pytest

from alltickets.catalog.events import EventChanged, EventPart, PerformanceCancelled, StockPlanned
from alltickets.catalog.queries import Catalog
from alltickets.catalog.refusals import (
    InvalidDetails,
    KeyTaken,
    NotDeletable,
    PerformanceNotFound,
    QuestionNotFound,
    SectorNotFound,
    TicketTypeNotFound,
    TooManyParts,
    VersionConflict,
)
from alltickets.catalog.rules.snapshot import QuestionKind
from alltickets.catalog.rules.states import PerformanceStatus, Visibility
from alltickets.catalog.schemas.organizer import (
    PerformanceChange,
    QuestionChange,
    QuestionCreate,
    RowCreate,
    SectorChange,
    TicketTypeChange,
)
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.catalog.conftest import Desk, Published


async def test_stock_is_planned_once_for_everything_at_every_performance(desk: Desk, catalog: Catalog, published_events: Published) -> None:
    event = await desk.draft()
    first = await desk.performance(event)
    sector = await desk.sector(event, capacity=500)
    early = await desk.ticket_type(event, sector, name="Preventa", quantity_max=100)
    full = await desk.ticket_type(event, sector, name="General")
    second = await desk.performance(event, in_days=31)

    planned = [pool for one in await published_events(StockPlanned) if isinstance(one, StockPlanned) for pool in one.pools]
    snapshot = await catalog.snapshot(event.event_id)

    assert sorted((pool.performance_id, pool.kind, pool.label, pool.capacity) for pool in planned) == sorted(
        (performance.performance_id, kind, label, capacity)
        for performance in (first, second)
        for kind, label, capacity in (("sector", "Campo", 500), ("ticket_type", "Preventa", 100))
    )
    assert snapshot is not None
    pool_ids = {(pool.performance_id, pool.kind): pool.pool_id for pool in planned}
    assert snapshot.offers == {
        (performance.performance_id, ticket_type.ticket_type_id): pools
        for performance in (first, second)
        for ticket_type, pools in (
            (early, (pool_ids[performance.performance_id, "sector"], pool_ids[performance.performance_id, "ticket_type"])),
            (full, (pool_ids[performance.performance_id, "sector"],)),
        )
    }


async def test_a_numbered_sector_plans_its_seats(desk: Desk, published_events: Published) -> None:
    event = await desk.draft()
    await desk.performance(event)

    sector = await desk.sector(event, name="Platea", capacity=None, rows=(RowCreate(label="A", first=1, last=3),))

    [planned] = await published_events(StockPlanned)
    assert isinstance(planned, StockPlanned)
    [pool] = planned.pools
    assert (pool.capacity, pool.seats) == (3, ("A-1", "A-2", "A-3"))
    assert sector.capacity == 3
    assert sector.rows[0].label == "A"


async def test_the_seats_of_many_performances_travel_in_portions(desk: Desk, published_events: Published) -> None:
    event = await desk.draft()
    for day in range(3):
        await desk.performance(event, in_days=day + 1)

    await desk.sector(event, capacity=None, rows=tuple(RowCreate(label=f"R{row}", first=1, last=3_000) for row in range(3)))

    planned = await published_events(StockPlanned)
    assert [len(one.pools) for one in planned if isinstance(one, StockPlanned)] == [2, 1]


async def test_an_event_has_no_more_seats_than_can_be_opened(desk: Desk) -> None:
    event = await desk.draft()
    for day in range(11):
        await desk.performance(event, in_days=day + 1)

    with pytest.raises(TooManyParts):
        await desk.sector(event, capacity=None, rows=tuple(RowCreate(label=f"R{row}", first=1, last=5_000) for row in range(4)))


async def test_a_performance_is_moved_and_the_others_learn_of_it(desk: Desk, published_events: Published) -> None:
    event = await desk.published()
    [performance] = event.performances
    later = performance.ends_at + timedelta(days=7)

    moved = await desk.service.performances.change(
        desk.actor, event.event_id, performance.performance_id, PerformanceChange(version=1, ends_at=later)
    )

    assert (moved.starts_at, moved.ends_at, moved.version) == (performance.starts_at, later, 2)
    [told] = await published_events(EventChanged)
    assert isinstance(told, EventChanged)
    assert (told.part, told.part_id) == (EventPart.PERFORMANCE, performance.performance_id)


async def test_a_performance_cannot_be_moved_to_end_before_it_starts(desk: Desk) -> None:
    event = await desk.published()
    [performance] = event.performances

    with pytest.raises(InvalidDetails):
        await desk.service.performances.change(
            desk.actor, event.event_id, performance.performance_id, PerformanceChange(version=1, ends_at=performance.starts_at)
        )


async def test_a_performance_is_cancelled_once(desk: Desk, published_events: Published) -> None:
    event = await desk.published()
    [performance] = event.performances

    for _ in range(2):
        cancelled = await desk.service.performances.cancel(desk.actor, event.event_id, performance.performance_id, "Sin voz")

    assert cancelled.status == PerformanceStatus.CANCELLED
    told = await published_events(PerformanceCancelled)
    assert told == [PerformanceCancelled(event_id=event.event_id, performance_id=performance.performance_id, reason="Sin voz")]


async def test_parts_of_a_published_event_are_kept(desk: Desk) -> None:
    event = await desk.published()
    service = desk.service

    with pytest.raises(NotDeletable):
        await service.performances.delete(desk.actor, event.event_id, event.performances[0].performance_id)
    with pytest.raises(NotDeletable):
        await service.sectors.delete(desk.actor, event.event_id, event.sectors[0].sector_id)
    with pytest.raises(NotDeletable):
        await service.ticket_types.delete(desk.actor, event.event_id, event.ticket_types[0].ticket_type_id)


async def test_parts_of_a_draft_are_deleted_in_their_order(desk: Desk, catalog: Catalog) -> None:
    event = await desk.complete_draft()
    sector_id, ticket_type_id = event.sectors[0].sector_id, event.ticket_types[0].ticket_type_id
    question = await desk.service.questions.add(
        desk.actor,
        event.event_id,
        QuestionCreate(key="dni", label="DNI", kind=QuestionKind.DOCUMENT, ticket_type_ids=(ticket_type_id,)),
    )

    with pytest.raises(NotDeletable, match="Ticket types"):
        await desk.service.sectors.delete(desk.actor, event.event_id, sector_id)
    with pytest.raises(NotDeletable, match="question"):
        await desk.service.ticket_types.delete(desk.actor, event.event_id, ticket_type_id)
    await desk.service.questions.delete(desk.actor, event.event_id, question.question_id)
    await desk.service.ticket_types.delete(desk.actor, event.event_id, ticket_type_id)
    await desk.service.sectors.delete(desk.actor, event.event_id, sector_id)
    await desk.service.performances.delete(desk.actor, event.event_id, event.performances[0].performance_id)

    snapshot = await catalog.snapshot(event.event_id)
    assert snapshot is not None
    assert (snapshot.performances, snapshot.sectors, snapshot.ticket_types, snapshot.questions, snapshot.offers) == ({}, {}, {}, (), {})


async def test_a_sector_changes_on_its_newest_version_only(desk: Desk) -> None:
    event = await desk.complete_draft()
    sector_id = event.sectors[0].sector_id

    changed = await desk.service.sectors.change(desk.actor, event.event_id, sector_id, SectorChange(version=1, capacity=700))

    assert (changed.capacity, changed.name, changed.version) == (700, "Campo", 2)
    with pytest.raises(VersionConflict):
        await desk.service.sectors.change(desk.actor, event.event_id, sector_id, SectorChange(version=1, name="Pista"))


async def test_the_capacity_of_a_numbered_sector_is_its_rows(desk: Desk) -> None:
    event = await desk.draft()
    sector = await desk.sector(event, capacity=None, rows=(RowCreate(label="A", first=1, last=3),))

    with pytest.raises(InvalidDetails):
        await desk.service.sectors.change(desk.actor, event.event_id, sector.sector_id, SectorChange(version=1, capacity=4))


async def test_a_ticket_type_is_for_a_sector_of_its_event(desk: Desk) -> None:
    event, other = await desk.complete_draft(), await desk.complete_draft()

    with pytest.raises(SectorNotFound):
        await desk.ticket_type(event, other.sectors[0])


async def test_a_ticket_type_changes_its_price_and_window(desk: Desk, catalog: Catalog) -> None:
    event = await desk.published()
    ticket_type_id = event.ticket_types[0].ticket_type_id

    changed = await desk.service.ticket_types.change(
        desk.actor,
        event.event_id,
        ticket_type_id,
        TicketTypeChange(version=1, price_minor=1_200_000, sales_from=desk.clock.now, per_order_max=None),
    )

    assert (changed.price_minor, changed.sales_from, changed.per_order_max) == (1_200_000, desk.clock.now, None)
    snapshot = await catalog.snapshot(event.event_id)
    assert snapshot is not None
    assert snapshot.ticket_types[ticket_type_id].price.minor == 1_200_000


async def test_codes_are_read_by_themselves_and_replaced_as_a_whole(desk: Desk, database: Database) -> None:
    event = await desk.complete_draft()
    friends = await desk.ticket_type(
        event, event.sectors[0], name="Amigos", visibility=Visibility.CODE, codes=("amigos26", " amigos26", "prensa")
    )

    before = await desk.service.ticket_types.codes(desk.actor, event.event_id, friends.ticket_type_id)
    after = await desk.service.ticket_types.set_codes(desk.actor, event.event_id, friends.ticket_type_id, ["prensa", "vecinos"])

    assert before.codes == ("amigos26", "prensa")
    assert after.codes == ("prensa", "vecinos")
    async with database.reading(desk.actor.organizer_id) as reader:
        audit = await reader.fetch_tuples(
            "SELECT detail::text FROM identity.audit_entries WHERE organizer_id = %(organizer_id)s AND action LIKE 'ticket_type.%%'"
        )
    assert "vecinos" not in str(audit)


async def test_a_ticket_type_with_codes_stays_one_by_code(desk: Desk) -> None:
    event = await desk.complete_draft()
    friends = await desk.ticket_type(event, event.sectors[0], visibility=Visibility.CODE, codes=("amigos26",))

    with pytest.raises(InvalidDetails, match="has codes"):
        await desk.service.ticket_types.change(
            desk.actor, event.event_id, friends.ticket_type_id, TicketTypeChange(version=1, visibility=Visibility.PUBLIC)
        )


async def test_questions_are_asked_changed_and_dropped(desk: Desk, catalog: Catalog) -> None:
    event = await desk.complete_draft()
    ask = QuestionCreate(key="menu", label="Menú", kind=QuestionKind.CHOICE, options=("Común", "Sin TACC"), required=True)
    question = await desk.service.questions.add(desk.actor, event.event_id, ask)

    changed = await desk.service.questions.change(
        desk.actor, event.event_id, question.question_id, QuestionChange(version=1, options=("Común", "Vegano", "Sin TACC"))
    )

    snapshot = await catalog.snapshot(event.event_id)
    assert snapshot is not None
    assert [(one.key, one.options) for one in snapshot.questions] == [("menu", changed.options)]
    with pytest.raises(KeyTaken):
        await desk.service.questions.add(desk.actor, event.event_id, ask)
    with pytest.raises(InvalidDetails):
        await desk.service.questions.change(
            desk.actor, event.event_id, question.question_id, QuestionChange(version=2, kind=QuestionKind.TEXT)
        )


async def test_unknown_parts_are_named(desk: Desk) -> None:
    event = await desk.complete_draft()
    service, actor, nobody = desk.service, desk.actor, new_id()

    with pytest.raises(PerformanceNotFound):
        await service.performances.change(actor, event.event_id, nobody, PerformanceChange(version=1))
    with pytest.raises(SectorNotFound):
        await service.sectors.delete(actor, event.event_id, nobody)
    with pytest.raises(TicketTypeNotFound):
        await service.ticket_types.codes(actor, event.event_id, nobody)
    with pytest.raises(QuestionNotFound):
        await service.questions.delete(actor, event.event_id, nobody)


async def test_text_is_kept_as_it_was_written(desk: Desk) -> None:
    name = "Robert'); DROP TABLE catalog.events;-- <script>alert(1)</script> 😀"

    event = await desk.draft(title=name, description=name)
    sector = await desk.sector(event, name=name)

    read = await desk.service.events.read(desk.actor, event.event_id)
    assert (read.title, read.description, read.sectors[0].name) == (name, name, sector.name)
