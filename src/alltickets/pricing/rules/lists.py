"""Whether a price list makes sense: faults as sentences, none when all is well."""

from collections.abc import Sequence
from itertools import combinations

from alltickets.pricing.rules.units import ChargePolicy, PricePhase, Tax

__all__ = ["phases_faults", "policy_faults"]


def phases_faults(phases: Sequence[PricePhase]) -> list[str]:
    """Faults of a ticket type's phases in their order: each must be able to apply, and never two of them at once.

    Where the dates of two phases overlap, the earlier one must end by quantity, and the later one later: "the first 100, then up to 300".
    """
    faults = [f"“{phase.name}” ends after it starts." for phase in phases if not _has_dates_in_order(phase)]
    for first, second in combinations(phases, 2):
        if not _overlap(first, second):
            continue
        if first.until_taken is None:
            faults.append(f"“{second.name}” never applies while “{first.name}” does: separate their dates or bound the first by quantity.")
        elif second.until_taken is not None and second.until_taken <= first.until_taken:
            faults.append(f"“{second.name}” must go on beyond the {first.until_taken} places of “{first.name}”.")
    return faults


def policy_faults(policy: ChargePolicy) -> list[str]:
    """Faults of a charge policy."""
    faults = []
    if policy.minimum_minor is not None and policy.maximum_minor is not None and policy.maximum_minor < policy.minimum_minor:
        faults.append("The highest charge is not below the lowest.")
    for taxes in (policy.charge_taxes, policy.price_taxes):
        faults += _tax_faults(taxes)
    return faults


def _tax_faults(taxes: Sequence[Tax]) -> list[str]:
    names = [tax.name for tax in taxes]
    return [f"The tax “{name}” is there more than once." for name in sorted({name for name in names if names.count(name) > 1})]


def _has_dates_in_order(phase: PricePhase) -> bool:
    return phase.starts_at is None or phase.ends_at is None or phase.starts_at < phase.ends_at


def _overlap(first: PricePhase, second: PricePhase) -> bool:
    def ends_before(one: PricePhase, other: PricePhase) -> bool:
        return one.ends_at is not None and other.starts_at is not None and one.ends_at <= other.starts_at

    return not ends_before(first, second) and not ends_before(second, first)
