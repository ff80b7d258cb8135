"""The demo's promotion of a bank, and what other cards' instalments cost: for the simulated Payway, to be tried by hand."""

from datetime import date

from alltickets.payments.interface import BinRange, InstalmentPlan, PromotionTerms

__all__ = ["INSTALMENT_PLANS", "bank_promotion"]

INSTALMENT_PLANS = tuple(
    InstalmentPlan(count=count, coefficient_ppm=coefficient_ppm, valid_from=date(2026, 1, 1))
    for count, coefficient_ppm in ((3, 1_110_000), (6, 1_200_000))
)

VISA_OF_PAYWAY = "450799"
"""How the simulated Payway's Visa begins (4507 9900 0000 4905); Payway's own documents use it too."""


def bank_promotion(currency: str) -> PromotionTerms:
    """A fifth off, at most 5,000.00, and up to six instalments without interest, every day."""
    return PromotionTerms(
        name="Días de Banco del Sol",
        bank="Banco del Sol",
        currency=currency,
        bins=(BinRange(VISA_OF_PAYWAY, VISA_OF_PAYWAY),),
        methods=("credit_card",),
        instalments=(1, 3, 6),
        discount_basis_points=2_000,
        cap_minor=500_000,
        budget_minor=500_000_000,
        bank_basis_points=6_000,
    )
