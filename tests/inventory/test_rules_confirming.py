"""What becomes of a hold: confirmed in time or late, extended within its bounds."""

import dataclasses
from datetime import timedelta

import pytest

from alltickets.inventory.rules import Confirmation, HoldGone, HoldState, decide_extension
from tests.inventory.desk import HOLD_FOR, NOON, Desk, claim_of, id_of


@pytest.mark.parametrize(
    ("state", "is_late", "is_taken", "expected"),
    [
        (HoldState.HELD, False, False, Confirmation.CONFIRMED),
        (HoldState.HELD, True, False, Confirmation.RECLAIMED),
        (HoldState.EXPIRED, True, False, Confirmation.RECLAIMED),
        (HoldState.EXPIRED, True, True, Confirmation.GONE),
        (HoldState.RELEASED, False, False, Confirmation.RECLAIMED),
        (HoldState.RELEASED, False, True, Confirmation.GONE),
        (HoldState.CONFIRMED, False, False, Confirmation.ALREADY),
        (HoldState.CONFIRMED, True, False, Confirmation.ALREADY),
        (HoldState.RETURNED, False, False, Confirmation.GONE),
        (HoldState.RETURNED, True, True, Confirmation.GONE),
    ],
)
@pytest.mark.parametrize("seats", [[], [("hall", "a1"), ("hall", "a2")]], ids=["places", "seats"])
def test_a_confirmation_ends_as_the_table_says(
    state: HoldState, is_late: bool, is_taken: bool, expected: Confirmation, seats: list[tuple[str, str]]
) -> None:
    desk = Desk()
    desk.open("hall", 2, ["a1", "a2"])
    desk.claim(claim_of("A", draws={"hall": 2}, seats=seats))
    if state in (HoldState.CONFIRMED, HoldState.RETURNED):
        desk.confirm("A")
    if state not in (HoldState.HELD, HoldState.CONFIRMED):
        desk.end("A", state)
    if is_taken:
        desk.claim(claim_of("B", "ben", draws={"hall": 1}, seats=seats[:1]))
    desk.now = NOON + HOLD_FOR if is_late else NOON

    [outcome] = desk.confirm("A")

    assert outcome == expected
    assert desk.holds[id_of("A")].state == (state if expected == Confirmation.GONE else HoldState.CONFIRMED)
    assert desk.faults() == []


def test_a_late_seat_is_gone_when_somebody_else_has_it_though_its_pool_has_room() -> None:
    desk = Desk()
    desk.open("hall", 5, ["a1", "a2"])
    desk.claim(claim_of("A", draws={"hall": 1}, seats=[("hall", "a1")]))
    desk.end("A", HoldState.EXPIRED)
    desk.claim(claim_of("B", "ben", draws={"hall": 1}, seats=[("hall", "a1")]))

    [outcome] = desk.confirm("A")

    assert outcome == Confirmation.GONE
    assert desk.faults() == []


def test_late_payments_get_what_is_left_in_their_order() -> None:
    desk = Desk(floor=4)
    for hold, visitor in (("A", "ana"), ("B", "ben")):
        desk.claim(claim_of(hold, visitor))
        desk.end(hold, HoldState.EXPIRED)
    desk.claim(claim_of("C", "cleo"))

    outcomes = desk.confirm("B", "A", "B", "C")

    assert outcomes == [Confirmation.RECLAIMED, Confirmation.GONE, Confirmation.ALREADY, Confirmation.CONFIRMED]
    assert desk.figures("floor") == (0, 4, 0)


@pytest.mark.parametrize(
    ("asked_minutes", "kept_minutes", "expected_minutes"),
    [
        (15, 30, 15),
        (30, 30, 30),
        (45, 30, 30),
        (5, 30, 10),
        (45, 5, 10),
    ],
    ids=["as asked", "to the bound", "no further than the bound", "never sooner than agreed", "not even by a lower bound"],
)
def test_an_extension_ends_between_what_was_agreed_and_what_is_allowed(
    asked_minutes: int, kept_minutes: int, expected_minutes: int
) -> None:
    desk = Desk(floor=10)
    desk.claim(claim_of("A"))
    kept_at_most = timedelta(minutes=kept_minutes)

    ends = decide_extension(desk.holds[id_of("A")], NOON + timedelta(minutes=asked_minutes), kept_at_most=kept_at_most, now=NOON)

    assert ends == NOON + timedelta(minutes=expected_minutes)


@pytest.mark.parametrize("state", HoldState)
@pytest.mark.parametrize("is_late", [False, True])
def test_only_a_live_hold_is_extended(state: HoldState, is_late: bool) -> None:
    desk = Desk(floor=10)
    desk.claim(claim_of("A"))
    hold = dataclasses.replace(desk.holds[id_of("A")], state=state)
    now = NOON + HOLD_FOR if is_late else NOON

    def extension() -> object:
        return decide_extension(hold, NOON + 2 * HOLD_FOR, kept_at_most=3 * HOLD_FOR, now=now)

    if state == HoldState.HELD and not is_late:
        assert extension() == NOON + 2 * HOLD_FOR
    else:
        with pytest.raises(HoldGone):
            extension()
