"""Whether something is sold now, and to whom."""

from datetime import timedelta

import pytest

from alltickets.catalog.refusals import (
    AccessCodeNeeded,
    EventNotFound,
    NotOnSale,
    NotOnSaleReason,
    PerformanceNotFound,
    TicketTypeNotFound,
)
from alltickets.catalog.rules.snapshot import is_unlocked, visible_ticket_types, why_unsellable
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus, Visibility
from alltickets.kernel.ids import new_id
from tests.catalog.events import NOW, make_event, make_performance, make_question, make_sector, make_ticket_type

SECTOR = make_sector()
PERFORMANCE = make_performance()
GENERAL = make_ticket_type(SECTOR)


def test_a_published_event_sells_until_its_performance_starts() -> None:
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[GENERAL])
    offer = (PERFORMANCE.performance_id, GENERAL.ticket_type_id)

    before_start = why_unsellable(event, offer, PERFORMANCE.starts_at - timedelta(microseconds=1))
    at_start = why_unsellable(event, offer, PERFORMANCE.starts_at)

    assert before_start is None
    assert isinstance(at_start, NotOnSale)
    assert (at_start.reason, at_start.until) == (NotOnSaleReason.OVER, PERFORMANCE.starts_at)


def test_a_sales_window_opens_and_closes_when_it_says() -> None:
    opens_at, closes_at = NOW + timedelta(days=1), NOW + timedelta(days=2)
    presale = make_ticket_type(SECTOR, sales_from=opens_at, sales_until=closes_at)
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[presale])
    offer = (PERFORMANCE.performance_id, presale.ticket_type_id)

    too_early = why_unsellable(event, offer, opens_at - timedelta(seconds=1))
    in_time = why_unsellable(event, offer, opens_at)
    too_late = why_unsellable(event, offer, closes_at)

    assert isinstance(too_early, NotOnSale)
    assert (too_early.reason, too_early.since, too_early.until) == (NotOnSaleReason.NOT_YET, opens_at, None)
    assert in_time is None
    assert isinstance(too_late, NotOnSale)
    assert (too_late.reason, too_late.since, too_late.until) == (NotOnSaleReason.OVER, None, closes_at)


def test_a_window_may_reach_into_the_performance_but_not_beyond_it() -> None:
    at_the_door = make_ticket_type(SECTOR, sales_until=PERFORMANCE.ends_at + timedelta(days=9))
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[at_the_door])
    offer = (PERFORMANCE.performance_id, at_the_door.ticket_type_id)

    assert why_unsellable(event, offer, PERFORMANCE.starts_at + timedelta(hours=1)) is None
    assert isinstance(why_unsellable(event, offer, PERFORMANCE.ends_at), NotOnSale)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(EventStatus.POSTPONED, NotOnSaleReason.POSTPONED), (EventStatus.CANCELLED, NotOnSaleReason.CANCELLED)],
)
def test_an_event_that_does_not_take_place_now_is_not_sold(status: EventStatus, reason: NotOnSaleReason) -> None:
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[GENERAL], status=status)

    refusal = why_unsellable(event, (PERFORMANCE.performance_id, GENERAL.ticket_type_id), NOW)

    assert isinstance(refusal, NotOnSale)
    assert refusal.reason == reason


@pytest.mark.parametrize("status", [EventStatus.DRAFT, EventStatus.ARCHIVED])
def test_an_event_that_is_not_public_does_not_exist_for_a_buyer(status: EventStatus) -> None:
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[GENERAL], status=status)

    refusal = why_unsellable(event, (PERFORMANCE.performance_id, GENERAL.ticket_type_id), NOW)

    assert isinstance(refusal, EventNotFound)


def test_a_cancelled_performance_is_not_sold_while_another_is() -> None:
    cancelled = make_performance(status=PerformanceStatus.CANCELLED)
    event = make_event(performances=[PERFORMANCE, cancelled], sectors=[SECTOR], ticket_types=[GENERAL])

    refusal = why_unsellable(event, (cancelled.performance_id, GENERAL.ticket_type_id), NOW)

    assert isinstance(refusal, NotOnSale)
    assert refusal.reason == NotOnSaleReason.PERFORMANCE_CANCELLED
    assert why_unsellable(event, (PERFORMANCE.performance_id, GENERAL.ticket_type_id), NOW) is None


def test_unknown_parts_are_named() -> None:
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[GENERAL])

    assert isinstance(why_unsellable(event, (new_id(), GENERAL.ticket_type_id), NOW), PerformanceNotFound)
    assert isinstance(why_unsellable(event, (PERFORMANCE.performance_id, new_id()), NOW), TicketTypeNotFound)


def test_a_ticket_type_by_code_is_sold_to_whoever_has_a_code() -> None:
    friends = make_ticket_type(SECTOR, visibility=Visibility.CODE, codes=["AMIGOS26", "prensa"])
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[friends])
    offer = (PERFORMANCE.performance_id, friends.ticket_type_id)

    assert isinstance(why_unsellable(event, offer, NOW), AccessCodeNeeded)
    assert isinstance(why_unsellable(event, offer, NOW, code="amigos27"), AccessCodeNeeded)
    assert why_unsellable(event, offer, NOW, code=" amigos26 ") is None
    assert why_unsellable(event, offer, NOW, code="PRENSA") is None


def test_a_hidden_ticket_type_is_sold_but_never_listed() -> None:
    hidden = make_ticket_type(SECTOR, visibility=Visibility.HIDDEN)
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[GENERAL, hidden])

    listed = visible_ticket_types(event, "whatever")

    assert listed == [GENERAL]
    assert why_unsellable(event, (PERFORMANCE.performance_id, hidden.ticket_type_id), NOW) is None


def test_a_code_lists_exactly_what_it_opens() -> None:
    friends = make_ticket_type(SECTOR, visibility=Visibility.CODE, codes=["amigos26"])
    press = make_ticket_type(SECTOR, visibility=Visibility.CODE, codes=["prensa"])
    event = make_event(performances=[PERFORMANCE], sectors=[SECTOR], ticket_types=[friends, GENERAL, press])

    assert visible_ticket_types(event, None) == [GENERAL]
    assert visible_ticket_types(event, "PRENSA") == [GENERAL, press]


def test_a_code_itself_is_nowhere_in_a_snapshot() -> None:
    friends = make_ticket_type(SECTOR, visibility=Visibility.CODE, codes=["amigos26"])

    assert "amigos26" not in repr(friends).casefold()
    assert is_unlocked(friends, "amigos26")


def test_a_question_for_some_ticket_types_concerns_only_them() -> None:
    assert make_question().concerns(GENERAL.ticket_type_id)
    assert make_question(ticket_type_ids=[GENERAL.ticket_type_id]).concerns(GENERAL.ticket_type_id)
    assert not make_question(ticket_type_ids=[new_id()]).concerns(GENERAL.ticket_type_id)
