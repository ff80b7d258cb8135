"""The states of a refund, and which of a payment's money it gives back. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec

__all__ = ["FINAL", "UNSENT", "RefundStatus", "Source", "drawn", "may_move"]

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


class Source(msgspec.Struct, frozen=True):
    """A charge with what of it can be given back. `is_kept`: it brought the payment's money; else it came beside that."""

    charge_id: UUID
    left_minor: int
    is_kept: bool


def drawn(sources: Sequence[Source], minor: int) -> list[tuple[UUID, int]]:
    """How much of each charge goes back where `minor` in all do, in the order in which they are drawn on; none that gives nothing.

    The charge that brought the payment's money first. What came beside it is owed to the buyer anyhow: if that went first, an amount
    asked of an order would be paid with what was owed already, and could be asked of the order once more. The buyer has their money
    sooner, too, for what came beside is only still there because its gateway refused to give it back. That then goes by age.
    """
    assert 0 < minor <= sum(one.left_minor for one in sources), "no more goes back than there is"
    shares: list[tuple[UUID, int]] = []
    for one in sorted(sources, key=lambda one: (not one.is_kept, one.charge_id)):
        share = min(one.left_minor, minor)
        if share:
            shares.append((one.charge_id, share))
            minor -= share
    return shares
