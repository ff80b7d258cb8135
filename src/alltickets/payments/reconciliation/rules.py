"""What a line of a settlement means beside what we know, and what is proposed to be done. Pure.

Gross amounts have to agree to the cent; a fee may differ by one minor unit, for it is rounded by somebody else. Whatever our own books do
not know is asked of the gateway before anybody believes the file: a report is evidence, not truth.
"""

from typing import Literal

import msgspec

from alltickets.payments.port import GatewayStatus
from alltickets.payments.reconciliation.lines import SettlementLine

__all__ = [
    "ACTS",
    "FEE_TOLERANCE_MINOR",
    "NET_TOLERANCE_MINOR",
    "KnownCharge",
    "LineState",
    "ProposedAct",
    "UnsettledAct",
    "Verdict",
    "compare",
    "is_booked",
    "proposed_for_unsettled",
]

FEE_TOLERANCE_MINOR = 1
NET_TOLERANCE_MINOR = 2
"""By how much a line's net may miss its gross less fee and taxes: each of the two was rounded."""

LineState = Literal[
    "matched",
    "amount_differs",
    "fee_differs",
    "platform_fee_differs",  # the gateway paid the platform another fee than was agreed
    "currency_differs",
    "missing_here",  # the gateway moved money that we know nothing of
    "duplicate",  # a second line for the same payment
    "not_compared",  # a payout, a loan, a correction
    "unreadable",
]
ProposedAct = Literal[
    "fetch",  # ask the gateway about the payment and apply what it says
    "accept_fee",  # take the file's fee for the true one
    "review",  # somebody has to look
]

ACTS: dict[LineState, ProposedAct | None] = {
    "matched": None,
    "amount_differs": "review",
    "fee_differs": "accept_fee",
    "platform_fee_differs": "review",
    "currency_differs": "review",
    "missing_here": "fetch",
    "duplicate": "review",
    "not_compared": None,
    "unreadable": "review",
}

UnsettledAct = Literal[
    "import_report",  # no report was taken in since the money came: it may stand in the next one
    "fetch",  # ask the gateway how the payment stands
    "review",  # somebody has to look: what went back, or banks took, may stand in no report
]

_HELD_MONEY: frozenset[GatewayStatus] = frozenset({"charged", "refunded", "disputed", "charged_back"})
_DISPUTED: frozenset[GatewayStatus] = frozenset({"disputed", "charged_back"})


class KnownCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge as we know it, with what earlier lines said of it. `fee_minor` None: nobody told it yet."""

    status: GatewayStatus
    amount_minor: int
    currency: str
    refunded_minor: int
    fee_minor: int | None
    platform_fee_minor: int = 0
    has_payment_line: bool = False
    refunds_in_lines_minor: int = 0
    disputed_minors: tuple[int, ...] = ()
    """What banks ever asked for, dispute by dispute: also of those that were won."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a line stands. `expected_minor` is what our books say where they say another amount, or another fee."""

    state: LineState
    expected_minor: int | None = None


def compare(line: SettlementLine, known: KnownCharge | None) -> Verdict:
    """Hold a line against our charge; `known` is None when we have none for it."""
    if line.kind not in ("payment", "refund", "dispute"):
        return Verdict(state="not_compared")
    if known is None:
        return Verdict(state="missing_here")
    if line.currency != known.currency:
        return Verdict(state="currency_differs")
    if line.kind != "payment":
        verdict = _compare_refund(line, known) if line.kind == "refund" else _compare_dispute(line, known)
        # Of a sale that was not divided the platform gets nothing, whatever the books would make of it.
        is_foreign = verdict.state == "matched" and line.platform_fee_minor and not known.platform_fee_minor
        return Verdict(state="platform_fee_differs", expected_minor=0) if is_foreign else verdict
    if known.has_payment_line:
        return Verdict(state="duplicate")
    if known.status not in _HELD_MONEY:
        return Verdict(state="missing_here")
    if line.gross_minor != known.amount_minor:
        return Verdict(state="amount_differs", expected_minor=known.amount_minor)
    if line.platform_fee_minor != known.platform_fee_minor:
        return Verdict(state="platform_fee_differs", expected_minor=known.platform_fee_minor)
    if known.fee_minor is not None and abs(line.fee_minor - known.fee_minor) > FEE_TOLERANCE_MINOR:
        return Verdict(state="fee_differs", expected_minor=known.fee_minor)
    return Verdict(state="matched")


def proposed_for_unsettled(status: GatewayStatus, *, is_reported_since: bool) -> UnsettledAct:
    """What to do about money of ours that no line tells of; `is_reported_since`: a report was taken in after it was first seen."""
    if not is_reported_since:
        return "import_report"
    return "fetch" if status == "charged" else "review"


def _compare_dispute(line: SettlementLine, known: KnownCharge) -> Verdict:
    """What a bank took, or gave back: a report tells both in lines of their own, long after we heard of it."""
    if abs(line.gross_minor) in known.disputed_minors:
        return Verdict(state="matched")
    if known.disputed_minors:
        return Verdict(state="amount_differs", expected_minor=known.disputed_minors[0])
    return Verdict(state="matched" if known.status in _DISPUTED else "missing_here")


def is_booked(line: SettlementLine, state: LineState, *, account_currency: str) -> bool:
    """Whether a line that stands so is posted to the books: only what we know of as well, and what adds up.

    A payout is told by the report alone; in another currency than the account's it is left to people.
    """
    if abs(line.gross_minor - line.fee_minor - line.platform_fee_minor - line.taxes_minor - line.net_minor) > NET_TOLERANCE_MINOR:
        return False
    if line.kind == "payout":
        return line.currency == account_currency and line.gross_minor != 0
    return line.kind != "other" and state in ("matched", "fee_differs")


def _compare_refund(line: SettlementLine, known: KnownCharge) -> Verdict:
    """A report may tell of a charge's refunds one by one: together they are what we know, or less."""
    told = known.refunds_in_lines_minor + abs(line.gross_minor)
    if told <= known.refunded_minor:
        return Verdict(state="matched")
    if told <= known.amount_minor:
        return Verdict(state="missing_here")
    return Verdict(state="amount_differs", expected_minor=known.refunded_minor - known.refunds_in_lines_minor)
