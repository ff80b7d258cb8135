"""Whether what an organizer enters makes sense."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.catalog.refusals import InvalidDetails
from alltickets.catalog.rules.details import (
    capacity_of,
    currency_faults,
    performance_faults,
    question_faults,
    require,
    sector_faults,
    slug_from,
    ticket_type_faults,
    zone_faults,
)
from alltickets.catalog.rules.snapshot import QuestionKind, SeatRow
from alltickets.catalog.rules.states import Visibility
from alltickets.catalog.rules.stock import Counted, PoolKind, name_pools, offers_of, seat_labels
from alltickets.kernel.ids import new_id
from tests.catalog.events import NOW


def test_all_faults_are_told_at_once() -> None:
    faults = performance_faults(starts_at=NOW, ends_at=NOW, doors_at=NOW + timedelta(hours=1))

    with pytest.raises(InvalidDetails) as refused:
        require(faults)

    assert refused.value.faults == ("A performance ends after it starts.", "The doors open before the performance starts, not after.")


def test_nothing_is_raised_when_all_is_well() -> None:
    require(performance_faults(starts_at=NOW, ends_at=NOW + timedelta(hours=2), doors_at=NOW))


def test_a_sector_needs_places() -> None:
    assert sector_faults(capacity=None, rows=()) == ["A sector needs a capacity or numbered rows."]
    assert sector_faults(capacity=10, rows=()) == []


def test_rows_make_up_a_numbered_sector() -> None:
    rows = (SeatRow("A", 1, 12), SeatRow("B", 5, 8))

    assert sector_faults(capacity=None, rows=rows) == []
    assert sector_faults(capacity=16, rows=rows) == []
    assert sector_faults(capacity=17, rows=rows) == ["The rows have 16 seats, the capacity says 17. Leave the capacity out."]
    assert capacity_of(capacity=None, rows=rows) == 16
    assert seat_labels(rows)[:2] == ("A-1", "A-2")
    assert len(seat_labels(rows)) == 16


def test_rows_that_make_no_sense_are_refused() -> None:
    assert sector_faults(capacity=None, rows=(SeatRow("A", 3, 2),)) == ["Row A ends before it begins."]
    assert sector_faults(capacity=None, rows=(SeatRow("A", 1, 2), SeatRow("A", 3, 4))) == ["Row A is there more than once."]
    too_many = tuple(SeatRow(f"R{number}", 1, 5_000) for number in range(5))
    assert sector_faults(capacity=None, rows=too_many) == ["A numbered sector has at most 20000 seats; these rows have 25000."]


def test_a_ticket_type_must_not_contradict_itself() -> None:
    faults = ticket_type_faults(
        sales_from=NOW, sales_until=NOW, per_order_max=5, per_buyer_max=4, visibility=Visibility.PUBLIC, codes=["amigos26"]
    )

    assert faults == [
        "The sale ends after it opens.",
        "One order cannot take more than one buyer may have.",
        "Only a ticket type that is sold by code has codes.",
    ]


def test_a_choice_has_options_and_nothing_else_has() -> None:
    known = [new_id()]

    def faults(kind: QuestionKind, *options: str) -> list[str]:
        return question_faults(kind=kind, options=options, ticket_type_ids=(), known_ticket_type_ids=known)

    assert faults(QuestionKind.CHOICE, "Vegano", "Sin TACC") == []
    assert faults(QuestionKind.CHOICE, "Vegano") == ["A choice needs at least two options."]
    assert faults(QuestionKind.CHOICE, "Vegano", "Vegano") == ["Each option stands there once."]
    assert faults(QuestionKind.TEXT, "Vegano") == ["Only a choice has options."]


def test_a_question_is_for_ticket_types_of_its_event() -> None:
    ours, theirs = new_id(), new_id()

    def faults(*ids: object) -> list[str]:
        return question_faults(kind=QuestionKind.TEXT, options=(), ticket_type_ids=ids, known_ticket_type_ids=[ours])  # type: ignore[arg-type]

    assert faults(ours) == []
    assert faults(ours, theirs) == ["A question can only be for ticket types of its event."]


def test_zones_and_currencies_are_those_of_the_lists() -> None:
    assert zone_faults("America/Argentina/Buenos_Aires") == []
    assert zone_faults("America/Springfield") != []
    assert currency_faults("ARS") == []
    assert currency_faults("XXX") != []


@pytest.mark.parametrize(
    ("title", "slug"), [("¡Fiesta Ñandú 2026!", "fiesta-nandu-2026"), ("  ", "event"), ("日本", "event"), ("A  --  B", "a-b")]
)
def test_an_address_is_made_of_a_title(title: str, slug: str) -> None:
    assert slug_from(title) == slug


@given(st.text(max_size=300))
def test_an_address_made_of_any_title_is_one(title: str) -> None:
    slug = slug_from(title)

    assert 1 <= len(slug) <= 72
    assert slug.strip("-") == slug
    assert slug.replace("-", "").isalnum()
    assert slug.isascii()


def test_every_offer_draws_from_its_sector_and_a_limited_one_from_its_own_pool_too() -> None:
    first_night, second_night, stalls, early, full = (new_id() for _ in range(5))
    counted = [Counted(PoolKind.SECTOR, stalls, "Platea", 500), Counted(PoolKind.TICKET_TYPE, early, "Preventa", 100)]

    pools = name_pools([first_night, second_night], counted)
    by_key = {(pool.performance_id, pool.counted.subject_id): pool.pool_id for pool in pools}
    offers = offers_of([first_night, second_night], {early: stalls, full: stalls}, by_key)

    assert len({pool.pool_id for pool in pools}) == 4
    assert offers[first_night, early] == (by_key[first_night, stalls], by_key[first_night, early])
    assert offers[second_night, full] == (by_key[second_night, stalls],)
    assert len(offers) == 4
