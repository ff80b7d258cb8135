"""When gateways are asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from alltickets.payments.port import GatewayErrorKind
from alltickets.payments.rules import AttemptStatus
from alltickets.payments.schedule import (
    absence_is_proven,
    first_query,
    next_callback_try,
    next_query,
    next_try,
    what_to_do_after,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EXPIRES = NOW + timedelta(minutes=10)


def asked(status: AttemptStatus, times: int, *, now: datetime = NOW, has_undecided: bool = False) -> float | str:
    """Seconds until the next question, or why there is none."""
    following = next_query(status, has_undecided=has_undecided, times=times, since=NOW, now=now, expires_at=EXPIRES)
    return (following - now).total_seconds() if isinstance(following, datetime) else following


@pytest.mark.parametrize("status", ["unknown", "pending", "authorized", "sending"])
def test_an_undecided_attempt_is_asked_about_soon_then_hourly(status: AttemptStatus) -> None:
    assert [asked(status, times) for times in range(8)] == [2, 5, 15, 60, 300, 900, 3600, 3600]


def test_after_a_day_people_have_to_look() -> None:
    assert asked("unknown", 30, now=NOW + timedelta(hours=24)) == "needs_review"


def test_what_a_buyer_with_a_link_paid_is_found_within_a_minute_until_the_link_has_died() -> None:
    assert [asked("awaiting_buyer", times) for times in range(3)] == [50, 50, 50]
    assert asked("awaiting_buyer", 11, now=EXPIRES - timedelta(seconds=30)) == 35
    assert asked("awaiting_buyer", 3, now=EXPIRES + timedelta(seconds=5)) == 45


def test_a_declined_attempt_is_asked_about_once_more_after_its_link_has_died() -> None:
    assert asked("declined", 0) == 605


@pytest.mark.parametrize("status", ["declined", "expired", "cancelled", "error"])
def test_a_closed_attempt_is_final_once_its_link_has_died_by_a_clock_that_is_five_minutes_behind(status: AttemptStatus) -> None:
    assert asked(status, 1, now=EXPIRES + timedelta(seconds=5)) == 300
    assert asked(status, 2, now=EXPIRES + timedelta(minutes=5, seconds=5)) == "final"


def test_a_closed_attempt_with_an_undecided_charge_is_followed() -> None:
    assert asked("expired", 0, now=EXPIRES + timedelta(minutes=1), has_undecided=True) == 2


@pytest.mark.parametrize("status", ["charged", "refunded", "charged_back", "integrity_hold"])
def test_a_final_attempt_is_not_asked_about(status: AttemptStatus) -> None:
    assert asked(status, 0) == "final"


def test_first_questions() -> None:
    seconds = {
        status: (at - NOW).total_seconds()
        for status in ("created", "sending", "awaiting_buyer", "unknown", "pending")
        if (at := first_query(status, now=NOW, expires_at=EXPIRES)) is not None
    }

    assert seconds == {"created": 600, "sending": 30, "awaiting_buyer": 60, "unknown": 2, "pending": 2}
    assert first_query("error", now=NOW, expires_at=EXPIRES) is None


@pytest.mark.parametrize(("times", "seconds", "proven"), [(2, 600, False), (3, 119, False), (3, 120, True), (9, 60, False)])
def test_silence_is_believed_after_three_times_over_two_minutes(times: int, seconds: int, proven: bool) -> None:
    assert absence_is_proven(times, NOW, NOW + timedelta(seconds=seconds)) is proven


def test_an_early_callback_is_tried_three_more_times() -> None:
    at = [next_callback_try(tries, NOW) for tries in (1, 2, 3, 4)]

    assert [None if one is None else (one - NOW).total_seconds() for one in at] == [60, 300, 1800, None]


def test_a_gateway_that_is_away_is_called_for_a_day() -> None:
    assert next_try(0, since=NOW, now=NOW) == NOW + timedelta(seconds=2)
    assert next_try(40, since=NOW, now=NOW + timedelta(hours=24)) is None


@pytest.mark.parametrize(
    ("kind", "then"),
    [
        ("unknown_outcome", "ask"),
        ("duplicate", "ask"),
        ("unavailable_not_sent", "repeat"),
        ("rate_limited", "repeat"),
        ("declined", "give_up"),
        ("invalid_request", "give_up"),
        ("auth_config", "give_up"),
        ("not_found", "give_up"),
        ("unsupported", "give_up"),
    ],
)
def test_what_may_have_happened_is_never_repeated_unasked(kind: GatewayErrorKind, then: str) -> None:
    assert what_to_do_after(kind) == then
