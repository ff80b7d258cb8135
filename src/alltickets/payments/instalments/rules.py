"""What instalments cost a buyer. Pure; amounts are whole minor units, rates are of a year.

    total = price by the plan's coefficient, rounded half to even        10,000.00 by 1.11 is 11,100.00
    each  = total over the number of instalments                          11,100.00 in 3 is 3,700.00
    CFTEA = as the plan states it, else what makes the instalments, the first after a month, worth the price today    88.08 %

The issuer adds the interest on the buyer's statement: the gateway is asked for the price, and the organizer gets the price.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alltickets.kernel.money import Money
from alltickets.payments.promotions.rules import BinRange
from alltickets.payments.routing.rules.fees import PPM, half_even

__all__ = [
    "CfteaYear",
    "Financed",
    "InstalmentPlan",
    "best_plan",
    "cftea_basis_points",
    "financed",
    "holding_on",
    "plans_faults",
    "total_of",
]

CfteaYear = Literal["months", "days"]
"""How a monthly rate becomes one of a year: to the power of 12, or of 365/30. Which one the norm demands is not settled."""

_PERIODS: dict[CfteaYear, float] = {"months": 12, "days": 365 / 30}
_HALVINGS = 60
_MONTHLY_RATE_MAX = 1_000.0
BASIS = 10_000
RATE_MAX = 10**9

Rate = Annotated[int, Meta(ge=0, le=RATE_MAX)]
Day = Annotated[date, Meta(examples=["2026-11-27"])]


class InstalmentPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What so many instalments cost. It counts from `valid_from` until before `valid_to`.

    coefficient_ppm: what the buyer pays in total, in millionths of the price: 1110000 is 1.11, and 1000000 is without interest.
    cftea_basis_points: the total cost of a year as the issuer states it, 8808 is 88.08 %; null: it is computed from the coefficient.
    tea_basis_points: the rate of a year without taxes and charges, likewise; null: it is not told.
    methods: kinds of card by the gateway's names; none: any. bins: cards whose number begins so; none: any.
    sent_as: what the gateway wants to be told in the place of the number, where the plan has a code of its own.
    """

    count: Annotated[int, Meta(ge=2, le=60, examples=[3])]
    coefficient_ppm: Annotated[int, Meta(ge=PPM, le=100 * PPM, examples=[1_110_000])]
    valid_from: Day
    valid_to: Day | None = None
    cftea_basis_points: Rate | None = None
    tea_basis_points: Rate | None = None
    methods: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$", examples=["1"])], ...], Meta(max_length=30)
    ] = ()
    bins: Annotated[tuple[BinRange, ...], Meta(max_length=200)] = ()
    sent_as: Annotated[int, Meta(ge=1, le=99)] | None = None


@dataclass(frozen=True, slots=True)
class Financed:
    """What a plan makes of a price. `is_stated`: the CFTEA is the issuer's, and not computed."""

    plan: InstalmentPlan
    each: Money
    total: Money
    cftea_basis_points: int
    is_stated: bool


def plans_faults(plans: Sequence[InstalmentPlan]) -> list[str]:
    """Everything about an account's plans that cannot be meant; a sentence each."""
    faults = []
    for number, plan in enumerate(plans, 1):
        if plan.valid_to is not None and plan.valid_to <= plan.valid_from:
            faults.append(f"plan {number}: valid_to is the first day on which it counts no more, so it comes after valid_from")
        faults += [f"plan {number}: {one.first} to {one.last} is no range" for one in plan.bins if one.bounds[0] > one.bounds[1]]
        if plan.coefficient_ppm == PPM and (plan.cftea_basis_points or plan.tea_basis_points):
            faults.append(f"plan {number}: it is without interest, so its rates are 0")
        faults += [f"plan {number}: is plan {other} again" for other, one in enumerate(plans[: number - 1], 1) if _is_again(one, plan)]
    return faults


def holding_on(plans: Iterable[InstalmentPlan], on: date) -> list[InstalmentPlan]:
    """The plans that count on a day: of a number of instalments the most exact first, of equals the newer."""
    held = [one for one in plans if one.valid_from <= on and (one.valid_to is None or on < one.valid_to)]
    return sorted(held, key=lambda one: (one.count, not one.bins, not one.methods, -one.valid_from.toordinal()))


def best_plan(plans: Iterable[InstalmentPlan], *, method: str, card_bin: str, count: int, on: date) -> InstalmentPlan | None:
    """The plan of a card in so many instalments; None where none is stated."""
    for one in holding_on(plans, on):
        is_of_card = not one.bins or any(bins.holds(card_bin) for bins in one.bins)
        if one.count == count and is_of_card and (not one.methods or method in one.methods):
            return one
    return None


def total_of(plan: InstalmentPlan, price: Money) -> Money:
    """What the buyer pays in total."""
    return Money(half_even(price.minor * plan.coefficient_ppm, PPM), price.currency)


def financed(plan: InstalmentPlan, price: Money, year: CfteaYear) -> Financed:
    """What a plan makes of a price."""
    total = total_of(plan, price)
    stated = plan.cftea_basis_points
    return Financed(
        plan=plan,
        each=Money(half_even(total.minor, plan.count), price.currency),
        total=total,
        # By the coefficient, not by the rounded total: the same for every price.
        cftea_basis_points=cftea_basis_points(PPM, plan.coefficient_ppm, plan.count, year) if stated is None else stated,
        is_stated=stated is not None,
    )


def cftea_basis_points(price_minor: int, total_minor: int, count: int, year: CfteaYear) -> int:
    """The effective cost of a year of paying a total in equal instalments, the first after a month; at most `RATE_MAX`."""
    if total_minor <= price_minor:
        return 0
    # What all instalments together would be worth, were each of them one: found by halving, since more interest makes it less.
    worth = price_minor * count / total_minor
    low, high = 0.0, _MONTHLY_RATE_MAX
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _annuity(middle, count) > worth:
            low = middle
        else:
            high = middle
    yearly: float = (1 + low) ** _PERIODS[year] - 1
    return min(RATE_MAX, round(yearly * BASIS))


def _annuity(rate: float, count: int) -> float:
    """What `count` payments of one, a month apart, are worth at a monthly rate."""
    return float(sum((1 + rate) ** -number for number in range(1, count + 1)))


def _is_again(one: InstalmentPlan, other: InstalmentPlan) -> bool:
    """Whether nobody could tell which of two counts."""
    same = one.count == other.count and set(one.bins) == set(other.bins) and set(one.methods) == set(other.methods)
    return same and one.valid_from == other.valid_from
