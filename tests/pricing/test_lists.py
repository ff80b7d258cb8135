"""Whether a price list makes sense."""

from datetime import timedelta

import pytest

from alltickets.pricing.rules.lists import phases_faults, policy_faults
from alltickets.pricing.rules.units import PricePhase
from tests.catalog.events import NOW
from tests.pricing.prices import IVA, make_phase, make_policy

LATER, LAST = NOW + timedelta(days=1), NOW + timedelta(days=2)
# Each row: is it a price list, and its phases as (starts_at, ends_at, until_taken).
TABLE: list[tuple[bool, list[tuple[object, object, object]]]] = [
    (True, []),
    (True, [(None, None, None)]),
    (True, [(NOW, LATER, None), (LATER, LAST, None)]),
    (True, [(LATER, LAST, None), (NOW, LATER, None)]),
    (True, [(None, None, 100), (None, None, 300), (None, None, None)]),
    (True, [(NOW, LATER, 100), (NOW, LATER, None), (LATER, None, 50)]),
    (True, [(None, None, 100), (NOW, LATER, None), (LATER, LAST, None)]),
    (False, [(LATER, NOW, None)]),
    (False, [(NOW, NOW, None)]),
    (False, [(NOW, LAST, None), (LATER, None, None)]),
    (False, [(None, None, None), (NOW, LATER, 100)]),
    (False, [(None, None, 100), (None, None, 100)]),
    (False, [(None, None, 100), (NOW, LATER, 50)]),
    (False, [(None, None, 100), (NOW, LATER, None), (None, None, 300)]),
]


@pytest.mark.parametrize(("is_sound", "rows"), TABLE)
def test_phases_apply_one_at_a_time_and_each_of_them_can(is_sound: bool, rows: list[tuple[object, object, object]]) -> None:
    phases: list[PricePhase] = [
        make_phase(name=f"Fase {number}", starts_at=starts_at, ends_at=ends_at, until_taken=until_taken)  # type: ignore[arg-type]
        for number, (starts_at, ends_at, until_taken) in enumerate(rows)
    ]

    assert (phases_faults(phases) == []) is is_sound


def test_faults_name_the_phases() -> None:
    faults = phases_faults([make_phase(name="Preventa"), make_phase(name="General")])

    assert faults == ["“General” never applies while “Preventa” does: separate their dates or bound the first by quantity."]


def test_a_policy_must_not_contradict_itself() -> None:
    assert policy_faults(make_policy(minimum_minor=5, maximum_minor=5)) == []
    assert policy_faults(make_policy(minimum_minor=6, maximum_minor=5, price_taxes=(IVA, IVA))) == [
        "The highest charge is not below the lowest.",
        "The tax “IVA” is there more than once.",
    ]
