"""The states of a refund. Pure."""

from collections.abc import Mapping
from typing import Literal

__all__ = ["FINAL", "UNSENT", "RefundStatus", "may_move"]

RefundStatus = Literal[
    "created",  # ordered; the gateway was not called
    "queued",  # the gateway does it only later, and certainly has not done it: it waits here
    "sending",  # the gateway is being called, or was when the process died
    "unknown",  # the answer was lost; the gateway is asked before anything is repeated
    "pending",  # the gateway has it and has not decided, or people have
    "succeeded",
    "failed",
]

UNSENT: tuple[RefundStatus, ...] = ("created", "queued")
"""Certainly not carried out: sent without asking first."""
FINAL: tuple[RefundStatus, ...] = ("succeeded", "failed")
"""Nothing overwrites it: one that came back after all, or is made again, is another thing and another refund."""

_ANSWERS: frozenset[RefundStatus] = frozenset({"queued", "unknown", "pending", "succeeded", "failed"})
_STEPS: Mapping[RefundStatus, frozenset[RefundStatus]] = {
    # An answer may be so late that the next worker has found meanwhile that nothing was carried out.
    "created": _ANSWERS | {"sending"},
    "queued": _ANSWERS | {"sending"},
    # Only of a call that nobody has asked about since one may still say that it was certainly not carried out.
    "sending": _ANSWERS | {"created"},
    "unknown": _ANSWERS,
    "pending": _ANSWERS,
    "succeeded": frozenset(),
    "failed": frozenset(),
}


def may_move(before: RefundStatus, after: RefundStatus) -> bool:
    """Whether a refund comes from the one state into the other. What may have been sent never counts as unsent again, but by an answer."""
    return before != after and after in _STEPS[before]
