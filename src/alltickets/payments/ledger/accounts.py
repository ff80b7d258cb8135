"""The accounts of an organizer's books: a word, and where there are several of a kind, of what: `gateway_receivable:<gateway account>`.

A balance is debit less credit. What somebody owes us or has of ours stands in debit, what we owe and what we earned in credit.
"""

from uuid import UUID

__all__ = [
    "ACCOUNT_WORDS",
    "BANK",
    "CHARGEBACK_LOSS",
    "COMMISSION_REVENUE",
    "DISPUTE_RESERVE",
    "FEE_RECOVERY",
    "ORGANIZER_PAYABLE",
    "PROMO_EXPENSE",
    "REFUND_CLEARING",
    "ROUNDING",
    "VAT_INPUT",
    "VAT_OUTPUT",
    "fee_expense",
    "gateway_receivable",
    "promo_receivable",
    "tax_credit",
    "word_of",
]

BANK = "bank"  # asset: what gateways have paid out
VAT_INPUT = "vat_input"  # asset: the tax inside gateways' fees
DISPUTE_RESERVE = "dispute_reserve"  # asset: taken by buyers' banks while they decide
ORGANIZER_PAYABLE = "organizer_payable"  # liability: proceeds that the organizer has not been paid
VAT_OUTPUT = "vat_output"  # liability: the tax inside the service charge
REFUND_CLEARING = "refund_clearing"  # liability: buyers' money on its way back
COMMISSION_REVENUE = "commission_revenue"  # revenue: the service charge without its tax
FEE_RECOVERY = "fee_recovery"  # revenue: gateways' fees passed on to the organizer
CHARGEBACK_LOSS = "chargeback_loss"  # expense: of a lost dispute, what the organizer does not bear
PROMO_EXPENSE = "promo_expense"  # expense: promotions that the platform bears
ROUNDING = "rounding"  # expense: cents by which a settlement and its lines differ

ACCOUNT_WORDS = (
    "gateway_receivable",
    BANK,
    "tax_credit",
    "fee_expense",
    VAT_INPUT,
    ORGANIZER_PAYABLE,
    COMMISSION_REVENUE,
    FEE_RECOVERY,
    VAT_OUTPUT,
    REFUND_CLEARING,
    DISPUTE_RESERVE,
    CHARGEBACK_LOSS,
    "promo_receivable",
    PROMO_EXPENSE,
    ROUNDING,
)


def gateway_receivable(account_id: UUID) -> str:
    """Asset: what a gateway account has of ours."""
    return f"gateway_receivable:{account_id}"


def fee_expense(account_id: UUID) -> str:
    """Expense: what a gateway account keeps for itself, without the tax on it."""
    return f"fee_expense:{account_id}"


def tax_credit(tax: str) -> str:
    """Asset: withheld at a settlement and to be set off, e.g. `iibb`."""
    return f"tax_credit:{tax}"


def promo_receivable(promotion_id: UUID) -> str:
    """Asset: what its bank owes of a promotion."""
    return f"promo_receivable:{promotion_id}"


def word_of(account: str) -> str:
    """The account's word, without of what it is."""
    return account.partition(":")[0]
