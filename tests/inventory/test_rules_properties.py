"""What holds for any claims, in any order and any cut into batches."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from alltickets.inventory.rules import ClaimRequest, Confirmation, Hold, HoldGone, HoldState, decide_extension
from tests.inventory.desk import HOLD_FOR, NOON, Desk, claim_of, id_of

LABELS = ["a1", "a2", "a3"]
HOLDS = "ABCDEF"


@st.composite
def claims(draw: st.DrawFn) -> ClaimRequest:
    """A claim out of few names, so that repetitions, conflicts and replacements are common."""
    seats = draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=2))
    draws = {pool: draw(st.integers(1, 4)) for pool in draw(st.sets(st.sampled_from(["floor", "vip"]), min_size=not seats))}
    if seats:
        draws["hall"] = len(seats)
    return claim_of(
        draw(st.sampled_from(HOLDS)),
        draw(st.sampled_from(["ana", "ben", "cleo"])),
        draws=draws,
        seats=[("hall", label) for label in seats],
        address=draw(st.sampled_from(["cafe", "home"])),
    )


batches = st.lists(st.lists(claims(), min_size=1, max_size=4), min_size=1, max_size=5)


def new_desk() -> Desk:
    desk = Desk(limit=2, floor=6, vip=3)
    desk.open("hall", 3, LABELS)
    return desk


def told(outcome: Hold | Exception) -> str:
    return f"held {outcome.hold_id}" if isinstance(outcome, Hold) else repr(outcome)


def standing(desk: Desk) -> object:
    return (
        [(name, desk.figures(name)) for name in ("floor", "vip", "hall")],
        desk.seats,
        {id_: hold.state for id_, hold in desk.holds.items()},
    )


@given(batches)
def test_figures_and_seats_always_follow_from_the_holds(told_batches: list[list[ClaimRequest]]) -> None:
    desk = new_desk()

    for batch in told_batches:
        desk.claim(*batch)

        assert desk.faults() == []


@given(st.lists(claims(), max_size=12))
def test_a_batch_is_decided_as_if_its_claims_came_one_by_one(requests: list[ClaimRequest]) -> None:
    together, apart = new_desk(), new_desk()

    outcomes = together.claim(*requests)

    assert [told(outcome) for outcome in outcomes] == [told(outcome) for request in requests for outcome in apart.claim(request)]
    assert standing(together) == standing(apart)


@given(batches, claims())
def test_a_refused_claim_changes_nothing(before: list[list[ClaimRequest]], request: ClaimRequest) -> None:
    desk = new_desk()
    for batch in before:
        desk.claim(*batch)
    stood = repr(standing(desk))

    [outcome] = desk.claim(request)

    assert isinstance(outcome, Hold) or repr(standing(desk)) == stood


@given(batches)
def test_repeating_what_was_granted_takes_nothing_more(granted_batches: list[list[ClaimRequest]]) -> None:
    desk = new_desk()
    granted = [
        request
        for batch in granted_batches
        for request, outcome in zip(batch, desk.claim(*batch), strict=True)
        if isinstance(outcome, Hold)
    ]
    stood = repr(standing(desk))

    again = desk.claim(*granted)

    assert repr(standing(desk)) == stood
    for request, outcome in zip(granted, again, strict=True):
        expected = Hold if desk.holds[request.hold_id].state == HoldState.HELD else HoldGone
        assert isinstance(outcome, expected)


@given(batches)
def test_a_visitor_has_one_hold_and_an_address_no_more_than_its_limit(any_batches: list[list[ClaimRequest]]) -> None:
    desk = new_desk()

    for batch in any_batches:
        desk.claim(*batch)

        held = [hold for hold in desk.holds.values() if hold.state == HoldState.HELD]
        assert len({hold.visitor for hold in held}) == len(held)
        assert all(sum(hold.address == address for hold in held) <= desk.limit for address in ("cafe", "home"))


@given(
    batches,
    st.lists(st.tuples(st.sampled_from(["release", "expire", "return", "confirm"]), st.sampled_from(HOLDS)), max_size=12),
    st.integers(0, 20),
)
def test_confirming_and_ending_in_any_order_keeps_the_books_right(
    before: list[list[ClaimRequest]], moves: list[tuple[str, str]], minutes: int
) -> None:
    desk = new_desk()
    for batch in before:
        desk.claim(*batch)
    desk.now = NOON + timedelta(minutes=minutes)

    for move, name in moves:
        hold = desk.holds.get(id_of(name))
        if hold is None:
            continue
        if move == "confirm":
            [outcome] = desk.confirm(name)
            assert (hold.state == HoldState.CONFIRMED) is (outcome != Confirmation.GONE)
        elif move == "return" and hold.state == HoldState.CONFIRMED:
            desk.end(name, HoldState.RETURNED)
        elif move != "return" and hold.state == HoldState.HELD:
            desk.end(name, HoldState.RELEASED if move == "release" else HoldState.EXPIRED)

        assert desk.faults() == []


@given(st.integers(0, 9), st.integers(0, 120), st.integers(0, 120))
def test_an_extension_never_shortens_and_never_parks(elapsed_minutes: int, asked_minutes: int, kept_minutes: int) -> None:
    desk = Desk(floor=10)
    desk.claim(claim_of("A"))
    hold = desk.holds[id_of("A")]
    asked, bound = NOON + timedelta(minutes=asked_minutes), NOON + timedelta(minutes=kept_minutes)

    ends = decide_extension(hold, asked, kept_at_most=timedelta(minutes=kept_minutes), now=NOON + timedelta(minutes=elapsed_minutes))

    assert ends >= NOON + HOLD_FOR
    assert ends <= max(bound, NOON + HOLD_FOR)
    assert ends >= min(asked, bound)
