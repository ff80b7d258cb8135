"""Everything that keeps an event from being published."""

from datetime import timedelta

from alltickets.catalog.refusals import BlockerCode
from alltickets.catalog.rules.publishing import publishing_blockers
from alltickets.catalog.rules.snapshot import EventSnapshot
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, Visibility
from tests.catalog.events import NOW, make_event, make_performance, make_sector, make_ticket_type

SECTOR = make_sector()


def codes(event: EventSnapshot) -> list[BlockerCode]:
    return [blocker.code for blocker in publishing_blockers(event, NOW)]


def test_an_empty_draft_lists_everything_that_is_missing() -> None:
    event = make_event(venue=None, status=EventStatus.DRAFT)

    assert codes(event) == [
        BlockerCode.VENUE_MISSING,
        BlockerCode.PERFORMANCE_MISSING,
        BlockerCode.SECTOR_MISSING,
        BlockerCode.TICKET_TYPE_MISSING,
    ]


def test_a_complete_event_has_no_blocker() -> None:
    event = make_event(performances=[make_performance()], sectors=[SECTOR], ticket_types=[make_ticket_type(SECTOR)])

    assert codes(event) == []


def test_an_event_whose_performances_are_all_over_cannot_be_published() -> None:
    past = [make_performance(starts_at=NOW - timedelta(days=days)) for days in (2, 1)]
    event = make_event(performances=past, sectors=[SECTOR], ticket_types=[make_ticket_type(SECTOR)])

    blockers = publishing_blockers(event, NOW)

    assert [blocker.code for blocker in blockers] == [BlockerCode.PERFORMANCE_OVER] * 2
    assert {blocker.where for blocker in blockers} == {f"performances/{one.performance_id}" for one in past}


def test_a_run_that_has_begun_can_be_published_again() -> None:
    run = [make_performance(starts_at=NOW - timedelta(days=1)), make_performance()]
    event = make_event(performances=run, sectors=[SECTOR], ticket_types=[make_ticket_type(SECTOR)], status=EventStatus.POSTPONED)

    assert codes(event) == []


def test_a_cancelled_performance_does_not_count() -> None:
    cancelled = make_performance(status=PerformanceStatus.CANCELLED)
    event = make_event(performances=[cancelled], sectors=[SECTOR], ticket_types=[make_ticket_type(SECTOR)])

    assert codes(event) == [BlockerCode.PERFORMANCE_MISSING]


def test_something_must_be_on_sale_before_the_performances_are_over() -> None:
    over = make_ticket_type(SECTOR, sales_until=NOW - timedelta(days=1))
    event = make_event(performances=[make_performance()], sectors=[SECTOR], ticket_types=[over])

    assert codes(event) == [BlockerCode.NEVER_ON_SALE]


def test_an_early_price_that_is_over_is_no_fault_while_something_else_is_sold() -> None:
    early, full = make_ticket_type(SECTOR, sales_until=NOW - timedelta(days=1)), make_ticket_type(SECTOR)
    event = make_event(performances=[make_performance()], sectors=[SECTOR], ticket_types=[early, full])

    assert codes(event) == []


def test_a_window_that_opens_after_the_performances_always_is_a_fault() -> None:
    performance = make_performance()
    too_late = make_ticket_type(SECTOR, sales_from=performance.starts_at)
    event = make_event(performances=[performance], sectors=[SECTOR], ticket_types=[too_late, make_ticket_type(SECTOR)])

    blockers = publishing_blockers(event, NOW)

    assert [(blocker.code, blocker.where) for blocker in blockers] == [
        (BlockerCode.NEVER_ON_SALE, f"ticket_types/{too_late.ticket_type_id}")
    ]


def test_a_ticket_type_by_code_needs_a_code() -> None:
    locked = make_ticket_type(SECTOR, visibility=Visibility.CODE)
    event = make_event(performances=[make_performance()], sectors=[SECTOR], ticket_types=[locked, make_ticket_type(SECTOR)])

    assert codes(event) == [BlockerCode.CODE_MISSING]
