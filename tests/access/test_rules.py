"""Rules of admission that depend on the event; what codes and checkpoints decide stands in the vectors."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.access.rules import (
    DOORS_LEAD,
    Checkpoint,
    CheckpointInvalid,
    CheckpointRules,
    Outcome,
    Window,
    check_checkpoint,
    judge,
    rules_of,
    time_of_scan,
)
from alltickets.catalog.interface import EventStatus, PerformanceStatus
from alltickets.kernel.ids import new_id
from alltickets.tickets.interface import TicketState, Token, short_event, short_id
from tests.catalog.events import NOW, make_event, make_performance


def make_checkpoint(event_id: UUID, **fields: Any) -> Checkpoint:
    boring = {"performance_ids": (), "ticket_type_ids": (), "sector_ids": (), "opens_at": None, "closes_at": None}
    return Checkpoint(checkpoint_id=new_id(), event_id=event_id, name="Puerta", **{**boring, **fields})


def test_a_checkpoint_without_limits_lets_in_every_performance_from_its_doors_to_its_end() -> None:
    plain, cancelled = make_performance(), make_performance(status=PerformanceStatus.CANCELLED)
    event = make_event(performances=[plain, cancelled])

    rules = rules_of(make_checkpoint(event.event_id), event)

    assert rules == CheckpointRules(
        short_event(event.event_id),
        {short_id(plain.performance_id): Window(plain.starts_at - DOORS_LEAD, plain.ends_at)},
        frozenset(),
        frozenset(),
    )


def test_a_checkpoint_lets_nobody_in_to_an_event_that_was_cancelled() -> None:
    event = make_event(performances=[make_performance()], status=EventStatus.CANCELLED)

    assert rules_of(make_checkpoint(event.event_id), event).performances == {}


def test_a_checkpoint_of_one_performance_knows_no_other() -> None:
    tonight, tomorrow = make_performance(), make_performance(starts_at=NOW + timedelta(days=31))
    event = make_event(performances=[tonight, tomorrow])

    rules = rules_of(make_checkpoint(event.event_id, performance_ids=[tomorrow.performance_id]), event)

    assert set(rules.performances) == {short_id(tomorrow.performance_id)}


def test_a_checkpoint_with_times_of_its_own_keeps_them_for_every_performance() -> None:
    event = make_event(performances=[make_performance(), make_performance()])

    rules = rules_of(make_checkpoint(event.event_id, opens_at=NOW, closes_at=NOW + timedelta(hours=1)), event)

    assert set(rules.performances.values()) == {Window(NOW, NOW + timedelta(hours=1))}


def test_a_checkpoint_without_faults_is_accepted() -> None:
    performance = make_performance()
    event = make_event(performances=[performance])

    check_checkpoint(make_checkpoint(event.event_id, performance_ids=[performance.performance_id], opens_at=NOW), event)


def test_every_fault_of_a_checkpoint_is_told_at_once() -> None:
    event = make_event(performances=[make_performance()])
    strange = make_checkpoint(event.event_id, performance_ids=[new_id()], sector_ids=[new_id()], opens_at=NOW, closes_at=NOW)

    with pytest.raises(CheckpointInvalid) as invalid:
        check_checkpoint(strange, event)

    assert [fault.split()[-2] for fault in invalid.value.faults] == ["performance", "sector", "it"]


def test_a_devices_clock_that_is_fast_does_not_reach_into_the_future() -> None:
    buenos_aires = datetime.fromisoformat("2026-09-01T08:00:00-03:00")

    assert time_of_scan(None, NOW) == NOW
    assert time_of_scan(NOW + timedelta(hours=1), NOW) == NOW
    assert time_of_scan(buenos_aires, NOW) == NOW - timedelta(hours=1)
    assert time_of_scan(buenos_aires, NOW).tzinfo is UTC


@given(st.sets(st.sampled_from(["revoked", "wrong_performance", "wrong_ticket_type", "wrong_sector", "time"])), st.booleans())
def test_of_several_objections_the_first_in_order_is_told(faults: set[str], early: bool) -> None:
    performance, ticket_type, sector = b"perf", b"type", b"sect"
    rules = CheckpointRules(
        b"event!",
        {} if "wrong_performance" in faults else {performance: Window(NOW, NOW + timedelta(hours=1))},
        frozenset({b"else"} if "wrong_ticket_type" in faults else ()),
        frozenset({b"else"} if "wrong_sector" in faults else ()),
    )
    token = Token(1, b"event!", new_id(), 1, performance, ticket_type, sector)
    state = TicketState(1, "revoked" in faults, new_id(), new_id(), new_id(), None, "Ana Paz")
    at = NOW + timedelta(hours=-1 if early else 1) if "time" in faults else NOW

    told = judge(token, rules, state, at)

    named = faults - {"time"} | ({"not_yet_valid" if early else "expired"} if "time" in faults else set())
    assert told == next((outcome for outcome in Outcome if outcome.value in named), None)
