"""When to ask a gateway again. Pure; the poller's and the refunds' clock.

A callback is only one way to learn something: every attempt that is not final is asked about as well, soon at first, then less
and less, for a day; after that somebody has to look.
"""

from datetime import datetime, timedelta
from typing import Literal

from alltickets.payments.port import GatewayErrorKind, Patience
from alltickets.payments.rules import AttemptStatus

__all__ = [
    "ABSENT_FOR_MIN",
    "ABSENT_TIMES_MIN",
    "AFTER_EXPIRY",
    "CALL_SECONDS_MAX",
    "LATE_DELAY_SECONDS",
    "LOOK_AGAIN_SECONDS",
    "absence_is_proven",
    "first_query",
    "last_query",
    "next_callback_try",
    "next_query",
    "next_try",
    "patient_until",
    "what_to_do_after",
]

QUERY_DELAYS_SECONDS = (2, 5, 15, 60, 300, 900)
"""After these it is every hour."""
ASKED_FOR = timedelta(hours=24)
BUYER_FIRST_SECONDS = 60
BUYER_AGAIN_SECONDS = 50
"""A buyer with a link is typing: the callback is faster than we are. Where it is lost, what was paid is found within a minute."""
AFTER_EXPIRY = timedelta(seconds=5)
"""Expiry stops starting a payment; one under way may still be approved seconds later."""
CLOCKS_APART = timedelta(minutes=5)
"""So much a gateway's clock may be behind ours: its link then lives that much longer than we think, and may be paid."""
LOOK_AGAIN_SECONDS = 60
"""How long a claimed piece of work is left alone: whoever claimed it is then taken for dead."""
CALL_SECONDS_MAX = 30
"""Longer than any call's time-outs: an attempt that is "sending" for so long has lost its answer."""
ABSENT_TIMES_MIN = 3
ABSENT_FOR_MIN = timedelta(minutes=2)
LATE_DELAY_SECONDS = 900
"""An attempt that was given up because nobody knew of it is looked for again after this, and hourly for a day."""
CALLBACK_DELAYS_SECONDS = (60, 300, 1800)
"""For a callback whose payment we do not know: it may have beaten our own commit."""

_UNDECIDED: tuple[AttemptStatus, ...] = ("sending", "pending", "unknown", "authorized", "capturing", "voiding")
_CLOSED: tuple[AttemptStatus, ...] = ("declined", "cancelled", "expired", "voided", "error")


def first_query(status: AttemptStatus, *, now: datetime, expires_at: datetime) -> datetime | None:
    """When to look after an attempt for the first time after it was stored, or came into this state. None: never again."""
    if status == "created":
        return expires_at
    if status == "sending":
        return now + timedelta(seconds=CALL_SECONDS_MAX)
    if status == "awaiting_buyer":
        return min(now + timedelta(seconds=BUYER_FIRST_SECONDS), expires_at + AFTER_EXPIRY)
    if status not in _UNDECIDED:
        return None
    return now + timedelta(seconds=QUERY_DELAYS_SECONDS[0])


def next_query(
    status: AttemptStatus,
    *,
    has_undecided: bool,
    times: int,
    since: datetime,
    now: datetime,
    expires_at: datetime,
    ended_by_silence: bool = False,
) -> datetime | Literal["final", "needs_review"]:
    """When to ask about an attempt again that was asked about `times` times since it came into its state at `since`.

    A charge that the gateway has not decided on (`has_undecided`) is followed even where its attempt is closed.
    A closed attempt is asked about once more after its link has died, because a decline may have been followed by a success, and again once
    it has died by a clock that is behind ours; one that was closed because the gateway knew of nothing (`ended_by_silence`) for a day,
    because its charge may have been late.
    """
    if status in _UNDECIDED or has_undecided:
        if now - since >= ASKED_FOR:
            return "needs_review"
        return now + timedelta(seconds=_delay(QUERY_DELAYS_SECONDS, times))
    if status == "awaiting_buyer":
        if now < expires_at:
            return min(now + timedelta(seconds=BUYER_AGAIN_SECONDS), expires_at + AFTER_EXPIRY)
        if now - expires_at >= ASKED_FOR:
            return "needs_review"
        # Within two and a half minutes enough silence is gathered to call the attempt expired.
        return now + timedelta(seconds=45)
    if ended_by_silence and now - since < ASKED_FOR:
        return now + timedelta(hours=1)
    return (last_query(now=now, expires_at=expires_at) or "final") if status in _CLOSED else "final"


def last_query(*, now: datetime, expires_at: datetime) -> datetime | None:
    """When to look after a closed attempt again; None: its link has died by every clock."""
    for dead_at in (expires_at, expires_at + CLOCKS_APART):
        if now < dead_at:
            return dead_at + AFTER_EXPIRY
    return None


def absence_is_proven(times: int, first_at: datetime, now: datetime, *, absent_for_min: timedelta = ABSENT_FOR_MIN) -> bool:
    """Whether a gateway that knows of no payment may be believed: its search lags behind, so three times over two minutes or longer."""
    return times >= ABSENT_TIMES_MIN and now - first_at >= absent_for_min


def next_callback_try(tries: int, now: datetime) -> datetime | None:
    """When to try a callback again that could not be applied; None: it is kept as it is."""
    if tries > len(CALLBACK_DELAYS_SECONDS):
        return None
    return now + timedelta(seconds=CALLBACK_DELAYS_SECONDS[tries - 1])


def next_try(tries: int, *, since: datetime, now: datetime) -> datetime | None:
    """When to call a gateway again that could not be reached or has not decided; None after a day."""
    if now - since >= ASKED_FOR:
        return None
    return now + timedelta(seconds=_delay(QUERY_DELAYS_SECONDS, tries))


def patient_until(
    patience: Patience, *, expires_at: datetime, kept_until_max: datetime | None, begins_at: datetime | None, now: datetime
) -> datetime | None:
    """Until when a payment may come that its account has patience for, and its place is kept; None: there is too little time for it.

    `expires_at`: until when the place is kept anyway; the others as in `StartPayment`.
    """
    wished = now + timedelta(hours=patience.hours)
    bounds = [kept_until_max if kept_until_max is not None else expires_at]
    if begins_at is not None:
        bounds.append(begins_at - timedelta(hours=patience.hours_before))
    until = min(max(wished, expires_at), *bounds)
    return until if until >= min(wished, expires_at) else None


def what_to_do_after(kind: GatewayErrorKind) -> Literal["ask", "repeat", "give_up"]:
    """What a failed call of ours leaves open (orchestration section 5).

    ask: it may have happened, only a query tells. repeat: it did not happen and may be sent again under its key.
    give_up: it did not happen and will not.
    """
    if kind in ("unknown_outcome", "duplicate"):
        return "ask"
    if kind in ("unavailable_not_sent", "rate_limited"):
        return "repeat"
    return "give_up"


def _delay(delays: tuple[int, ...], times: int) -> int:
    return delays[times] if times < len(delays) else 3600
