"""When a round begins, how fast it goes, and what of it is still to come. Pure."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from alltickets.payments.port import GatewayErrorKind

__all__ = ["ASKED_AT_ONCE", "RECENT", "TURN", "is_down", "next_night", "pause_after"]

ASKED_AT_ONCE = 10
"""Attempts of an account in one turn."""
TURN = timedelta(seconds=10)
"""From one turn of an account to its next: an account's gateway is asked once a second at most, in all processes together."""
RECENT = timedelta(days=3)
"""Gateways change their mind about what is over: a payment that was declined is approved after all, one that was approved is refunded on
their pages, and the notice is lost. What began within that time is looked at whatever its state; disputes and refunds as long as they
are open."""

_ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
_FROM = time(3)
_SPREAD_MINUTES = 120
_DOWN: frozenset[GatewayErrorKind] = frozenset({"unavailable_not_sent", "unknown_outcome", "rate_limited", "auth_config"})
_PAUSE = timedelta(minutes=10)


def next_night(now: datetime, account_id: UUID) -> datetime:
    """The account's moment of the coming night: between three and five, each at its own, so that not all ask at once."""
    today = datetime.combine(now.astimezone(_ZONE), _FROM, _ZONE) + timedelta(minutes=account_id.int % _SPREAD_MINUTES)
    return today if today > now else today + timedelta(days=1)


def is_down(kind: GatewayErrorKind) -> bool:
    """Whether an error says that the next question would fail alike: the round rests, and goes on where it was."""
    return kind in _DOWN


def pause_after(failures: int) -> timedelta:
    """How long a round rests after so many turns in a row that failed: longer each time, and two hours at most."""
    return min(_PAUSE * max(failures, 1), timedelta(hours=2))
