"""Whose turn it is when places come back."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.mail import address_key
from alltickets.marketing.refusals import WishInvalid
from alltickets.marketing.rules.waiting import Waiting, Wish, check_wish, path_prefix_of, whose_turn
from alltickets.storefront.languages import LANGUAGES

HOUSE, EARLY = UUID(int=1), UUID(int=2)
GENERAL, CHEAP = (UUID(int=10), UUID(int=11)), (UUID(int=10), UUID(int=12))
DRAWS = {GENERAL: (HOUSE,), CHEAP: (HOUSE, EARLY)}


def line(*wishes: tuple[tuple[UUID, UUID], int]) -> list[Waiting]:
    """People in the order in which they came."""
    return [Waiting(UUID(int=number), offer, quantity) for number, (offer, quantity) in enumerate(wishes, 1)]


def turns(waiting: list[Waiting], left: dict[UUID, int], *called: tuple[tuple[UUID, UUID], int]) -> list[int]:
    return [entry_id.int for entry_id in whose_turn(waiting, DRAWS, left, called)]


@pytest.mark.parametrize(
    ("wishes", "left", "called", "told"),
    [
        ([(GENERAL, 1), (GENERAL, 1), (GENERAL, 1)], {HOUSE: 2}, [], [1, 2]),
        ([(GENERAL, 4), (GENERAL, 2)], {HOUSE: 3}, [], [2]),
        ([(GENERAL, 1), (GENERAL, 1)], {HOUSE: 2}, [(GENERAL, 2)], []),
        ([(GENERAL, 1), (GENERAL, 1)], {HOUSE: 3}, [(GENERAL, 2)], [1]),
        ([(CHEAP, 1), (CHEAP, 1), (GENERAL, 1)], {HOUSE: 2, EARLY: 1}, [], [1, 3]),
        ([(CHEAP, 1), (GENERAL, 1)], {HOUSE: 1, EARLY: 5}, [], [1]),
        ([(CHEAP, 1)], {HOUSE: 9}, [], []),
        ([((UUID(int=8), UUID(int=9)), 1)], {HOUSE: 9}, [], []),
    ],
    ids=[
        "as many as there are places",
        "a large party is passed over",
        "what was told is spoken for",
        "the rest is not",
        "a limited type has two stocks",
        "the house is full before the type is",
        "a stock that nobody knows has nothing",
        "an offer that is not there has nothing",
    ],
)
def test_places_are_told_of_in_order_and_once(
    wishes: list[tuple[tuple[UUID, UUID], int]], left: dict[UUID, int], called: list[tuple[tuple[UUID, UUID], int]], told: list[int]
) -> None:
    assert turns(line(*wishes), left, *called) == told


offers = st.sampled_from([GENERAL, CHEAP])
wish_lists = st.lists(st.tuples(offers, st.integers(1, 10)), max_size=20)


@given(wish_lists, st.integers(0, 40), st.integers(0, 40), wish_lists)
def test_never_more_places_are_told_of_than_there_are(
    wishes: list[tuple[tuple[UUID, UUID], int]], house: int, early: int, called: list[tuple[tuple[UUID, UUID], int]]
) -> None:
    waiting = line(*wishes)

    told = set(whose_turn(waiting, DRAWS, {HOUSE: house, EARLY: early}, called))

    for pool, places in ((HOUSE, house), (EARLY, early)):
        spoken_for = sum(quantity for offer, quantity in called if pool in DRAWS[offer])
        now = sum(one.quantity for one in waiting if one.entry_id in told and pool in DRAWS[one.offer])
        assert now <= max(0, places - spoken_for)


@pytest.mark.parametrize(
    ("mail", "quantity", "field"),
    [("ana", 1, "mail"), ("a@b@c", 1, "mail"), ("ana@example.com\r\nBcc: x@example.com", 1, "mail"), ("ana@example.com", 0, "quantity"),
     ("ana@example.com", 11, "quantity")],
)  # fmt: skip
def test_a_wish_that_cannot_be_names_its_field(mail: str, quantity: int, field: str) -> None:
    with pytest.raises(WishInvalid) as invalid:
        check_wish(Wish(mail, GENERAL, quantity, "es-AR"))

    assert invalid.value.field == field


def test_addresses_are_compared_without_their_case() -> None:
    assert address_key(" Ana@Example.COM ") == "ana@example.com"
    assert address_key("straße@example.com") != address_key("strasse@example.com")


def test_links_lead_to_the_pages_of_the_readers_language() -> None:
    assert {language.tag: path_prefix_of(language.tag) for language in LANGUAGES} == {one.tag: one.prefix for one in LANGUAGES}
