"""What other contexts may use of pricing.

`Pricing.quote` prices a selection of an event snapshot. A quote is plain data and is kept with the hold that it was made for: its parts,
in order, are the units' prices.
"""

from alltickets.pricing.refusals import EmptySelection, QuantityRefused, SeatsMismatched, TooManyLines
from alltickets.pricing.rules.quoting import Quote, QuoteLine, QuotePart, QuoteTotals, SelectedLine
from alltickets.pricing.rules.units import Adjustment, ChargeMode, IncludedTax, RuleKind, TaxedPart, UnitPrice
from alltickets.pricing.service import PriceLists, Pricing

__all__ = [
    "Adjustment",
    "ChargeMode",
    "EmptySelection",
    "IncludedTax",
    "PriceLists",
    "Pricing",
    "QuantityRefused",
    "Quote",
    "QuoteLine",
    "QuotePart",
    "QuoteTotals",
    "RuleKind",
    "SeatsMismatched",
    "SelectedLine",
    "TaxedPart",
    "TooManyLines",
    "UnitPrice",
]
