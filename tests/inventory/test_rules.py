"""Who gets the places: stories of claims, each told as one batch and claim by claim, and the order in which refusals win."""

import dataclasses
from datetime import timedelta

import pytest

from alltickets.inventory.rules import (
    CapacityTaken,
    ClaimRequest,
    Hold,
    HoldConflict,
    HoldGone,
    HoldState,
    SeatsTaken,
    SoldOut,
    StockNotReady,
    TooManyHolds,
    seat_id_of,
)
from alltickets.kernel.errors import Refusal
from tests.inventory.desk import HOLD_FOR, NOON, Desk, claim_of, id_of, tell

STORIES = {
    "the first to come is the first served": """
        pool floor 10
        A ana floor=6   -> held
        B ben floor=5   -> sold out floor=4
        C cleo floor=4  -> held
        D dan floor=1   -> sold out floor=0
        = floor 10 held 0 sold
        """,
    "a claim takes all of its places or none": """
        pool floor 10
        pool vip 1
        A ana floor=2 vip=2  -> sold out floor=10 vip=1
        B ben floor=2 vip=1  -> held
        C cleo floor=2 vip=1 -> sold out floor=8 vip=0
        = floor 2 held 0 sold
        = vip 1 held 0 sold
        """,
    "a refused claim frees nothing of the visitor's former hold": """
        pool floor 4
        A ana floor=3 -> held
        B ana floor=5 -> sold out floor=4
        A ana floor=3 -> held
        = floor 3 held 0 sold
        """,
    "a repeated claim gets the first answer and takes nothing more": """
        pool floor 10
        pool hall 2 a1 a2
        A ana floor=6 hall=1:a1 -> held
        A ana floor=6 hall=1:a1 -> held
        A ana floor=6 hall=1:a1 -> held
        = floor 6 held 0 sold
        = a1 A
        """,
    "a refused claim may be tried again under its id": """
        pool floor 5
        A ana floor=5 -> held
        B ben floor=2 -> sold out floor=0
        C ana floor=3 -> held
        B ben floor=2 -> held
        = floor 5 held 0 sold
        """,
    "an id belongs to one selection of one visitor": """
        pool floor 10
        pool hall 2 a1 a2
        A ana hall=1:a1         -> held
        A ana hall=1:a2         -> conflict
        A ana hall=1:a1 floor=1 -> conflict
        A ben hall=1:a1         -> conflict
        A ana@elsewhere hall=1:a1 -> held
        = floor 0 held 0 sold
        = hall 1 held 0 sold
        = a1 A
        = a2 free
        """,
    "a visitor's new hold replaces the former one": """
        pool floor 10
        A ana floor=8 -> held
        B ana floor=9 -> held
        C ana floor=1 -> held
        B ana floor=9 -> gone
        A ana floor=8 -> gone
        A ana floor=7 -> conflict
        C ana floor=1 -> held
        = floor 1 held 0 sold
        """,
    "a new hold may take the seats and the places of the one it replaces": """
        pool hall 3 a1 a2 a3
        A ana hall=3:a1,a2,a3 -> held
        B ben hall=1:a3       -> 1 taken
        C ana hall=2:a1,a2    -> held
        B ben hall=1:a3       -> held
        = hall 3 held 0 sold
        = a1 C
        = a2 C
        = a3 B
        """,
    "a hold of another sector is replaced too": """
        pool floor 2
        pool vip 2
        A ana floor=2 -> held
        B ana vip=2   -> held
        C ben floor=2 -> held
        = floor 2 held 0 sold
        = vip 2 held 0 sold
        """,
    "a seat has one owner": """
        pool hall 2 a1 a2
        A ana hall=2:a1,a2 -> held
        B ben hall=1:a2    -> 1 taken
        C cleo hall=2:a1,a2 -> 2 taken
        = a1 A
        = a2 A
        """,
    "a seat that does not exist is not free": """
        pool hall 2 a1 a2
        A ana hall=2:a1,z9 -> 1 taken
        = hall 0 held 0 sold
        = a1 free
        """,
    "a seat's pool may be sold out by its number": """
        pool hall 1 a1 a2
        A ana hall=1:a1 -> held
        B ben hall=1:a2 -> sold out hall=0
        = a2 free
        """,
    "a pool that is not open yet is not ready": """
        pool floor 10
        A ana floor=1 stage=1 -> not ready
        = floor 0 held 0 sold
        """,
    "an address holds so much at once": """
        pool floor 10
        limit 2
        A ana@cafe floor=1  -> held
        B ben@cafe floor=1  -> held
        C cleo@cafe floor=1 -> too many
        C cleo@home floor=1 -> held
        = floor 3 held 0 sold
        """,
    "who replaces a hold at a full address stays within the limit": """
        pool floor 10
        limit 1
        A ana@cafe floor=1 -> held
        B ana@cafe floor=2 -> held
        C ben@cafe floor=1 -> too many
        = floor 2 held 0 sold
        """,
    "a repetition does not count against the address": """
        pool floor 10
        limit 1
        A ana@cafe floor=1 -> held
        A ana@cafe floor=1 -> held
        = floor 1 held 0 sold
        """,
    "a hold that moves to another address makes room at the former one": """
        pool floor 10
        limit 1
        A ana@cafe floor=1 -> held
        B ana@home floor=1 -> held
        C ben@cafe floor=1 -> held
        = floor 2 held 0 sold
        """,
    "holds cannot be gathered at one address from others": """
        pool floor 10
        limit 1
        A ana@cafe floor=1 -> held
        B ana@home floor=1 -> held
        C ben@cafe floor=1 -> held
        D ben@home floor=1 -> too many
        = floor 2 held 0 sold
        """,
}


@pytest.mark.parametrize("together", [True, False], ids=["as one batch", "one by one"])
@pytest.mark.parametrize("title", STORIES)
def test_claims_go_as_the_story_tells(title: str, together: bool) -> None:
    expected, came = tell(STORIES[title], together=together)

    assert came == expected


def test_a_replaced_hold_of_an_earlier_batch_is_handed_back_and_one_of_this_batch_is_written_released() -> None:
    desk = Desk(floor=10)
    [former] = desk.claim(claim_of("A"))

    first, second = desk.claim(claim_of("B"), claim_of("C"))

    assert isinstance(former, Hold)
    assert isinstance(first, Hold)
    assert isinstance(second, Hold)
    assert (former.state, first.state, second.state) == (HoldState.RELEASED, HoldState.RELEASED, HoldState.HELD)
    assert desk.figures("floor") == (2, 0, 8)


def test_only_the_decision_that_places_a_hold_calls_it_new() -> None:
    desk = Desk(floor=10)

    [placed] = desk.claim(claim_of("A"))

    assert isinstance(placed, Hold)
    assert placed.is_new
    assert (placed.placed_at, placed.expires_at) == (NOON, NOON + HOLD_FOR)


def test_a_repeated_claim_does_not_lengthen_the_hold() -> None:
    desk = Desk(floor=10)
    desk.claim(claim_of("A"))

    [again] = desk.claim(claim_of("A", expires_at=NOON + 2 * HOLD_FOR))

    assert isinstance(again, Hold)
    assert again.expires_at == NOON + HOLD_FOR


@pytest.mark.parametrize(
    ("state", "seconds_left", "expected"),
    [
        (HoldState.HELD, 1, Hold),
        (HoldState.HELD, 0, HoldGone),
        (HoldState.HELD, -1, HoldGone),
        (HoldState.CONFIRMED, 1, Hold),
        (HoldState.CONFIRMED, -1, Hold),
        (HoldState.RELEASED, 1, HoldGone),
        (HoldState.EXPIRED, -1, HoldGone),
        (HoldState.RETURNED, 1, HoldGone),
    ],
)
def test_a_repeated_claim_finds_its_hold_while_it_lives_and_once_it_is_sold(state: HoldState, seconds_left: int, expected: type) -> None:
    desk = Desk(floor=10)
    desk.claim(claim_of("A"))
    desk.holds[id_of("A")].state = state
    desk.now = NOON + HOLD_FOR - timedelta(seconds=seconds_left)

    [again] = desk.claim(claim_of("A"))

    assert isinstance(again, expected)


def test_an_unswept_hold_keeps_its_places_from_others_after_its_time() -> None:
    desk = Desk(floor=2)
    desk.claim(claim_of("A"))
    desk.now = NOON + HOLD_FOR

    [refused] = desk.claim(claim_of("B", "ben"))

    assert isinstance(refused, SoldOut)
    assert desk.figures("floor") == (2, 0, 0)


def test_a_visitor_replaces_even_the_hold_that_nobody_swept_yet() -> None:
    desk = Desk(floor=2)
    desk.claim(claim_of("A"))
    desk.now = NOON + HOLD_FOR

    [held] = desk.claim(claim_of("B"))

    assert isinstance(held, Hold)
    assert desk.figures("floor") == (2, 0, 0)


def _faulty() -> tuple[Desk, dict[type[Refusal], ClaimRequest]]:
    """A full desk, and a claim for each refusal that has that fault and all that come later in the order."""
    desk = Desk(limit=1, floor=1)
    desk.open("hall", 1, ["a1"])
    desk.claim(claim_of("A", "ana", draws={"floor": 1, "hall": 1}, seats=[("hall", "a1")], address="cafe"))
    desk.holds[id_of("G")] = dataclasses.replace(
        desk.holds[id_of("A")],
        hold_id=id_of("G"),
        state=HoldState.EXPIRED,
        visitor=id_of("gus"),
        draws={id_of("stage"): 9, id_of("floor"): 9},
        seats=(),
        address="cafe",
    )
    everything = {"stage": 9, "floor": 9}
    seat = [("hall", "a1")]
    return desk, {
        HoldConflict: claim_of("G", "ben", draws=everything, seats=seat, address="cafe"),
        HoldGone: claim_of("G", "gus", draws=everything, address="cafe"),
        StockNotReady: claim_of("B", "ben", draws=everything, seats=seat, address="cafe"),
        TooManyHolds: claim_of("B", "ben", draws={"floor": 9}, seats=seat, address="cafe"),
        SeatsTaken: claim_of("B", "ben", draws={"floor": 9}, seats=seat, address="home"),
        SoldOut: claim_of("B", "ben", draws={"floor": 9}, address="home"),
    }


@pytest.mark.parametrize("refusal", [HoldConflict, HoldGone, StockNotReady, TooManyHolds, SeatsTaken, SoldOut])
def test_of_several_faults_the_first_in_the_documented_order_is_told(refusal: type[Refusal]) -> None:
    desk, claims = _faulty()

    [outcome] = desk.claim(claims[refusal])

    assert type(outcome) is refusal


def test_a_seats_id_follows_from_its_pool_and_label() -> None:
    hall, other = id_of("hall"), id_of("other")

    ids = [seat_id_of(hall, "A 1"), seat_id_of(hall, "A 2"), seat_id_of(other, "A 1")]

    assert len(set(ids)) == 3
    assert seat_id_of(hall, "A 1") == ids[0]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (SoldOut({"a": 0, "b": 5}), "no places left"),
        (SoldOut({"a": 3, "b": 5}), "Only 3 of"),
        (SeatsTaken(("a",)), "choose others"),
        (TooManyHolds(5, 60), "try again in a few minutes"),
        (HoldConflict("a"), "use a new id"),
        (HoldGone("a"), "Choose once more"),
        (CapacityTaken(held=2, sold=3), "cannot be below 5"),
        (StockNotReady(), "Try again in a moment"),
    ],
)
def test_a_refusal_says_what_to_do_next(refusal: Refusal, words: str) -> None:
    sentence = str(refusal)

    assert words in sentence
    assert sentence.endswith(".")
