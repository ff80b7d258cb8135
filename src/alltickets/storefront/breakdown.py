"""What a total is made of, as a buyer reads it; `frontend/shop/src/features/summary/breakdown.ts` says the same in the browser."""

from dataclasses import dataclass

from alltickets.kernel.money import Money
from alltickets.pricing.interface import Quote

__all__ = ["Breakdown", "IncludedTax", "breakdown_of"]


@dataclass(frozen=True)
class IncludedTax:
    """A tax inside the total."""

    name: str
    basis_points: int
    amount: Money


@dataclass(frozen=True)
class Breakdown:
    """`price` and `charge` are the total. `charge` None: the organizer bears it, or there is none."""

    price: Money
    charge: Money | None
    taxes: tuple[IncludedTax, ...]
    total: Money


def breakdown_of(quote: Quote) -> Breakdown:
    """The parts of a quote's total."""
    parts = [part for line in quote.lines for part in line.parts]
    is_added = any(part.unit.charge_mode == "added" and part.unit.charge.minor for part in parts)
    sums: dict[tuple[str, int], int] = {}
    for part in parts:
        for tax in part.unit.taxes:
            key = (tax.name, tax.basis_points)
            sums[key] = sums.get(key, 0) + tax.amount.minor * part.quantity
    totals = quote.totals
    return Breakdown(
        price=totals.total - totals.charge if is_added else totals.total,
        charge=totals.charge if is_added else None,
        taxes=tuple(IncludedTax(*key, Money(minor, quote.currency)) for key, minor in sums.items() if minor),
        total=totals.total,
    )
