"""What facts do to the books: the worked example line by line, then that nothing is ever out of balance."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.payments.events import ChargeMoney
from alltickets.payments.ledger import accounts, rules
from alltickets.payments.ledger.rules import Bearer, ChargeFacts, Discount, Move, Posting, books_of, moves_between
from alltickets.payments.parts import Part

ACCOUNT = UUID(int=1)
PROMOTION = UUID(int=7)
RECEIVABLE = accounts.gateway_receivable(ACCOUNT)
FEE = accounts.fee_expense(ACCOUNT)
TAX = 2_100
PARTS = (Part("proceeds", 10_000_00), Part("charge", 826_45), Part("charge_tax", 173_55))
SOLD = ChargeMoney(kept_minor=11_000_00)

# A ticket of 10,000.00 and a service charge of 1,000.00 with a tax of 21 % inside; the gateway keeps 4 % and the same tax on that.
WORKED_EXAMPLE = """
sale                                    gateway_receivable 11,000.00                       organizer_payable 10,000.00; commission_revenue 826.45; vat_output 173.55
gateway fee, estimated                  fee_expense 440.00; vat_input 92.40                gateway_receivable 532.40
withholding at settlement               tax_credit:iibb 55.00                              gateway_receivable 55.00
fee true-up at settlement               fee_expense 2.48; vat_input 0.52                   gateway_receivable 3.00
settlement                              bank 10,409.60                                     gateway_receivable 10,409.60
full refund                             organizer_payable 10,000.00; commission_revenue 826.45; vat_output 173.55  refund_clearing 11,000.00
refund confirmed                        refund_clearing 11,000.00                          gateway_receivable 11,000.00
gateway returns its fee                 gateway_receivable 535.40                          fee_expense 442.48; vat_input 92.92
dispute opened                          dispute_reserve 11,000.00                          gateway_receivable 11,000.00
dispute won                             gateway_receivable 11,000.00                       dispute_reserve 11,000.00
dispute lost, organizer bears           organizer_payable 10,000.00; chargeback_loss 1,000.00  dispute_reserve 11,000.00
dispute lost, platform bears            chargeback_loss 11,000.00                          dispute_reserve 11,000.00
payout                                  organizer_payable 10,000.00                        bank 10,000.00
marketplace split sale                  gateway_receivable 1,000.00                        commission_revenue 826.45; vat_output 173.55
refund of half of that sale             commission_revenue 413.22; vat_output 86.78        gateway_receivable 500.00
fee passed on                           organizer_payable 440.00                           fee_recovery 440.00
fee passed on, invoiced                 organizer_payable 532.40                           fee_recovery 440.00; vat_output 92.40
promotion that the bank bears           gateway_receivable 8,800.00; promo_receivable:bank 2,200.00  organizer_payable 10,000.00; commission_revenue 826.45; vat_output 173.55
promotion that the organizer bears      gateway_receivable 8,800.00                        organizer_payable 7,800.00; commission_revenue 826.45; vat_output 173.55
promotion that both bear                gateway_receivable 8,800.00; promo_receivable:bank 1,320.00  organizer_payable 9,120.00; commission_revenue 826.45; vat_output 173.55
refund of half of it                    organizer_payable 4,560.00; commission_revenue 413.22; vat_output 86.78  gateway_receivable 4,400.00; promo_receivable:bank 660.00
promotion that all three bear           gateway_receivable 8,800.00; promo_receivable:bank 1,100.00; promo_expense 660.00  organizer_payable 9,560.00; commission_revenue 826.45; vat_output 173.55
refund of half of that                  organizer_payable 4,780.00; commission_revenue 413.22; vat_output 86.78  gateway_receivable 4,400.00; promo_receivable:bank 550.00; promo_expense 330.00
cents short of the lines                rounding 0.01                                      gateway_receivable 0.01
"""  # noqa: E501


def facts(money: ChargeMoney, *, ordered_minor: int = 0, parts: tuple[Part, ...] = PARTS) -> ChargeFacts:
    return ChargeFacts(account_id=ACCOUNT, parts=parts, money=money, ordered_minor=ordered_minor)


def books(known: ChargeFacts, *, borne_by: Bearer = "organizer") -> Mapping[str, int]:
    return books_of(known, fee_tax_basis_points=TAX, lost_disputes_borne_by=borne_by)


def change(before: ChargeFacts, after: ChargeFacts, *, borne_by: Bearer = "organizer") -> tuple[Move, ...]:
    return moves_between(books(before, borne_by=borne_by), books(after, borne_by=borne_by))


def but(money: ChargeMoney, **news: Any) -> ChargeFacts:
    return facts(msgspec.structs.replace(money, **news))


def discounted(*, bank_minor: int, platform_minor: int = 0, refunded_minor: int = 0) -> ChargeFacts:
    """The same ticket at 20 % off."""
    money = ChargeMoney(kept_minor=8_800_00, refunded_minor=refunded_minor)
    discount = Discount(PROMOTION, 2_200_00, bank_minor, platform_minor)
    return ChargeFacts(account_id=ACCOUNT, parts=PARTS, money=money, discount=discount)


def split(money: ChargeMoney, **news: Any) -> ChargeFacts:
    """The same, divided by its gateway: 1,000.00 is the platform's."""
    return msgspec.structs.replace(but(money, **news), platform_fee_minor=1_000_00)


def worked_example() -> dict[str, tuple[Move, ...]]:
    """What each line of the example moves."""
    sold, disputed, lost = facts(SOLD), but(SOLD, is_disputed=True), but(SOLD, is_lost=True)
    ordered, refunded = facts(SOLD, ordered_minor=11_000_00), but(SOLD, refunded_minor=11_000_00)
    return {
        "sale": change(facts(ChargeMoney()), sold),
        "gateway fee, estimated": change(sold, but(SOLD, fee_minor=532_40)),
        "withholding at settlement": rules.withheld(ACCOUNT, "iibb", 55_00),
        "fee true-up at settlement": change(but(SOLD, fee_minor=532_40), but(SOLD, fee_minor=535_40)),
        "settlement": rules.settled(ACCOUNT, 10_409_60),
        "full refund": change(sold, ordered),
        "refund confirmed": change(ordered, msgspec.structs.replace(refunded, ordered_minor=11_000_00)),
        "gateway returns its fee": change(but(SOLD, refunded_minor=11_000_00, fee_minor=535_40), refunded),
        "dispute opened": change(sold, disputed),
        "dispute won": change(disputed, sold),
        "dispute lost, organizer bears": change(disputed, lost),
        "dispute lost, platform bears": change(disputed, lost, borne_by="platform"),
        "payout": rules.paid_out(10_000_00),
        "marketplace split sale": change(facts(ChargeMoney()), split(SOLD)),
        "refund of half of that sale": change(split(SOLD), split(SOLD, refunded_minor=5_500_00)),
        "fee passed on": rules.fee_passed_on(440_00),
        "fee passed on, invoiced": rules.fee_passed_on(440_00, 92_40),
        "promotion that the bank bears": change(facts(ChargeMoney()), discounted(bank_minor=2_200_00)),
        "promotion that the organizer bears": change(facts(ChargeMoney()), discounted(bank_minor=0)),
        "promotion that both bear": change(facts(ChargeMoney()), discounted(bank_minor=1_320_00)),
        "refund of half of it": change(discounted(bank_minor=1_320_00), discounted(bank_minor=1_320_00, refunded_minor=4_400_00)),
        "promotion that all three bear": change(facts(ChargeMoney()), discounted(bank_minor=1_100_00, platform_minor=660_00)),
        "refund of half of that": change(
            discounted(bank_minor=1_100_00, platform_minor=660_00),
            discounted(bank_minor=1_100_00, platform_minor=660_00, refunded_minor=4_400_00),
        ),
        "cents short of the lines": rules.rounded_off(ACCOUNT, 1),
    }


def sides(moves: Sequence[Move]) -> tuple[dict[str, int], dict[str, int]]:
    """What stands in debit and what in credit, by account, and how the lines of the example name it."""
    debit: dict[str, int] = {}
    credit: dict[str, int] = {}
    for move in moves:
        debit[named(move.debit)] = debit.get(named(move.debit), 0) + move.minor
        credit[named(move.credit)] = credit.get(named(move.credit), 0) + move.minor
    return debit, credit


def named(account: str) -> str:
    return account.removesuffix(f":{ACCOUNT}").replace(str(PROMOTION), "bank")


def read(side: str) -> dict[str, int]:
    """`bank 10.00; rounding 0.01` as minor units by account."""
    entries = [entry.split() for entry in side.split(";")]
    return {account: int(amount.replace(",", "").replace(".", "")) for account, amount in entries}


LINES = [[cell.strip() for cell in line.split("  ") if cell] for line in WORKED_EXAMPLE.strip().splitlines()]


@pytest.mark.parametrize(("line", "debit", "credit"), LINES, ids=[line[0] for line in LINES])
def test_the_worked_example_line_by_line(line: str, debit: str, credit: str) -> None:
    assert sides(worked_example()[line]) == (read(debit), read(credit))


def test_the_worked_example_has_no_further_lines_and_settles_to_nothing() -> None:
    example = worked_example()
    until_settled = ("sale", "gateway fee, estimated", "withholding at settlement", "fee true-up at settlement", "settlement")
    debit, credit = sides([move for line in until_settled for move in example[line]])

    assert sorted(example) == sorted(line for line, _, _ in LINES)
    assert debit["gateway_receivable"] == credit["gateway_receivable"]


def test_partial_refunds_give_back_a_share_of_each_part_and_together_all_of_it() -> None:
    levels = [0, 333_33, 333_34, 7_000_01, 11_000_00]
    steps = [change(but(SOLD, refunded_minor=before), but(SOLD, refunded_minor=after)) for before, after in pairwise(levels)]
    debit, credit = sides([move for step in steps for move in step])

    assert sides(steps[0])[0] == {"organizer_payable": 303_02, "commission_revenue": 25_04, "vat_output": 5_27}
    assert debit == {"organizer_payable": 10_000_00, "commission_revenue": 826_45, "vat_output": 173_55}
    assert credit == {"gateway_receivable": 11_000_00}


def test_a_refund_that_nobody_here_ordered_is_booked_when_it_is_done() -> None:
    on_its_way = facts(SOLD, ordered_minor=1_000_00)
    more_came_back = msgspec.structs.replace(on_its_way, money=msgspec.structs.replace(SOLD, refunded_minor=4_000_00))

    assert books(on_its_way)[accounts.REFUND_CLEARING] == -1_000_00
    assert books(more_came_back)[accounts.REFUND_CLEARING] == 0
    assert books(more_came_back)[RECEIVABLE] == 7_000_00


def test_what_was_ordered_and_will_not_be_done_is_the_organizers_again() -> None:
    assert sides(change(facts(SOLD, ordered_minor=11_000_00), facts(SOLD))) == (
        {"refund_clearing": 11_000_00},
        {"organizer_payable": 10_000_00, "commission_revenue": 826_45, "vat_output": 173_55},
    )


def test_money_aside_is_owed_back_and_nobodys_income() -> None:
    twice = facts(ChargeMoney(aside_minor=11_000_00), parts=())

    taken = sides(change(facts(ChargeMoney(), parts=()), twice))
    returned = sides(change(twice, facts(ChargeMoney(aside_minor=11_000_00, refunded_minor=11_000_00), parts=())))
    charged_back = sides(change(twice, facts(ChargeMoney(aside_minor=11_000_00, is_lost=True), parts=())))

    assert taken == ({"gateway_receivable": 11_000_00}, {"refund_clearing": 11_000_00})
    assert returned == charged_back == ({"refund_clearing": 11_000_00}, {"gateway_receivable": 11_000_00})


def test_a_dispute_after_a_partial_refund_is_about_what_is_left() -> None:
    half = but(SOLD, refunded_minor=5_500_00)
    disputed, lost = but(SOLD, refunded_minor=5_500_00, is_disputed=True), but(SOLD, refunded_minor=5_500_00, is_lost=True)

    assert sides(change(half, disputed)) == ({"dispute_reserve": 5_500_00}, {"gateway_receivable": 5_500_00})
    assert sides(change(disputed, lost)) == (
        {"organizer_payable": 5_000_00, "chargeback_loss": 500_00},
        {"dispute_reserve": 5_500_00},
    )


def test_a_reversal_takes_a_posting_back_under_a_key_of_its_own() -> None:
    at = datetime(2027, 3, 1, tzinfo=UTC)
    posting = Posting(key="payout:1", kind="payout", minor=5, currency="ARS", moves=rules.paid_out(5), occurred_at=at)

    taken_back = rules.reversal_of(posting, at=at)

    assert (taken_back.key, taken_back.kind) == ("reversal:payout:1", "reversal")
    assert taken_back.moves == (Move(accounts.BANK, accounts.ORGANIZER_PAYABLE, 5),)


amounts = st.integers(0, 10**10)


@given(
    st.builds(
        ChargeMoney,
        kept_minor=st.sampled_from([0, 11_000_00]),
        aside_minor=amounts,
        refunded_minor=amounts,
        is_disputed=st.booleans(),
        is_lost=st.booleans(),
        fee_minor=amounts,
    ),
    st.integers(0, 11_000_00),
    st.sampled_from(["organizer", "platform"]),
)
def test_whatever_is_known_of_a_charge_its_books_are_balanced(money: ChargeMoney, ordered_minor: int, borne_by: Bearer) -> None:
    known = facts(msgspec.structs.replace(money, is_disputed=money.is_disputed and not money.is_lost), ordered_minor=ordered_minor)

    found = books(known, borne_by=borne_by)

    assert sum(found.values()) == 0


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10_000), st.lists(st.floats(0, 1), max_size=4))
def test_a_discounted_sale_is_balanced_at_every_refund_and_comes_to_nothing(kept: int, off: int, share: int, levels: list[float]) -> None:
    discount = Discount(PROMOTION, off, off * share // 10_000, off - off * share // 10_000)
    parts = (Part("proceeds", kept + off),)
    refunded = [0, *sorted(int(kept * level) for level in levels), kept]
    money = [ChargeMoney(kept_minor=kept, refunded_minor=minor) for minor in refunded]

    found = [books(ChargeFacts(account_id=ACCOUNT, parts=parts, money=one, discount=discount)) for one in money]

    assert all(sum(one.values()) == 0 for one in found)
    for account, minor in ((accounts.promo_receivable(PROMOTION), discount.bank_minor), (accounts.PROMO_EXPENSE, discount.platform_minor)):
        owed = [one[account] for one in found]
        assert owed == sorted(owed, reverse=True)
        assert owed[0] == minor
    assert not any(found[-1].values())


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.lists(st.floats(0, 1), max_size=4), st.booleans())
def test_of_a_divided_sale_the_fee_is_all_that_is_booked_and_goes_back_with_it(
    proceeds: int, fee: int, levels: list[float], is_aside: bool
) -> None:
    parts = tuple(part for part in (Part("proceeds", proceeds), Part("charge", fee)) if part.minor)
    whole = proceeds + fee
    aside = whole if is_aside else 0
    money = [
        ChargeMoney(kept_minor=whole - aside, aside_minor=aside, refunded_minor=minor, fee_minor=7)
        for minor in [0, *sorted(int(whole * one) for one in levels), whole]
    ]

    found = [books(msgspec.structs.replace(facts(one, parts=parts), platform_fee_minor=fee)) for one in money]

    assert all(sum(one.values()) == 0 for one in found)
    assert all(not one.get(account) for one in found for account in (accounts.ORGANIZER_PAYABLE, accounts.fee_expense(ACCOUNT)))
    ours = [one[accounts.gateway_receivable(ACCOUNT)] for one in found]
    assert ours == sorted(ours, reverse=True)
    assert (ours[0], any(found[-1].values())) == (fee, False)
    assert books(split(SOLD)) == books(split(SOLD, is_disputed=True)) == books(split(SOLD, is_lost=True))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=1), st.integers(-(10**9), 10**9)))
def test_moves_make_the_one_of_the_other_and_are_few(changes: dict[str, int]) -> None:
    after = {**changes, "z": -sum(changes.values())}

    moves = moves_between({}, after)

    reached: dict[str, int] = {}
    for move in moves:
        assert move.minor > 0
        assert move.debit != move.credit
        reached[move.debit] = reached.get(move.debit, 0) + move.minor
        reached[move.credit] = reached.get(move.credit, 0) - move.minor
    assert {account: minor for account, minor in reached.items() if minor} == {account: minor for account, minor in after.items() if minor}
    assert len(moves) <= max(0, sum(1 for minor in after.values() if minor) - 1)
