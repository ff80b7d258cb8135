"""What is to become of reserved money. Pure."""

from datetime import datetime, timedelta

from alltickets.payments.port import Capabilities
from alltickets.payments.rules import Attempt, Charge, Intent, Payment

__all__ = ["BEGUN_WITHIN", "intent_for", "is_refused_for_good", "may_be_given_back"]

REFUSED_FOR = timedelta(minutes=5)
"""So long a capture is asked for again that its gateway refuses. Its buyer waits meanwhile, and their places do not for much longer."""

BEGUN_WITHIN = timedelta(seconds=15)
"""A call that has not begun so long after it was decided, for want of a free slot, is not begun: it is decided anew."""


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


def is_refused_for_good(attempt: Attempt, *, since: datetime, now: datetime, was_refused_before: bool) -> bool:
    """Whether money that its gateway refused to take just now goes back instead. `since`: when it began to be taken.

    One refusal is not enough, however late: it may be the first word after an outage.
    """
    return attempt.status == "capturing" and was_refused_before and now - since >= REFUSED_FOR


def may_be_given_back(capabilities: Capabilities, *, since: datetime, now: datetime) -> bool:
    """Whether money that has been going back since then may be asked for once more: no call that was decided before is open any more.

    It may have been going to be taken until then, and another process's call to take it would be carried out before this one, which
    gives back what was taken, too.
    """
    return now - since >= BEGUN_WITHIN + timedelta(seconds=capabilities.call_seconds_max)
