"""When an account is left out, and when it is tried again. Pure.

Closed, calls go out and their outcomes are counted. It opens on so many failures in a row, on half of enough calls within a minute, or at
once where the gateway does not accept the account. Open, nobody calls. When its time is up it is half open: one call at a time is let
through as a probe, and so many good ones in a row close it; a bad one opens it again for twice as long.

Only what the gateway does wrong counts: a declined card and a request that we got wrong are answers of a healthy gateway.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from alltickets.payments.port import GatewayErrorKind

__all__ = [
    "CALLS_MIN",
    "CLOSED",
    "FAILURES_IN_ROW_MAX",
    "OPEN_SECONDS_MAX",
    "OPEN_SECONDS_MIN",
    "PROBES",
    "Breaker",
    "Operation",
    "Outcome",
    "Verdict",
    "claim_probe",
    "fold",
    "is_error_of_account",
    "state_of",
    "verdict_on",
]

FAILURES_IN_ROW_MAX = 5
CALLS_MIN = 20
WINDOW = timedelta(seconds=60)
OPEN_SECONDS_MIN = 30
OPEN_SECONDS_MAX = 300
PROBES = 3
PROBE_SECONDS_MAX = 40
"""A probe that has told nothing for so long died with its process: another one is let through."""

Operation = Literal[
    "start",  # opening a page, or charging a card
    "query",  # asking how a payment or a dispute stands
    "capture",
    "void",
    "refund",  # giving money back, and asking whether it went
    "dispute",  # handing evidence in
    "report",  # fetching what was paid out
    "connect",  # the connection test; also a seller's leave, asked about and renewed
]
"""What was being done at a gateway when something went wrong."""
_FOR_BUYERS: tuple[Operation, ...] = ("start", "query")

State = Literal["closed", "open", "half_open"]
Verdict = Literal[
    "well",  # the gateway answered, whatever it said
    "failed",  # it did not, or said that it cannot
    "locked_out",  # it does not accept the account: every further call would fail alike
]

_VERDICTS: dict[GatewayErrorKind, Verdict] = {
    "unavailable_not_sent": "failed",
    "unknown_outcome": "failed",
    "rate_limited": "failed",
    "auth_config": "locked_out",
}


def verdict_on(kind: GatewayErrorKind) -> Verdict:
    """What an error says about the gateway's health."""
    return _VERDICTS.get(kind, "well")


def is_error_of_account(operation: Operation, kind: GatewayErrorKind) -> bool:
    """Whether an organizer who looks at the account has to know of it.

    What a buyer is refused is none of the account's errors, nor is a payment that nobody knows; what the organizer is refused is one. A
    refund that only has to wait goes its way.
    """
    if operation in _FOR_BUYERS:
        return verdict_on(kind) != "well"
    return kind != "too_early"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a call went. `well_before`: calls that went well since the last outcome that was told, and were not told themselves."""

    verdict: Verdict
    is_probe: bool = False
    well_before: int = 0


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """An account's. `opened_until` None: closed. The counts are of the window that began at `window_from`."""

    failures_in_row: int = 0
    window_from: datetime | None = None
    calls: int = 0
    failures: int = 0
    opened_until: datetime | None = None
    open_seconds: int = 0
    probing_until: datetime | None = None
    probes_well: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether a call that goes well changes nothing."""
        return self.opened_until is None and self.failures_in_row == 0


CLOSED = Breaker()


def state_of(breaker: Breaker, now: datetime) -> State:
    """Closed, open, or half open with a probe to be made."""
    if breaker.opened_until is None:
        return "closed"
    is_probed = breaker.probing_until is not None and now < breaker.probing_until
    return "open" if now < breaker.opened_until or is_probed else "half_open"


def claim_probe(breaker: Breaker, now: datetime) -> Breaker | None:
    """Let one call through a half-open breaker; None where it is not half open, or a probe is under way."""
    if state_of(breaker, now) != "half_open":
        return None
    return msgspec.structs.replace(breaker, probing_until=now + timedelta(seconds=PROBE_SECONDS_MAX))


def fold(breaker: Breaker, outcomes: Iterable[Outcome], now: datetime) -> Breaker:
    """The breaker after these outcomes, in their order."""
    for outcome in outcomes:
        breaker = _after(breaker, outcome, now)
    return breaker


def _after(breaker: Breaker, outcome: Outcome, now: datetime) -> Breaker:
    if breaker.opened_until is not None:
        # A call that began before it opened tells nothing new.
        return _after_probe(breaker, outcome, now) if outcome.is_probe else breaker
    breaker = _count(breaker, outcome, now)
    is_too_much = breaker.failures_in_row >= FAILURES_IN_ROW_MAX
    is_half = breaker.calls >= CALLS_MIN and breaker.failures * 2 >= breaker.calls
    if outcome.verdict == "locked_out" or (outcome.verdict == "failed" and (is_too_much or is_half)):
        return _opened(OPEN_SECONDS_MIN, now)
    return breaker


def _count(breaker: Breaker, outcome: Outcome, now: datetime) -> Breaker:
    if breaker.window_from is None or now - breaker.window_from >= WINDOW:
        breaker = msgspec.structs.replace(breaker, window_from=now, calls=0, failures=0)
    has_failed = outcome.verdict != "well"
    return msgspec.structs.replace(
        breaker,
        calls=breaker.calls + 1 + outcome.well_before,
        failures=breaker.failures + has_failed,
        failures_in_row=(0 if outcome.well_before else breaker.failures_in_row) + 1 if has_failed else 0,
    )


def _after_probe(breaker: Breaker, outcome: Outcome, now: datetime) -> Breaker:
    if outcome.verdict != "well":
        return _opened(min(breaker.open_seconds * 2, OPEN_SECONDS_MAX), now)
    if breaker.probes_well + 1 >= PROBES:
        return CLOSED
    return msgspec.structs.replace(breaker, probes_well=breaker.probes_well + 1, probing_until=None)


def _opened(seconds: int, now: datetime) -> Breaker:
    return Breaker(opened_until=now + timedelta(seconds=seconds), open_seconds=seconds)
