"""Price lists to test with: plain, boring values by keyword, and strategies that are neither."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from alltickets.kernel.ids import new_id
from alltickets.pricing.rules.units import ChargeMode, ChargePolicy, PricePhase, Rounding, Tax
from tests.catalog.events import NOW

IVA = Tax("IVA", 2100)


def make_policy(
    *,
    mode: ChargeMode = ChargeMode.ADDED,
    basis_points: int = 1_000,
    fixed_minor: int = 0,
    minimum_minor: int | None = None,
    maximum_minor: int | None = None,
    rounding: Rounding = Rounding.NEAREST,
    rounding_step_minor: int = 1,
    charge_taxes: tuple[Tax, ...] = (IVA,),
    price_taxes: tuple[Tax, ...] = (),
) -> ChargePolicy:
    """10 % on top, IVA of 21 % inside."""
    return ChargePolicy(
        policy_id=new_id(),
        name="Cargo por servicio",
        mode=mode,
        basis_points=basis_points,
        fixed_minor=fixed_minor,
        minimum_minor=minimum_minor,
        maximum_minor=maximum_minor,
        rounding=rounding,
        rounding_step_minor=rounding_step_minor,
        charge_taxes=charge_taxes,
        price_taxes=price_taxes,
    )


def make_phase(
    price_minor: int = 800_000,
    *,
    name: str = "Preventa",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    until_taken: int | None = None,
) -> PricePhase:
    return PricePhase(new_id(), name, price_minor, starts_at, ends_at, until_taken)


amounts = st.integers(min_value=0, max_value=100_000_000_000)
optional_amounts = st.none() | amounts
taxes = st.lists(st.builds(Tax, st.sampled_from(["IVA", "IIBB", "Municipal"]), st.integers(0, 10_000)), max_size=3).map(tuple)
policies = st.builds(
    ChargePolicy,
    policy_id=st.uuids(),
    name=st.just("Cargo por servicio"),
    mode=st.sampled_from(ChargeMode),
    basis_points=st.integers(0, 10_000),
    fixed_minor=amounts,
    minimum_minor=optional_amounts,
    maximum_minor=optional_amounts,
    rounding=st.sampled_from(Rounding),
    rounding_step_minor=st.sampled_from([1, 5, 50, 100, 10_000]),
    charge_taxes=taxes,
    price_taxes=taxes,
)
instants = st.none() | st.integers(-10, 10).map(lambda days: NOW + timedelta(days=days))
phases = st.builds(
    PricePhase,
    phase_id=st.uuids(),
    name=st.sampled_from(["Preventa 1", "Preventa 2", "Puerta"]),
    price_minor=amounts,
    starts_at=instants,
    ends_at=instants,
    until_taken=st.none() | st.integers(1, 60),
)
