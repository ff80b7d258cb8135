"""What is to become of reserved money. Pure."""

from alltickets.payments.port import Capabilities
from alltickets.payments.rules import Attempt, Charge, Intent, Payment

__all__ = ["intent_for"]


def _fits(payment: Payment, attempt: Attempt, charge: Charge) -> bool:
    """Whether taking it would pay the payment: it is of what was asked for, where that was asked, and nothing has paid it yet."""
    is_agreed = charge.amount == attempt.asked(payment) and charge.account_id == attempt.account_id and charge.attempt_id == attempt.id
    return is_agreed and payment.kept_charge_id is None


def intent_for(
    payment: Payment, attempt: Attempt, charge: Charge, capabilities: Capabilities, *, is_wanted: bool, is_other_taken: bool
) -> Intent | None:
    """Take what pays an order that still wants it, and give everything else back. None: leave it as it is for now.

    is_other_taken: another reservation of the same payment is being taken; what becomes of that decides about this one.
    What a gateway cannot give back lapses at the buyer's bank, which costs nobody anything.
    """
    if not is_wanted or not _fits(payment, attempt, charge):
        return "void" if capabilities.voids else None
    return "capture" if capabilities.captures and not is_other_taken else None
