"""What one unit costs, evaluated in one order:

    1  base price         of the ticket type
    2  price phase        replaces the base price; the difference is an adjustment
    3  service charge     on the price so far: added to it, or absorbed by it
    4  taxes              are inside: of the charge, and of what remains for the organizer; they change no price, they are shown

A price of zero bears no charge: what is free is free. All amounts are whole minor units; each step rounds by itself, so that

    base + adjustments = final        proceeds + charge = final        net + tax = final

hold to the cent for a unit, and therefore for any number of them.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money

__all__ = [
    "Adjustment",
    "ChargeMode",
    "ChargePolicy",
    "IncludedTax",
    "PricePhase",
    "Rounding",
    "RuleKind",
    "Tax",
    "TaxedPart",
    "UnitPrice",
    "charge_on",
    "unit_price",
]

WHOLE = 10_000
"""Basis points in a whole."""


class ChargeMode(StrEnum):
    """Who bears the service charge."""

    ADDED = "added"
    """The buyer, on top of the price."""
    ABSORBED = "absorbed"
    """The organizer: it is taken out of the price."""


class Rounding(StrEnum):
    """To which multiple of the step a charge is brought. Examples with a step of 100 minor units."""

    NEAREST = "nearest"
    """1250 and 1349 become 1300, 1249 becomes 1200: halves go up."""
    UP = "up"
    """1201 becomes 1300."""
    DOWN = "down"
    """1299 becomes 1200."""


class Tax(msgspec.Struct, frozen=True):
    """A tax that is inside an amount, e.g. IVA of 2100 basis points: of 121 it is 21."""

    name: str
    basis_points: int


class ChargePolicy(msgspec.Struct, frozen=True):
    """How an event's service charge is made: a share plus a fixed amount, rounded to a step, then kept within its bounds.

    `charge_taxes` are inside the charge, `price_taxes` inside what remains for the organizer.
    """

    policy_id: UUID
    name: str
    mode: ChargeMode
    basis_points: int
    fixed_minor: int
    minimum_minor: int | None
    maximum_minor: int | None
    rounding: Rounding
    rounding_step_minor: int
    charge_taxes: tuple[Tax, ...]
    price_taxes: tuple[Tax, ...]


class PricePhase(msgspec.Struct, frozen=True):
    """Another price: from `starts_at` until before `ends_at`, and for the first `until_taken` places; None: no such bound."""

    phase_id: UUID
    name: str
    price_minor: int
    starts_at: datetime | None
    ends_at: datetime | None
    until_taken: int | None


class RuleKind(StrEnum):
    """Which kind of rule made an adjustment."""

    PRICE_PHASE = "price_phase"
    SERVICE_CHARGE = "service_charge"


class Adjustment(msgspec.Struct, frozen=True):
    """What one rule added to the price of a unit, or took off it."""

    rule: RuleKind
    rule_id: UUID
    name: str
    amount: Money


class TaxedPart(StrEnum):
    """Of which part of the final price a tax is."""

    CHARGE = "charge"
    PROCEEDS = "proceeds"


class IncludedTax(msgspec.Struct, frozen=True):
    """How much of a unit's final price is this tax."""

    name: str
    basis_points: int
    part: TaxedPart
    amount: Money


class UnitPrice(msgspec.Struct, frozen=True):
    """The price of one unit with everything that made it."""

    base: Money
    adjustments: tuple[Adjustment, ...]
    final: Money
    """What the buyer pays."""
    charge_mode: ChargeMode | None
    """None: there is no charge policy."""
    charge: Money
    """How much of `final` is the service charge, its taxes included."""
    proceeds: Money
    """How much of `final` is the organizer's, its taxes included."""
    taxes: tuple[IncludedTax, ...]
    tax: Money
    """All taxes inside `final`."""
    net: Money
    """`final` without its taxes."""


def charge_on(policy: ChargePolicy, price_minor: int) -> int:
    """The service charge on a price, in minor units; never more than the price that absorbs it.

    10 % and a fixed 50 on 12345, to the nearest 100: 1284.5 becomes 1300. The bounds are applied last, whatever the step.
    """
    if price_minor == 0:
        return 0
    # Exact: the charge is a number of ten-thousandths of a minor unit until the one rounding.
    exact = price_minor * policy.basis_points + policy.fixed_minor * WHOLE
    step = policy.rounding_step_minor * WHOLE
    if policy.rounding == Rounding.NEAREST:
        steps = (2 * exact + step) // (2 * step)
    elif policy.rounding == Rounding.UP:
        steps = -(-exact // step)
    else:
        steps = exact // step
    charge = steps * policy.rounding_step_minor
    if policy.minimum_minor is not None:
        charge = max(charge, policy.minimum_minor)
    if policy.maximum_minor is not None:
        charge = min(charge, policy.maximum_minor)
    return min(charge, price_minor) if policy.mode == ChargeMode.ABSORBED else charge


def unit_price(base: Money, phase: PricePhase | None, policy: ChargePolicy | None) -> UnitPrice:
    """The price of a unit in a phase, or outside of any, under a policy, or under none."""
    currency = base.currency
    adjustments: list[Adjustment] = []
    price = base
    if phase is not None:
        price = Money(phase.price_minor, currency)
        adjustments.append(Adjustment(RuleKind.PRICE_PHASE, phase.phase_id, phase.name, price - base))
    final, charge = price, Money(0, currency)
    if policy is not None:
        charge = Money(charge_on(policy, price.minor), currency)
        if policy.mode == ChargeMode.ADDED and charge.minor:
            final = price + charge
            adjustments.append(Adjustment(RuleKind.SERVICE_CHARGE, policy.policy_id, policy.name, charge))
    proceeds = final - charge
    taxes: tuple[IncludedTax, ...] = ()
    if policy is not None:
        taxes = (
            *_included(proceeds, policy.price_taxes, TaxedPart.PROCEEDS),
            *_included(charge, policy.charge_taxes, TaxedPart.CHARGE),
        )
    tax = Money(sum(one.amount.minor for one in taxes), currency)
    return UnitPrice(
        base=base,
        adjustments=tuple(adjustments),
        final=final,
        charge_mode=None if policy is None else policy.mode,
        charge=charge,
        proceeds=proceeds,
        taxes=taxes,
        tax=tax,
        net=final - tax,
    )


def _included(amount: Money, taxes: Sequence[Tax], part: TaxedPart) -> list[IncludedTax]:
    """The taxes inside an amount: it is cut in proportion, the remainder going to the largest fraction, so nothing is lost.

    Of 1000.00 with IVA of 21 % inside, 173.55 is IVA and 826.45 is not.
    """
    if not taxes or not amount.minor:
        return []
    _, *shares = amount.split([WHOLE, *(tax.basis_points for tax in taxes)])
    return [IncludedTax(tax.name, tax.basis_points, part, share) for tax, share in zip(taxes, shares, strict=True)]
