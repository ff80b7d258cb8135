"""Whether an organizer's books are right: their balances are the sum of their moves, and they say of each charge what payments says.

Two derivations of the same books: the ledger made them of what the log told, here they are made of the tables of payments as they stand.
Reads page by key and keeps a page at a time, all of it of one instant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID

import msgspec

from alltickets.payments.ledger.accounts import VAT_INPUT, word_of
from alltickets.payments.ledger.records import Balance, page_of_moves, read_balances, sums_of
from alltickets.payments.ledger.rules import Books, ChargeFacts, ChargeKind, Discount, books_of
from alltickets.payments.parts import Part
from alltickets.payments.rules import Charge, money_of
from alltickets.payments.standings import CHARGE_COLUMNS, charge_of
from alltickets.platform.database import Reader

__all__ = ["BalanceDifference", "ChargeDifference", "Progress", "check_balances", "check_charges"]

MOVES_AT_ONCE = 10_000
PAYMENTS_AT_ONCE = 500
DIFFERENCES_MAX = 1_000
"""Of one organizer; whoever has more of them has one cause."""

Progress = Callable[[str, int], None]
"""Told of each page: what was read, and how many."""

FEES = "fees"
"""A fee and the tax inside it, taken together: each was cut by the rate of its day."""


@dataclass(frozen=True, slots=True)
class BalanceDifference:
    """A balance that is not the sum of its moves."""

    account: str
    currency: str
    kept: Balance
    moved: Balance

    @property
    def missing(self) -> Balance:
        """What has to be added to the balance."""
        debit, credit = self.moved.debit_minor - self.kept.debit_minor, self.moved.credit_minor - self.kept.credit_minor
        return Balance(self.account, self.currency, debit, credit)


@dataclass(frozen=True, slots=True)
class ChargeDifference:
    """A charge of which the ledger says something else than payments do: debit less credit of an account."""

    payment_id: UUID
    reference: UUID
    charge_id: UUID
    account: str
    currency: str
    ledger_minor: int
    payments_minor: int


@dataclass(slots=True)
class _Page:
    references: dict[UUID, UUID]
    expected: dict[tuple[UUID, UUID, str], Books] = field(default_factory=dict)
    """By payment, charge and currency."""


async def check_balances(reader: Reader, progress: Progress) -> list[BalanceDifference]:
    """Add all moves up, page by page, and compare with the balances as they are kept."""
    moved: dict[tuple[str, str], Balance] = {}
    after = ("", 0)
    while page := await page_of_moves(reader, after, MOVES_AT_ONCE):
        for one in sums_of((move, currency) for _, _, move, currency in page):
            before = moved.get((one.account, one.currency), Balance(one.account, one.currency, 0, 0))
            moved[one.account, one.currency] = before.plus(one)
        after = page[-1][:2]
        progress("moves", len(page))
    kept = {(one.account, one.currency): one for one in await read_balances(reader)}
    pairs = {key: (kept.get(key, Balance(*key, 0, 0)), moved.get(key, Balance(*key, 0, 0))) for key in sorted(kept.keys() | moved.keys())}
    return [BalanceDifference(*key, has, sum_) for key, (has, sum_) in pairs.items() if has != sum_]


async def check_charges(
    reader: Reader, progress: Progress, *, fee_tax_basis_points: int, only: Sequence[UUID] | None = None
) -> list[ChargeDifference]:
    """Compare the books of every charge, payment by payment; of these payments only where `only` names some. Stops at `DIFFERENCES_MAX`."""
    differences: list[ChargeDifference] = []
    after = UUID(int=0)
    while len(differences) < DIFFERENCES_MAX:
        rows = await _payments_after(reader, after, only)
        if not rows:
            break
        page = _Page({row[0]: row[1] for row in rows})
        await _expect(reader, page, rows, fee_tax_basis_points)
        differences += _compare(page, await _posted(reader, list(page.references)))
        after = rows[-1][0]
        progress("payments", len(rows))
    return differences[:DIFFERENCES_MAX]


async def _payments_after(reader: Reader, after: UUID, only: Sequence[UUID] | None) -> list[tuple[Any, ...]]:
    return await reader.fetch_tuples(
        """
        SELECT id, reference, parts, kept_charge_id
          FROM payments.payments
         WHERE organizer_id = %(organizer_id)s AND id > %(after)s AND (%(only)s::uuid[] IS NULL OR id = ANY(%(only)s::uuid[]))
         ORDER BY id
         LIMIT %(limit)s
        """,
        after=after,
        only=None if only is None else list(only),
        limit=PAYMENTS_AT_ONCE,
    )


async def _expect(reader: Reader, page: _Page, payments: Sequence[tuple[Any, ...]], fee_tax_basis_points: int) -> None:
    """Make the books of every charge of these payments from what payments know."""
    by_id = {payment_id: (msgspec.convert(parts, tuple[Part, ...]), kept) for payment_id, _, parts, kept in payments}
    rows = await reader.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}, a.payment_id, a.platform_fee_minor,
               (SELECT coalesce(sum(r.amount_minor), 0)::bigint
                  FROM payments.refunds r
                 WHERE r.organizer_id = c.organizer_id AND r.charge_id = c.id AND r.status <> 'failed'),
               (SELECT CASE WHEN bool_or(l.kind = 'payment') THEN greatest(sum(l.fee_minor), 0)::bigint END
                  FROM payments.settlement_lines l
                 WHERE l.organizer_id = c.organizer_id AND l.charge_id = c.id AND l.posted_at IS NOT NULL AND l.kind <> 'dispute'),
               (SELECT CASE WHEN count(*) > 0 THEN greatest(sum(l.fee_minor), 0)::bigint END
                  FROM payments.settlement_lines l
                 WHERE l.organizer_id = c.organizer_id AND l.charge_id = c.id AND l.posted_at IS NOT NULL AND l.kind = 'dispute'
                   AND l.fee_minor <> 0),
               u.promotion_id, u.discount_minor, u.bank_minor, u.platform_minor
          FROM payments.attempts a
          JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
          LEFT JOIN payments.promotion_uses u
            ON u.organizer_id = a.organizer_id AND u.attempt_id = a.id AND u.status <> 'released'
         WHERE a.organizer_id = %(organizer_id)s AND a.payment_id = ANY(%(payment_ids)s)
        """,
        payment_ids=list(page.references),
    )
    for row in rows:
        charge, (payment_id, platform_fee_minor, ordered_minor, *settled_fees) = charge_of(row), row[-9:-4]
        parts, kept_charge_id = by_id[payment_id]
        discount = None if row[-4] is None else Discount(*row[-4:])
        facts = _facts_of(charge, parts, ordered_minor, settled_fees, discount, is_kept=charge.id == kept_charge_id)
        facts = msgspec.structs.replace(facts, platform_fee_minor=platform_fee_minor)
        page.expected[payment_id, charge.id, charge.amount.currency] = books_of(facts, fee_tax_basis_points=fee_tax_basis_points)


def _facts_of(
    charge: Charge,
    parts: tuple[Part, ...],
    ordered_minor: int,
    settled_fees: Sequence[int | None],
    discount: Discount | None,
    *,
    is_kept: bool,
) -> ChargeFacts:
    money = money_of(charge, is_kept=is_kept)
    whole = money.kept_minor + (discount.minor if discount is not None else 0)
    if sum(part.minor for part in parts) != whole:
        parts = (Part("proceeds", whole),)
    return ChargeFacts(
        account_id=charge.account_id,
        parts=parts,
        money=money,
        ordered_minor=ordered_minor if is_kept else 0,
        settled_fee_minor=settled_fees[0],
        settled_dispute_fee_minor=settled_fees[1],
        discount=discount,
    )


async def _posted(reader: Reader, payment_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID, str], dict[str, int]]:
    """What was posted of charges, by payment, charge, currency and account."""
    rows = await reader.fetch_tuples(
        """
        SELECT l.payment_id, l.charge_id, m.currency, m.debit, m.credit, sum(m.amount_minor)::bigint
          FROM payments.ledger_postings l
          JOIN payments.ledger_moves m
            ON m.organizer_id = l.organizer_id AND m.key = l.key
         WHERE l.organizer_id = %(organizer_id)s AND l.payment_id = ANY(%(payment_ids)s) AND l.kind = ANY(%(kinds)s)
         GROUP BY l.payment_id, l.charge_id, m.currency, m.debit, m.credit
        """,
        payment_ids=list(payment_ids),
        kinds=list(get_args(ChargeKind)),
    )
    posted: dict[tuple[UUID, UUID, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for payment_id, charge_id, currency, debit, credit, minor in rows:
        posted[payment_id, charge_id, currency][debit] += minor
        posted[payment_id, charge_id, currency][credit] -= minor
    return posted


def _compare(page: _Page, posted: dict[tuple[UUID, UUID, str], dict[str, int]]) -> Iterator[ChargeDifference]:
    for key in sorted(page.expected.keys() | posted.keys()):
        payment_id, charge_id, currency = key
        expected, found = _with_fees_together(page.expected.get(key, {})), _with_fees_together(posted.get(key, {}))
        for account in sorted(expected.keys() | found.keys()):
            there, here = found.get(account, 0), expected.get(account, 0)
            if there != here:
                yield ChargeDifference(payment_id, page.references[payment_id], charge_id, account, currency, there, here)


def _with_fees_together(books: Books) -> dict[str, int]:
    together: dict[str, int] = {}
    for account, minor in books.items():
        name = FEES if account == VAT_INPUT or word_of(account) == "fee_expense" else account
        together[name] = together.get(name, 0) + minor
    return together
