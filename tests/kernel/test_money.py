"""Money: exact, never mixed, and its parts sum to the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.money import CURRENCY_EXPONENTS, Money, exponent_of, sum_of

minors = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)
rates = st.integers(0, 10_000)


def ars(minor: int) -> Money:
    return Money(minor, "ARS")


def exact_quotient(numerator: int, denominator: int) -> int:
    """The quotient rounded half to even, spelled out in whole numbers."""
    whole, rest = divmod(numerator, denominator)
    if 2 * rest == denominator:
        return whole + whole % 2
    return whole + (2 * rest > denominator)


@given(minors, weights)
def test_the_parts_of_a_split_sum_to_the_whole(minor: int, parts: list[int]) -> None:
    whole = ars(minor)

    split = whole.split(parts)

    assert sum_of(split, "ARS") == whole


@given(minors, weights)
def test_each_part_of_a_split_is_less_than_a_unit_away_from_its_exact_share(minor: int, parts: list[int]) -> None:
    total = sum(parts)

    split = ars(minor).split(parts)

    assert all(abs(part.minor * total - minor * weight) < total for part, weight in zip(split, parts, strict=True))


@given(minors, weights)
def test_a_negative_amount_splits_like_its_positive(minor: int, parts: list[int]) -> None:
    whole = ars(minor)

    split = (-whole).split(parts)

    assert split == [-part for part in whole.split(parts)]


@given(minors, weights)
def test_who_weighs_nothing_gets_nothing(minor: int, parts: list[int]) -> None:
    whole = ars(minor)

    split = whole.split([*parts, 0])

    assert split[-1] == ars(0)


@pytest.mark.parametrize(
    ("minor", "parts", "expected"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [3, 3, 4], [3, 3, 4]),
        (1, [1, 2], [0, 1]),
        (0, [5, 5], [0, 0]),
        (7, [0, 1, 0], [0, 7, 0]),
        (5, [1, 1], [3, 2]),
    ],
)
def test_the_rest_goes_to_the_largest_remainders_and_ties_to_the_first(minor: int, parts: list[int], expected: list[int]) -> None:
    whole = ars(minor)

    split = whole.split(parts)

    assert [part.minor for part in split] == expected


@pytest.mark.parametrize("parts", [[], [0, 0], [2, -1]])
def test_a_split_without_a_positive_weight_or_with_a_negative_one_is_a_bug(parts: list[int]) -> None:
    whole = ars(100)

    with pytest.raises(AssertionError):
        whole.split(parts)


@pytest.mark.parametrize(
    ("minor", "basis_points", "expected"),
    [
        (1005, 1000, 100),  # 100.5 is as near to 100 as to 101: the even one
        (1015, 1000, 102),  # 101.5
        (1006, 1000, 101),
        (1004, 1000, 100),
        (-1005, 1000, -100),
        (-1015, 1000, -102),
        (12345, 0, 0),
        (12345, 10_000, 12345),
        (1, 4_999, 0),
        (1, 5_001, 1),
    ],
)
def test_a_share_is_rounded_half_to_even(minor: int, basis_points: int, expected: int) -> None:
    amount = ars(minor)

    share = amount.share(basis_points)

    assert share == ars(expected)


@given(minors, rates)
def test_a_share_is_the_exact_one_rounded_half_to_even(minor: int, basis_points: int) -> None:
    amount = ars(minor)

    share = amount.share(basis_points)

    assert share.minor == exact_quotient(minor * basis_points, 10_000)


@pytest.mark.parametrize(
    ("minor", "basis_points", "expected"),
    [
        (12100, 2100, 2100),  # 21 % on 100.00
        (11050, 1050, 1050),  # 10.5 % on 100.00
        (100, 2100, 17),  # 17.36
        (3, 10_000, 2),  # 1.5
        (5, 10_000, 2),  # 2.5
        (100, 0, 0),
        (-12100, 2100, -2100),
    ],
)
def test_the_tax_inside_a_price_is_its_part_of_the_gross_amount(minor: int, basis_points: int, expected: int) -> None:
    gross = ars(minor)

    tax = gross.included_share(basis_points)

    assert tax == ars(expected)


@given(minors, rates)
def test_the_tax_inside_a_price_is_the_exact_one_rounded_half_to_even(minor: int, basis_points: int) -> None:
    gross = ars(minor)

    tax = gross.included_share(basis_points)

    assert tax.minor == exact_quotient(minor * basis_points, 10_000 + basis_points)


@given(st.integers(0, 10**10), rates)
def test_the_tax_put_on_a_net_amount_is_found_inside_the_gross_one(net_minor: int, basis_points: int) -> None:
    net = ars(net_minor)
    tax = net.share(basis_points)

    found = (net + tax).included_share(basis_points)

    assert abs(found.minor - tax.minor) <= 1


@given(minors, minors, st.integers(-1000, 1000))
def test_sums_differences_and_multiples_are_those_of_the_minor_units(left: int, right: int, count: int) -> None:
    one, other = ars(left), ars(right)

    results = (one + other, one - other, one * count, -one)

    assert results == (ars(left + right), ars(left - right), ars(left * count), ars(-left))


def test_amounts_of_different_currencies_never_mix() -> None:
    pesos, dollars = ars(100), Money(100, "USD")

    with pytest.raises(AssertionError):
        pesos + dollars
    with pytest.raises(AssertionError):
        pesos - dollars
    with pytest.raises(AssertionError):
        sum_of([pesos, dollars], "ARS")

    assert pesos != dollars


def test_the_sum_of_nothing_is_zero_of_its_currency() -> None:
    nothing: list[Money] = []

    total = sum_of(nothing, "CLP")

    assert total == Money(0, "CLP")


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [("ARS", 2), ("BRL", 2), ("USD", 2), ("UYU", 2), ("CLP", 0), ("PYG", 0), ("JPY", 0), ("KWD", 3), ("TND", 3), ("CLF", 4), ("UYW", 4)],
)
def test_the_decimals_of_a_currency_are_those_of_iso_4217(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


def test_an_unknown_currency_has_no_decimals_to_guess() -> None:
    with pytest.raises(KeyError):
        exponent_of("XXX")


def test_every_code_is_three_capital_letters_and_listed_once() -> None:
    codes = list(CURRENCY_EXPONENTS)

    odd = [code for code in codes if not (len(code) == 3 and code.isascii() and code.isupper())]

    assert odd == []
    assert set(CURRENCY_EXPONENTS.values()) == {0, 2, 3, 4}
