"""What facts do to the books. Pure.

For a charge this is one function of everything that is known of it: `books_of`. A fact's posting is the difference that it makes to that.
So the books at the end depend on which facts there are and not on their order, and they are balanced at all times, because `books_of`
is. Facts that concern no single charge (a settlement, a payout) are a function each.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

import msgspec

from alltickets.kernel.money import included_minor
from alltickets.payments.events import ChargeMoney
from alltickets.payments.ledger import accounts
from alltickets.payments.parts import Part, PartKind, shares_of

__all__ = [
    "REVERSIBLE",
    "Bearer",
    "Books",
    "ChargeFacts",
    "ChargeKind",
    "Discount",
    "Move",
    "OtherKind",
    "Posting",
    "PostingKind",
    "books_of",
    "fee_passed_on",
    "moves_between",
    "paid_out",
    "reversal_of",
    "rounded_off",
    "settled",
    "withheld",
]

Books = Mapping[str, int]
"""By account, debit less credit in minor units of one currency. They sum to zero."""

ChargeKind = Literal[
    "sale",  # a charge brought the payment's money
    "aside",  # a charge holds money that pays for nothing: paid twice, or another amount than agreed
    "aside_ended",  # and no longer does: it was the payment's money after all, or of another amount
    "fee",  # the gateway keeps (more) for itself
    "fee_returned",  # and less than it said
    "fee_settled",  # a settlement report says what it really kept of the payment: that counts from then on, whatever it told
    "fee_adjusted",  # and kept on top with a refund, or for a dispute
    "fee_adjusted_back",  # or gave back with one
    "refund_ordered",  # we asked the gateway to give money back
    "refund_failed",  # it will not
    "refund",  # it did, whoever asked it to
    "refund_undone",  # it said too much
    "dispute_opened",  # the buyer's bank took the money while it decides
    "dispute_won",  # and gave it back
    "dispute_lost",  # and keeps it
]
"""Facts of one charge, from the event log."""

OtherKind = Literal[
    "settlement",  # the gateway paid out
    "withholding",  # it withheld taxes
    "payout",  # the organizer was paid
    "fee_passed_on",  # the organizer bears the gateway's fee
    "rounding",  # a settlement's lines and its sum differ by cents
    "reversal",  # a posting was wrong
]
"""Facts of more than one charge, or from elsewhere."""

REVERSIBLE: frozenset[str] = frozenset(get_args(OtherKind)) - {"reversal"}
"""Kinds that a reversal takes back. Not facts of a charge: the books follow its payment, and the next fact posts the difference."""

PostingKind = ChargeKind | OtherKind

Bearer = Literal["organizer", "platform"]
"""Who bears what a lost dispute costs."""

_ACCOUNT_OF_PART: dict[PartKind, str] = {
    "proceeds": accounts.ORGANIZER_PAYABLE,
    "charge": accounts.COMMISSION_REVENUE,
    "charge_tax": accounts.VAT_OUTPUT,
}


class Move(msgspec.Struct, frozen=True):
    """An amount above zero goes from the account in credit to the one in debit."""

    debit: str
    credit: str
    minor: int


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """What one fact did to the books, under the key that makes it happen once. No moves: it changed nothing that others had not.

    minor: the amount that the fact is about. occurred_at: when it became true. payment_id, charge_id: None where it is about more than one.
    """

    key: str
    kind: PostingKind
    minor: int
    currency: str
    moves: tuple[Move, ...]
    occurred_at: datetime
    payment_id: UUID | None = None
    charge_id: UUID | None = None


class Discount(msgspec.Struct, frozen=True):
    """What a promotion took off a sale: the bank owes `bank_minor` of it, the platform bears `platform_minor`, the organizer the rest."""

    promotion_id: UUID
    minor: int
    bank_minor: int
    platform_minor: int = 0


class ChargeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the books know of a charge. `ordered_minor`: refunds that we asked for and that have not failed.

    parts: of the payment that it brought; where that is not zero they sum to `money.kept_minor` and what the discount took off it.
    settled_fee_minor: what settlement reports say that the gateway kept of it; None where none has a line of its payment.
    settled_dispute_fee_minor: what they say that its disputes cost; None where no line does.
    platform_fee_minor: what the gateway pays to the platform where it divides the sale; None where it does not.
    """

    account_id: UUID
    parts: tuple[Part, ...]
    money: ChargeMoney
    ordered_minor: int = 0
    settled_fee_minor: int | None = None
    settled_dispute_fee_minor: int | None = None
    discount: Discount | None = None
    platform_fee_minor: int | None = None

    @property
    def fee_minor(self) -> int:
        """What the gateway keeps of the payment and for its disputes: really, or else as it told."""
        told, told_of_disputes = self.money.fee_minor - self.money.dispute_fee_minor, self.money.dispute_fee_minor
        kept = told if self.settled_fee_minor is None else self.settled_fee_minor
        return kept + (told_of_disputes if self.settled_dispute_fee_minor is None else self.settled_dispute_fee_minor)


def books_of(facts: ChargeFacts, *, fee_tax_basis_points: int, lost_disputes_borne_by: Bearer = "organizer") -> Books:
    """What a charge stands for in the books.

    Sold: the gateway owes the amount, and its parts are owed to the organizer, earned, and owed to the tax office. What is given back is
    shared over the parts (`shares_of`), from when it is ordered, or from when it is done where nobody here ordered it; in between it is
    on its way. What is in dispute, all of it or a part, the gateway does not owe meanwhile. What a lost dispute costs the organizer bears
    for the proceeds and the platform for the rest, or the platform bears all of it. Money aside is owed back in full.
    What a promotion took off is owed by its bank or borne by platform and organizer, in the share that was neither given back nor lost.
    Where the gateway divides the sale, the platform's fee is all that stands here (`_ours_of`).
    """
    facts = facts if facts.platform_fee_minor is None else _ours_of(facts, facts.platform_fee_minor)
    money = facts.money
    back = min(money.refunded_minor, money.kept_minor)
    aside_left = money.aside_minor - min(money.refunded_minor - back, money.aside_minor)
    left = money.kept_minor - back + aside_left
    lost = min(money.taken_minor, left)
    disputed = min(money.held_minor, left - lost)
    lost_kept = min(lost, money.kept_minor - back)
    # Nothing of what was lost can be given back: what of it was still on its way never will be.
    promised = max(back, min(facts.ordered_minor, money.kept_minor - lost_kept))
    fee = facts.fee_minor
    tax = included_minor(fee, fee_tax_basis_points)
    books = {
        accounts.gateway_receivable(facts.account_id): left - lost - disputed - fee,
        accounts.DISPUTE_RESERVE: disputed,
        accounts.REFUND_CLEARING: back - promised - (aside_left - (lost - lost_kept)),
        accounts.fee_expense(facts.account_id): fee - tax,
        accounts.VAT_INPUT: tax,
    }
    if money.kept_minor:
        returned, gone = (_gross(facts, promised), _gross(facts, promised + lost_kept))
        _book_parts(books, facts.parts, returned, lost=gone - returned, borne_by=lost_disputes_borne_by)
        if facts.discount is not None:
            _book_discount(books, facts.discount, gone - promised - lost_kept)
    assert sum(books.values()) == 0, "books are balanced"
    return books


def _ours_of(facts: ChargeFacts, fee: int) -> ChargeFacts:
    """What is the platform's of a sale that its gateway divided: the fee, less the share of it that goes back with refunds.

    What the gateway keeps for itself and what banks ask for comes out of the organizer's share, and never touches these books.
    """
    money = facts.money
    whole = money.kept_minor + money.aside_minor

    def ours(minor: int) -> int:
        return fee * min(minor, whole) // whole if whole else 0

    parts = tuple(part for part in facts.parts if part.kind != "proceeds")
    return ChargeFacts(
        account_id=facts.account_id,
        parts=parts if sum(part.minor for part in parts) == fee else (Part("charge", fee),),
        money=ChargeMoney(
            kept_minor=ours(money.kept_minor), aside_minor=ours(money.aside_minor), refunded_minor=ours(money.refunded_minor)
        ),
        ordered_minor=ours(facts.ordered_minor),
    )


def _book_parts(books: dict[str, int], parts: Sequence[Part], returned: int, *, lost: int, borne_by: Bearer) -> None:
    """Book what the parts are owed less what of them was given back, and what of the rest was lost: a share of each part, too."""
    minors = [part.minor for part in parts]
    for part, share, gone in zip(parts, shares_of(minors, returned), shares_of(minors, returned + lost), strict=True):
        account = _ACCOUNT_OF_PART[part.kind]
        books[account] = books.get(account, 0) - (part.minor - share)
        if gone > share:
            bearing = accounts.ORGANIZER_PAYABLE if part.kind == "proceeds" and borne_by == "organizer" else accounts.CHARGEBACK_LOSS
            books[bearing] = books.get(bearing, 0) + (gone - share)


def _gross(facts: ChargeFacts, minor: int) -> int:
    """So much of the kept money, with the share of the discount that goes with it: the parts are of both."""
    off = 0 if facts.discount is None else facts.discount.minor
    return minor + off * minor // facts.money.kept_minor


def _book_discount(books: dict[str, int], discount: Discount, returned: int) -> None:
    """Book who bears what was taken off, less what of it went with what is no longer sold."""
    bearers = (accounts.promo_receivable(discount.promotion_id), accounts.PROMO_EXPENSE, accounts.ORGANIZER_PAYABLE)
    shares = (discount.bank_minor, discount.platform_minor, discount.minor - discount.bank_minor - discount.platform_minor)
    for account, minor, back in zip(bearers, shares, shares_of(shares, returned), strict=True):
        books[account] = books.get(account, 0) + minor - back


def moves_between(before: Books, after: Books) -> tuple[Move, ...]:
    """The moves that make of the one the other: as few as there are accounts that change, less one."""
    changes = {account: after.get(account, 0) - before.get(account, 0) for account in (*after, *before)}
    assert sum(changes.values()) == 0, "what is moved is balanced"
    to_credit = deque((account, -minor) for account, minor in changes.items() if minor < 0)
    moves = []
    for debit, minor in changes.items():
        while minor > 0:
            credit, left = to_credit.popleft()
            moved = min(minor, left)
            moves.append(Move(debit, credit, moved))
            minor -= moved
            if left > moved:
                to_credit.appendleft((credit, left - moved))
    return tuple(moves)


def settled(account_id: UUID, minor: int) -> tuple[Move, ...]:
    """A gateway account paid out to the platform, or to the organizer what is collected for it."""
    return (Move(accounts.BANK, accounts.gateway_receivable(account_id), minor),)


def withheld(account_id: UUID, tax: str, minor: int) -> tuple[Move, ...]:
    """At a settlement a tax was withheld that can be set off, e.g. `iibb`."""
    return (Move(accounts.tax_credit(tax), accounts.gateway_receivable(account_id), minor),)


def rounded_off(account_id: UUID, minor: int) -> tuple[Move, ...]:
    """A settlement is `minor` short of its lines, or over where that is negative: cents, within what reconciliation tolerates."""
    receivable = accounts.gateway_receivable(account_id)
    return moves_between({}, {accounts.ROUNDING: minor, receivable: -minor})


def paid_out(minor: int) -> tuple[Move, ...]:
    """The organizer was paid."""
    return (Move(accounts.ORGANIZER_PAYABLE, accounts.BANK, minor),)


def fee_passed_on(minor: int, tax_minor: int = 0) -> tuple[Move, ...]:
    """The organizer bears a gateway's fee by contract; the tax on it where it is invoiced."""
    owed = {accounts.ORGANIZER_PAYABLE: minor + tax_minor, accounts.FEE_RECOVERY: -minor, accounts.VAT_OUTPUT: -tax_minor}
    return moves_between({}, owed)


def reversal_of(posting: Posting, *, at: datetime) -> Posting:
    """What takes a posting back. The only way to correct one: what was posted stays."""
    assert posting.kind != "reversal", "what was wrong is posted anew under a key of its own"
    moves = tuple(Move(move.credit, move.debit, move.minor) for move in posting.moves)
    return msgspec.structs.replace(posting, key=f"reversal:{posting.key}", kind="reversal", moves=moves, occurred_at=at)
