"""What a payment is made of, and how a share of it is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.parts import Part, shares_of
from alltickets.payments.starting import StartPayment
from tests.conftest import SettableClock

parts = st.lists(st.integers(0, 10**9), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("whole", "minor", "shares"),
    [
        ([1000, 83, 17], 550, [500, 41, 9]),
        ([1000, 83, 17], 1100, [1000, 83, 17]),
        ([1, 1, 1], 1, [0, 0, 1]),
        ([1, 1, 1], 2, [0, 1, 1]),
        ([0, 5], 3, [0, 3]),
        ([7], 3, [3]),
        ([], 0, []),
    ],
)
def test_a_share_is_cut_in_proportion_and_the_last_part_takes_the_cent(whole: list[int], minor: int, shares: list[int]) -> None:
    assert shares_of(whole, minor) == shares


@given(parts, st.data())
def test_shares_sum_to_what_is_shared_grow_with_it_and_never_exceed_their_part(whole: list[int], data: st.DataObject) -> None:
    more = data.draw(st.integers(0, sum(whole)))
    less = data.draw(st.integers(0, more))

    larger, smaller = shares_of(whole, more), shares_of(whole, less)

    assert (sum(larger), sum(smaller)) == (more, less)
    assert all(0 <= low <= high <= part for low, high, part in zip(smaller, larger, whole, strict=True))


@pytest.mark.parametrize("parts", [(Part("proceeds", 99),), (Part("proceeds", 110), Part("charge", -10))])
def test_parts_that_are_not_the_whole_are_a_mistake_of_the_caller(clock: SettableClock, parts: tuple[Part, ...]) -> None:
    with pytest.raises(AssertionError):
        StartPayment(
            reference=new_id(),
            amount=Money(100, "ARS"),
            description="Noche",
            payer_email=None,
            return_url="http://127.0.0.1/back",
            expires_at=clock(),
            parts=parts,
        )
