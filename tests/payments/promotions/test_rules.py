"""Which promotion holds for a card, what it takes off, and who bears that."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.payments.promotions.rules import (
    Agreement,
    BinRange,
    CardSeen,
    Promotion,
    PromotionTerms,
    bearing_minor,
    best_first,
    borne_by_platform_minor,
    discount_minor,
    is_same_card,
    promotion_faults,
)

EVENT, OTHER = UUID(int=1), UUID(int=2)
TUESDAY_NOON = datetime(2026, 12, 1, 15, tzinfo=UTC)
BUENOS_AIRES = "America/Argentina/Buenos_Aires"


def terms(**changes: Any) -> PromotionTerms:
    """20 % off for cards 450799, of which the bank bears 60 %."""
    plain = PromotionTerms(
        name="Banco X",
        bank="Banco X",
        currency="ARS",
        bins=(BinRange("450799", "450799"),),
        discount_basis_points=2_000,
        bank_basis_points=6_000,
    )
    return msgspec.structs.replace(plain, **changes)


def promotion(number: int = 1, *, spent_minor: int = 0, ended_at: datetime | None = None, **changes: Any) -> Promotion:
    return Promotion(
        promotion_id=UUID(int=number),
        terms=terms(**changes),
        revision=1,
        spent_minor=spent_minor,
        created_at=TUESDAY_NOON,
        ended_at=ended_at,
    )


def agreed_to(word: Agreement | None, **changes: Any) -> Promotion:
    return msgspec.structs.replace(promotion(**changes), agreement=word)


def card(**changes: Any) -> CardSeen:
    plain = CardSeen(
        event_id=EVENT,
        timezone=BUENOS_AIRES,
        at=TUESDAY_NOON,
        amount=Money(11_000_00, "ARS"),
        card_bin="450799",
        method="credit_card",
        instalments=1,
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "seen", "holds"),
    [
        ({}, {}, True),
        ({}, {"card_bin": "450798"}, False),
        ({}, {"card_bin": "45079912"}, True),
        ({"bins": (BinRange("450700", "450799"), BinRange("520000", "520000"))}, {"card_bin": "520000"}, True),
        ({"bins": (BinRange("45079910", "45079919"),)}, {"card_bin": "45079915"}, True),
        # Six digits do not tell whether the card is in a range of eight.
        ({"bins": (BinRange("45079910", "45079919"),)}, {"card_bin": "450799"}, False),
        ({"methods": ("credit_card",)}, {"method": "debit_card"}, False),
        ({"weekdays": ("tuesday",)}, {}, True),
        # 02:30 on Wednesday in UTC is still Tuesday night in Buenos Aires; 03:30 no longer is.
        ({"weekdays": ("tuesday",)}, {"at": datetime(2026, 12, 2, 2, 30, tzinfo=UTC)}, True),
        ({"weekdays": ("tuesday",)}, {"at": datetime(2026, 12, 2, 3, 30, tzinfo=UTC)}, False),
        ({"hour_from": 12, "hour_to": 13}, {}, True),
        ({"hour_from": 13}, {}, False),
        ({"hour_to": 12}, {}, False),
        ({"starts_on": date(2026, 12, 1), "ends_on": date(2026, 12, 1)}, {}, True),
        ({"starts_on": date(2026, 12, 2)}, {}, False),
        ({"ends_on": date(2026, 11, 30)}, {}, False),
        ({"event_id": EVENT}, {}, True),
        ({"event_id": OTHER}, {}, False),
        ({"currency": "USD"}, {}, False),
        ({}, {"instalments": 3}, False),
        ({"instalments": (3, 6)}, {"instalments": 3}, True),
        ({"discount_basis_points": 0, "instalments": (6,), "cap_minor": 10_000_00}, {"instalments": 6}, False),
        ({"budget_minor": 1}, {}, True),
    ],
)
def test_a_promotion_holds_where_all_that_it_asks_does(changes: dict[str, Any], seen: dict[str, Any], holds: bool) -> None:
    assert bool(best_first([promotion(**changes)], card(**seen))) is holds


def test_what_is_over_or_spent_holds_for_nobody() -> None:
    spent, ended = promotion(budget_minor=5, spent_minor=5), promotion(ended_at=TUESDAY_NOON)

    assert best_first([spent, ended], card()) == []


def test_the_platforms_share_rests_on_its_word_for_these_very_terms_and_what_is_left_of_its_budget() -> None:
    agreed = Agreement(revision=1, budget_minor=5, spent_minor=4)
    words = [None, agreed, msgspec.structs.replace(agreed, revision=2), msgspec.structs.replace(agreed, spent_minor=5)]

    found = [bool(best_first([agreed_to(word, platform_basis_points=1)], card())) for word in words]

    assert found == [False, True, False, False]
    assert best_first([agreed_to(words[-1])], card()) != []


@given(st.integers(0, 10**12), st.integers(0, 10_000), st.integers(0, 10_000))
def test_what_bank_and_platform_bear_together_is_all_of_it_where_their_shares_are(off: int, bank: int, of_the_rest: int) -> None:
    platform = (10_000 - bank) * of_the_rest // 10_000
    shared = terms(bank_basis_points=bank, platform_basis_points=platform)

    borne = bearing_minor(shared, off) + borne_by_platform_minor(shared, off)

    assert borne_by_platform_minor(shared, off) >= 0
    assert borne == off if bank + platform == 10_000 else borne <= off


def test_the_one_that_takes_most_off_counts_then_the_events_own_then_the_older() -> None:
    less, most = promotion(1, discount_basis_points=1_000), promotion(2)
    own, younger = promotion(4, event_id=EVENT), promotion(3)
    capped = promotion(5, discount_basis_points=5_000, cap_minor=100_00)

    found = best_first([less, younger, capped, most, own], card())

    assert [one.promotion for one in found] == [own, most, younger, less, capped]
    assert [one.discount_minor for one in found] == [2_200_00, 2_200_00, 2_200_00, 1_100_00, 100_00]


def test_instalments_alone_take_nothing_off_and_count_what_is_paid_in_them() -> None:
    [found] = best_first([promotion(discount_basis_points=0, instalments=(3, 6), budget_minor=10**9)], card(instalments=6))

    assert (found.discount_minor, found.bank_minor, found.counted_minor) == (0, 0, 11_000_00)


@given(st.integers(1, 10**12), st.integers(1, 10_000), st.integers(0, 10_000), st.none() | st.integers(1, 10**12))
def test_a_discount_is_no_less_than_was_told_and_never_all(amount: int, share: int, bank: int, cap: int | None) -> None:
    promised = terms(discount_basis_points=share, bank_basis_points=bank, cap_minor=cap)

    off = discount_minor(promised, amount)

    assert 0 <= off < amount
    assert off <= (cap or amount)
    assert off * 10_000 >= amount * share or off in (amount - 1, cap)
    assert (off - 1) * 10_000 < amount * share
    assert 0 <= bearing_minor(promised, off) <= off * bank / 10_000 + 0.001
    assert bearing_minor(promised, off) + 1 > off * bank // 10_000


@given(st.from_regex(r"[0-9]{6,8}", fullmatch=True), st.from_regex(r"[0-9]{6,8}", fullmatch=True), st.integers(0, 99_999_999))
def test_a_range_holds_every_card_between_its_ends_and_no_other(first: str, last: str, number: int) -> None:
    low, high = int(first.ljust(8, "0")), int(last.ljust(8, "9"))

    assert BinRange(first, last).holds(f"{number:08d}") is (low <= number <= high)


def test_a_card_is_the_one_that_was_told_where_the_gateway_confirms_every_digit() -> None:
    assert is_same_card("450799", "45079912")
    assert not is_same_card("45079912", "450799")
    assert not is_same_card("450799", "450798")
    assert not is_same_card("450799", None)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"bins": (BinRange("450800", "450799"),)}, "bins"),
        ({"hour_from": 12, "hour_to": 12}, "hour_to"),
        ({"starts_on": date(2026, 12, 2), "ends_on": date(2026, 12, 1)}, "ends_on"),
        ({"discount_basis_points": 0}, "discount_basis_points"),
        ({"bank_basis_points": 6_000, "platform_basis_points": 4_001}, "platform_basis_points"),
        ({"discount_basis_points": 0, "instalments": (3,), "platform_basis_points": 1}, "platform_basis_points"),
        ({"weekdays": ("monday", "monday")}, "weekdays"),
        ({"instalments": (1, 3), "methods": ("debit_card",)}, "instalments"),
    ],
)
def test_what_cannot_be_meant_is_said(changes: dict[str, Any], fault: str) -> None:
    assert promotion_faults(terms()) == []
    assert [one.split(":")[0].split(",")[0] for one in promotion_faults(terms(**changes))] == [fault]
