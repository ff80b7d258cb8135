"""What lines of settlement reports do to the books, in whatever order they and the gateway's own word come."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import pytest

from alltickets.payments.ledger.accounts import BANK, VAT_INPUT, fee_expense, gateway_receivable, tax_credit
from alltickets.payments.ledger.facts import OF_DISPUTE, Fact, KnownCharge, post
from alltickets.payments.ledger.rules import Posting
from alltickets.payments.ledger.settling import BookedLine, facts_of_line, postings_of_line
from alltickets.payments.parts import Part

ACCOUNT, PAYMENT, CHARGE = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 11, 27, tzinfo=UTC)
IVA = 2_100


def line(
    key: str,
    kind: Literal["payment", "refund", "dispute", "payout"],
    gross: int,
    fee: int = 0,
    taxes: int = 0,
    short: int = 0,
) -> BookedLine:
    of_charge = kind != "payout"
    return BookedLine(
        key=key,
        account_id=ACCOUNT,
        kind=kind,
        gross_minor=gross,
        fee_minor=fee,
        taxes_minor=taxes,
        net_minor=gross - fee - taxes - short,
        currency="ARS",
        occurred_at=NOW,
        payment_id=PAYMENT if of_charge else None,
        charge_id=CHARGE if of_charge else None,
    )


def test_of_a_divided_sale_and_of_what_such_an_account_pays_out_nothing_is_booked() -> None:
    lines = [line("a", "payment", 11_000_00, fee=451_00, taxes=30_00, short=1), line("b", "payout", -9_000_00, fee=5_00)]

    found = [[*facts_of_line(one), *postings_of_line(one, fee_tax_basis_points=IVA)] for one in lines]
    divided = [replace(one, is_split=True) for one in lines]

    assert all(found)
    assert [[*facts_of_line(one), *postings_of_line(one, fee_tax_basis_points=IVA)] for one in divided] == [[], []]


def test_what_went_to_the_platform_is_no_rounding() -> None:
    given_back = replace(line("a", "refund", -1_000_00, short=-90_00), platform_fee_minor=-90_00)

    assert list(postings_of_line(given_back, fee_tax_basis_points=IVA)) == []
    assert [one.minor for one in postings_of_line(replace(given_back, platform_fee_minor=-89_99), fee_tax_basis_points=IVA)] == [1]


def told(kind: Literal["sale", "fee", "refund"], minor: int) -> Fact:
    return Fact(key=f"{kind}:1", kind=kind, minor=minor, currency="ARS", payment_id=PAYMENT, charge_id=CHARGE, occurred_at=NOW)


def books_after(facts: Sequence[Fact], others: Sequence[Posting] = ()) -> dict[str, int]:
    """The balances, those of zero left out."""
    known = KnownCharge(ACCOUNT, (Part("proceeds", 11_000_00),))
    postings = [post(known, fact, fee_tax_basis_points=IVA) for fact in facts]
    balances: dict[str, int] = defaultdict(int)
    for posting in [*(one for one in postings if one is not None), *others]:
        for move in posting.moves:
            balances[move.debit] += move.minor
            balances[move.credit] -= move.minor
    assert sum(balances.values()) == 0
    return {account: minor for account, minor in balances.items() if minor}


def test_the_worked_example_comes_to_nothing_at_the_gateway() -> None:
    lines = [line("a", "payment", 11_000_00, fee=535_40, taxes=55_00), line("b", "payout", -10_409_60)]
    facts = [told("sale", 11_000_00), told("fee", 532_40), *(fact for one in lines for fact in facts_of_line(one))]
    others = [posting for one in lines for posting in postings_of_line(one, fee_tax_basis_points=IVA)]

    books = books_after(facts, others)

    assert [one.kind for one in others] == ["withholding", "settlement"]
    assert gateway_receivable(ACCOUNT) not in books
    assert (books[BANK], books[tax_credit("withheld")]) == (10_409_60, 55_00)
    assert (books[fee_expense(ACCOUNT)], books[VAT_INPUT]) == (442_48, 92_92)


def test_a_line_and_what_the_gateway_told_come_to_the_same_in_every_order() -> None:
    facts = [
        told("sale", 11_000_00),
        told("fee", 532_40),
        told("refund", 1_000_00),
        *facts_of_line(line("a", "payment", 11_000_00, fee=535_40)),
        *facts_of_line(line("b", "refund", -1_000_00, fee=-48_40)),
        *facts_of_line(line("b2", "dispute", -1_000_00, fee=30_00)),
    ]

    ends = [books_after([*order, *order[:3]]) for order in itertools.permutations(facts)]

    assert all(end == ends[0] for end in ends)
    assert ends[0][fee_expense(ACCOUNT)] + ends[0][VAT_INPUT] == 535_40 - 48_40 + 30_00


def test_what_a_dispute_costs_counts_as_it_was_told_until_its_own_line_says_so() -> None:
    told_of_dispute = Fact(
        key=f"fee:1{OF_DISPUTE}", kind="fee", minor=1_500, currency="ARS", payment_id=PAYMENT, charge_id=CHARGE, occurred_at=NOW
    )
    settled = [told("sale", 11_000_00), told("fee", 532_40), *facts_of_line(line("a", "payment", 11_000_00, fee=535_40)), told_of_dispute]
    of_dispute = list(facts_of_line(line("d", "dispute", -11_000_00, fee=1_600)))

    before, after = books_after(settled), [books_after(order) for order in itertools.permutations([*settled, *of_dispute])]

    assert before[fee_expense(ACCOUNT)] + before[VAT_INPUT] == 535_40 + 1_500
    assert all(one == after[0] for one in after)
    assert after[0][fee_expense(ACCOUNT)] + after[0][VAT_INPUT] == 535_40 + 1_600


def test_what_adds_to_a_fee_waits_for_the_payments_own_line() -> None:
    facts = [told("sale", 11_000_00), told("fee", 532_40), *facts_of_line(line("b", "refund", -1_000_00, fee=-48_40))]

    books = books_after(facts)

    assert books[fee_expense(ACCOUNT)] + books[VAT_INPUT] == 532_40


def test_a_payment_of_which_nothing_was_kept_settles_a_fee_of_nothing() -> None:
    books = books_after([told("sale", 11_000_00), told("fee", 532_40), *facts_of_line(line("a", "payment", 11_000_00))])

    assert fee_expense(ACCOUNT) not in books


@pytest.mark.parametrize(
    ("one", "kinds", "receivable"),
    [
        (line("a", "payment", 100_00, taxes=5_00), ["withholding"], -5_00),
        (line("a", "refund", -100_00, taxes=-5_00), ["withholding"], 5_00),
        (line("a", "payment", 100_00, fee=1_00, short=1), ["rounding"], -1),
        (line("a", "payment", 100_00, fee=1_00, short=-2), ["rounding"], 2),
        (line("a", "payout", -100_00), ["settlement"], -100_00),
        (line("a", "payout", 100_00), ["settlement"], 100_00),
        (line("a", "payout", -100_00, fee=12_10), ["settlement", "fee"], -112_10),
    ],
)
def test_what_a_line_does_of_its_own_takes_from_the_gateway_what_its_net_says(one: BookedLine, kinds: list[str], receivable: int) -> None:
    postings = list(postings_of_line(one, fee_tax_basis_points=IVA))

    assert [posting.kind for posting in postings] == kinds
    assert books_after([], postings)[gateway_receivable(ACCOUNT)] == receivable
    assert all(posting.key == f"{posting.kind}:a" and posting.minor > 0 for posting in postings)
