"""What a line of a settlement report does to the books. Pure.

What the gateway really kept of a charge is a fact of that charge, like the fee that it told before: the books show the difference. What it
withheld, what it paid out, and the cents by which its sums miss are postings of the line's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from alltickets.kernel.money import included_minor
from alltickets.payments.ledger import accounts
from alltickets.payments.ledger.facts import OF_DISPUTE, Fact
from alltickets.payments.ledger.rules import Move, Posting, PostingKind, moves_between, rounded_off, settled, withheld

__all__ = ["WITHHELD", "BookedLine", "facts_of_line", "postings_of_line"]

WITHHELD = "withheld"
"""Reports tell taxes in one sum: which tax each was stands in the gateway's own papers."""


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A line that goes into the books; `key` names it for ever. Amounts as in `SettlementLine`. Of no charge: a payout.

    is_split: of a sale that the gateway divided, or a payout of an account that it pays the organizer's share to. What the gateway keeps
    of that, withholds and pays out is the organizer's own: the books know the platform's fee alone. platform_fee_minor: what went to the
    platform; the books have it by what was agreed, so here it only is no rounding.
    """

    key: str
    account_id: UUID
    kind: Literal["payment", "refund", "dispute", "payout"]
    gross_minor: int
    fee_minor: int
    taxes_minor: int
    net_minor: int
    currency: str
    occurred_at: datetime
    payment_id: UUID | None
    charge_id: UUID | None
    is_split: bool = False
    platform_fee_minor: int = 0


def facts_of_line(line: BookedLine) -> Iterator[Fact]:
    """What the line tells of its charge's fee. A payment's line settles it, also where nothing was kept; others add to that."""
    if line.payment_id is None or line.charge_id is None or line.is_split:
        return
    if line.kind == "payment":
        yield _fact(line, line.payment_id, line.charge_id, "fee_settled", max(line.fee_minor, 0))
    adjusted = line.fee_minor if line.kind != "payment" else min(line.fee_minor, 0)
    if adjusted:
        kind: PostingKind = "fee_adjusted" if adjusted > 0 else "fee_adjusted_back"
        yield _fact(line, line.payment_id, line.charge_id, kind, abs(adjusted), OF_DISPUTE if line.kind == "dispute" else "")


def postings_of_line(line: BookedLine, *, fee_tax_basis_points: int) -> Iterator[Posting]:
    """What the line does beside that: taxes withheld (or given back), a payout (or one that came back) with its fee, and rounding."""
    if line.is_split:
        return
    if line.taxes_minor:
        taken = withheld(line.account_id, WITHHELD, abs(line.taxes_minor))
        yield _posting(line, "withholding", line.taxes_minor, _either_way(taken, is_back=line.taxes_minor < 0))
    if line.kind == "payout":
        paid = settled(line.account_id, abs(line.gross_minor))
        yield _posting(line, "settlement", line.gross_minor, _either_way(paid, is_back=line.gross_minor > 0))
        if line.fee_minor:
            kind: PostingKind = "fee" if line.fee_minor > 0 else "fee_returned"
            yield _posting(line, kind, line.fee_minor, _fee(line, fee_tax_basis_points))
    short_minor = line.gross_minor - line.fee_minor - line.platform_fee_minor - line.taxes_minor - line.net_minor
    if short_minor:
        yield _posting(line, "rounding", short_minor, rounded_off(line.account_id, short_minor))


def _fee(line: BookedLine, fee_tax_basis_points: int) -> tuple[Move, ...]:
    """Of the account, and of no charge."""
    fee = abs(line.fee_minor)
    tax = included_minor(fee, fee_tax_basis_points)
    kept = {
        accounts.fee_expense(line.account_id): fee - tax,
        accounts.VAT_INPUT: tax,
        accounts.gateway_receivable(line.account_id): -fee,
    }
    return _either_way(moves_between({}, kept), is_back=line.fee_minor < 0)


def _either_way(moves: tuple[Move, ...], *, is_back: bool) -> tuple[Move, ...]:
    return tuple(Move(move.credit, move.debit, move.minor) for move in moves) if is_back else moves


def _posting(line: BookedLine, kind: PostingKind, minor: int, moves: tuple[Move, ...]) -> Posting:
    return Posting(
        key=f"{kind}:{line.key}",
        kind=kind,
        minor=abs(minor),
        currency=line.currency,
        moves=moves,
        occurred_at=line.occurred_at,
        payment_id=line.payment_id,
        charge_id=line.charge_id,
    )


def _fact(line: BookedLine, payment_id: UUID, charge_id: UUID, kind: PostingKind, minor: int, suffix: str = "") -> Fact:
    return Fact(
        key=f"{kind}:{line.key}{suffix}",
        kind=kind,
        minor=minor,
        currency=line.currency,
        payment_id=payment_id,
        charge_id=charge_id,
        occurred_at=line.occurred_at,
    )
