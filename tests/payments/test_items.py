"""What is bought as the items of a page: to the last minor unit what is paid, whatever was taken off."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.payments.gateways.items import items_of
from alltickets.payments.port import Creation, Purchase, PurchaseLine
from tests.payments.gateway_conformance import creation

lines = st.builds(PurchaseLine, name=st.just("Campo"), quantity=st.integers(1, 20), unit_price_minor=st.integers(0, 10**7))


def bought(minor: int, of: Sequence[PurchaseLine]) -> Creation:
    """A purchase of these lines, of which so much is paid."""
    purchase = Purchase(buyer_name="Ana", buyer_phone=None, days_ahead=3, lines=tuple(of))
    return msgspec.structs.replace(creation(amount=Money(minor, "ARS")), purchase=purchase)


def line(name: str, quantity: int, unit_minor: int) -> PurchaseLine:
    return PurchaseLine(name=name, quantity=quantity, unit_price_minor=unit_minor)


@settings(max_examples=50)
@given(st.lists(lines, max_size=6), st.integers(1, 10**9), st.integers(1, 8))
def test_items_are_the_amount_and_each_of_them_costs_something(of: list[PurchaseLine], minor: int, items_max: int) -> None:
    items = items_of(bought(minor, of), items_max=items_max)

    assert sum(item.unit.minor * item.quantity for item in items) == minor
    assert all(item.unit.minor > 0 and item.quantity > 0 for item in items)
    assert 1 <= len(items) <= items_max


CAMPO, PLATEA, FREE = line("Campo", 3, 10_000), line("Platea", 2, 20_000), line("Menores", 1, 0)


@pytest.mark.parametrize(
    ("minor", "of", "items"),
    [
        # In full: as they were seen, and nothing of what is free.
        (70_000, [CAMPO, FREE, PLATEA], [("Campo", 3, 10_000), ("Platea", 2, 20_000)]),
        # 10 % off, which is whole for each ticket.
        (63_000, [CAMPO, PLATEA], [("Campo", 3, 9_000), ("Platea", 2, 18_000)]),
        # Two cents less: 26,999.14 and 35,998.86 in proportion, and neither is three, or two, of a price.
        (62_998, [CAMPO, PLATEA], [("3 × Campo", 1, 26_999), ("2 × Platea", 1, 35_999)]),
        # More than the lines are: they are not all of it.
        (70_001, [CAMPO, PLATEA], [("Función «Ñandú» & más · 2 entradas", 1, 70_001)]),
        (70_000, [CAMPO] * 2 + [PLATEA] * 2, [("Función «Ñandú» & más · 2 entradas", 1, 70_000)]),
    ],
)
def test_what_is_no_multiple_of_its_quantity_is_one_thing(minor: int, of: list[PurchaseLine], items: list[tuple[str, int, int]]) -> None:
    found = items_of(bought(minor, of), items_max=3)

    assert [(item.name, item.quantity, item.unit.minor) for item in found] == items
