"""When an account is left out, and when it comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.payments.breaker.rules import (
    CALLS_MIN,
    FAILURES_IN_ROW_MAX,
    OPEN_SECONDS_MAX,
    OPEN_SECONDS_MIN,
    PROBES,
    Breaker,
    Operation,
    Outcome,
    claim_probe,
    fold,
    is_error_of_account,
    state_of,
    verdict_on,
)
from alltickets.payments.port import GatewayErrorKind

NOW = datetime(2026, 12, 1, 21, tzinfo=UTC)
WELL, FAILED, LOCKED_OUT = Outcome(verdict="well"), Outcome(verdict="failed"), Outcome(verdict="locked_out")
OUTCOMES = st.sampled_from([WELL, FAILED])


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def opened() -> Breaker:
    return fold(Breaker(), [FAILED] * FAILURES_IN_ROW_MAX, NOW)


def probed(breaker: Breaker, outcome: Outcome, now: datetime) -> Breaker:
    """A probe is let through and comes to that."""
    claimed = claim_probe(breaker, now)
    assert claimed is not None
    return fold(claimed, [Outcome(verdict=outcome.verdict, is_probe=True)], now)


def test_it_opens_on_failures_in_a_row_and_not_before() -> None:
    almost = fold(Breaker(), [FAILED] * (FAILURES_IN_ROW_MAX - 1), NOW)

    assert state_of(almost, NOW) == "closed"
    assert state_of(fold(almost, [WELL, FAILED], NOW), NOW) == "closed"
    assert state_of(fold(almost, [FAILED], NOW), NOW) == "open"


def test_it_opens_when_half_of_enough_calls_fail() -> None:
    turn_about = [WELL, FAILED] * (CALLS_MIN // 2)

    assert state_of(fold(Breaker(), turn_about[:-1], NOW), NOW) == "closed"
    assert state_of(fold(Breaker(), turn_about, NOW), NOW) == "open"


def test_failures_of_an_earlier_minute_do_not_count() -> None:
    breaker = fold(Breaker(), [FAILED, WELL] * 9, NOW)

    assert state_of(fold(breaker, [WELL, FAILED], later(60)), later(60)) == "closed"


def test_an_account_that_is_not_accepted_is_left_out_at_once() -> None:
    assert state_of(fold(Breaker(), [LOCKED_OUT], NOW), NOW) == "open"


def test_after_its_time_one_probe_at_a_time_is_let_through() -> None:
    breaker, then = opened(), later(OPEN_SECONDS_MIN)

    assert claim_probe(breaker, later(OPEN_SECONDS_MIN - 1)) is None
    claimed = claim_probe(breaker, then)
    assert claimed is not None
    assert claim_probe(claimed, then) is None
    assert state_of(claimed, then) == "open", "for everybody else"


def test_a_probe_whose_process_died_is_followed_by_another() -> None:
    claimed = claim_probe(opened(), later(OPEN_SECONDS_MIN))
    assert claimed is not None

    assert claim_probe(claimed, later(OPEN_SECONDS_MIN + 60)) is not None


def test_good_probes_close_it_and_a_bad_one_opens_it_for_longer() -> None:
    breaker, then = opened(), later(OPEN_SECONDS_MIN)

    for _ in range(PROBES - 1):
        breaker = probed(breaker, WELL, then)
    assert state_of(breaker, then) == "half_open"
    assert probed(breaker, WELL, then) == Breaker()
    again = probed(breaker, FAILED, then)
    assert again.opened_until == then + timedelta(seconds=2 * OPEN_SECONDS_MIN)


def test_it_stays_open_longer_and_longer_up_to_a_bound() -> None:
    breaker, now = opened(), NOW
    for _ in range(10):
        assert breaker.opened_until is not None
        now = breaker.opened_until
        breaker = probed(breaker, FAILED, now)

    assert breaker.opened_until == now + timedelta(seconds=OPEN_SECONDS_MAX)


def test_what_began_before_it_opened_tells_nothing_new() -> None:
    assert fold(opened(), [WELL, FAILED, LOCKED_OUT], later(1)) == opened()


@pytest.mark.parametrize("kind", ["declined", "invalid_request", "duplicate", "not_found", "unsupported"])
def test_answers_of_a_healthy_gateway_are_no_failures(kind: str) -> None:
    assert verdict_on(kind) == "well"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("operation", "kind", "is_told"),
    [
        ("start", "declined", False),
        ("query", "not_found", False),
        ("start", "auth_config", True),
        ("query", "rate_limited", True),
        ("refund", "declined", True),
        ("refund", "too_early", False),
        ("report", "unsupported", True),
    ],
)
def test_what_buyers_are_refused_is_no_error_of_the_account_and_what_the_organizer_is_refused_is(
    operation: Operation, kind: GatewayErrorKind, *, is_told: bool
) -> None:
    assert is_error_of_account(operation, kind) is is_told


@given(st.lists(OUTCOMES, max_size=60))
def test_good_calls_that_nobody_told_count_as_if_they_had_been_told(outcomes: list[Outcome]) -> None:
    told_late: list[Outcome] = []
    well = 0
    for outcome in outcomes:
        if outcome is WELL:
            well += 1
            continue
        told_late.append(Outcome(verdict="failed", well_before=well))
        well = 0

    one_by_one, at_failures = fold(Breaker(), outcomes, NOW), fold(Breaker(), told_late, NOW)

    assert state_of(one_by_one, NOW) == state_of(at_failures, NOW)


@given(st.lists(OUTCOMES, max_size=200))
def test_it_never_opens_while_more_than_half_goes_well_and_failures_stand_apart(outcomes: list[Outcome]) -> None:
    spaced = [one for outcome in outcomes for one in (outcome, WELL, WELL)]

    assert state_of(fold(Breaker(), spaced, NOW), NOW) == "closed"
