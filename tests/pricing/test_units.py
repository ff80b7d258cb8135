"""What one unit costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.money import Money
from alltickets.pricing.rules.units import ChargeMode, ChargePolicy, PricePhase, Rounding, RuleKind, Tax, TaxedPart, charge_on, unit_price
from tests.pricing.prices import amounts, make_phase, make_policy, phases, policies


def ars(minor: int) -> Money:
    return Money(minor, "ARS")


def test_a_charge_that_is_added_shows_itself_and_the_tax_inside_it() -> None:
    unit = unit_price(ars(1_000_000), None, make_policy())

    assert unit.final == ars(1_100_000)
    assert [(one.rule, one.amount) for one in unit.adjustments] == [(RuleKind.SERVICE_CHARGE, ars(100_000))]
    assert (unit.charge_mode, unit.charge, unit.proceeds) == (ChargeMode.ADDED, ars(100_000), ars(1_000_000))
    # The worked example of the ledger: a fee of 1,000.00 holds 173.55 of IVA and 826.45 of commission.
    assert [(tax.name, tax.basis_points, tax.part, tax.amount) for tax in unit.taxes] == [("IVA", 2100, TaxedPart.CHARGE, ars(17_355))]
    assert unit.net == ars(1_082_645)


def test_a_charge_that_is_absorbed_changes_no_price() -> None:
    unit = unit_price(ars(1_000_000), None, make_policy(mode=ChargeMode.ABSORBED))

    assert (unit.final, unit.adjustments) == (ars(1_000_000), ())
    assert (unit.charge_mode, unit.charge, unit.proceeds) == (ChargeMode.ABSORBED, ars(100_000), ars(900_000))


def test_taxes_inside_the_price_are_of_what_remains_for_the_organizer() -> None:
    iva, city = Tax("IVA", 1050), Tax("Municipal", 300)

    unit = unit_price(ars(1_135_000), None, make_policy(price_taxes=(iva, city), charge_taxes=()))

    assert [(tax.name, tax.part, tax.amount) for tax in unit.taxes] == [
        ("IVA", TaxedPart.PROCEEDS, ars(105_000)),
        ("Municipal", TaxedPart.PROCEEDS, ars(30_000)),
    ]
    assert unit.net == ars(1_113_500)


def test_a_phase_replaces_the_base_price_and_bears_the_charge() -> None:
    phase = make_phase(800_000, name="Preventa 1")

    unit = unit_price(ars(1_000_000), phase, make_policy())

    assert unit.base == ars(1_000_000)
    assert next((one.rule, one.rule_id, one.name, one.amount) for one in unit.adjustments) == (
        RuleKind.PRICE_PHASE,
        phase.phase_id,
        "Preventa 1",
        ars(-200_000),
    )
    assert (unit.final, unit.charge) == (ars(880_000), ars(80_000))


def test_without_a_policy_the_price_is_the_price() -> None:
    unit = unit_price(ars(1_000_000), None, None)

    assert (unit.final, unit.net, unit.proceeds, unit.charge_mode) == (ars(1_000_000), ars(1_000_000), ars(1_000_000), None)


def test_what_is_free_bears_no_charge() -> None:
    free = unit_price(ars(0), None, make_policy(fixed_minor=50_000, minimum_minor=10_000))
    free_phase = unit_price(ars(1_000_000), make_phase(0), make_policy(fixed_minor=50_000))

    assert (free.final, free.adjustments) == (ars(0), ())
    assert free_phase.final == ars(0)


@pytest.mark.parametrize(
    ("rounding", "price_minor", "charge_minor"),
    [
        (Rounding.NEAREST, 12_490, 1_200),
        (Rounding.NEAREST, 12_500, 1_300),
        (Rounding.NEAREST, 12_499, 1_200),
        (Rounding.UP, 12_001, 1_300),
        (Rounding.UP, 12_000, 1_200),
        (Rounding.DOWN, 12_999, 1_200),
    ],
)
def test_a_charge_is_rounded_to_its_step(rounding: Rounding, price_minor: int, charge_minor: int) -> None:
    assert charge_on(make_policy(rounding=rounding, rounding_step_minor=100), price_minor) == charge_minor


def test_a_charge_is_a_share_and_a_fixed_amount_rounded_once() -> None:
    policy = make_policy(fixed_minor=50, rounding_step_minor=100)

    assert charge_on(policy, 12_345) == 1_300


def test_a_charge_stays_within_its_bounds() -> None:
    policy = make_policy(minimum_minor=30_000, maximum_minor=150_000)

    assert charge_on(policy, 100_000) == 30_000
    assert charge_on(policy, 1_000_000) == 100_000
    assert charge_on(policy, 9_000_000) == 150_000


def test_an_absorbed_charge_never_exceeds_its_price() -> None:
    assert charge_on(make_policy(mode=ChargeMode.ABSORBED, minimum_minor=30_000), 20_000) == 20_000
    assert charge_on(make_policy(mode=ChargeMode.ADDED, minimum_minor=30_000), 20_000) == 30_000


@given(base=amounts, phase=st.none() | phases, policy=st.none() | policies)
def test_the_parts_of_a_unit_add_up_to_the_whole(base: int, phase: PricePhase | None, policy: ChargePolicy | None) -> None:
    unit = unit_price(ars(base), phase, policy)

    assert unit.base.minor + sum(one.amount.minor for one in unit.adjustments) == unit.final.minor
    assert unit.proceeds + unit.charge == unit.final
    assert unit.net + unit.tax == unit.final
    assert unit.tax.minor == sum(tax.amount.minor for tax in unit.taxes)
    assert min(unit.final.minor, unit.charge.minor, unit.proceeds.minor, unit.net.minor, *(tax.amount.minor for tax in unit.taxes)) >= 0


@given(price=amounts, policy=policies)
def test_a_charge_is_bounded_and_exact_to_its_step(price: int, policy: ChargePolicy) -> None:
    charge = charge_on(policy, price)

    bounds = [bound for bound in (policy.minimum_minor, policy.maximum_minor, 0, price) if bound is not None]
    exact = price * policy.basis_points + policy.fixed_minor * 10_000
    assert charge % policy.rounding_step_minor == 0 or charge in bounds
    if charge not in bounds:
        assert abs(charge * 10_000 - exact) < policy.rounding_step_minor * 10_000
