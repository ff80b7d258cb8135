"""Which account takes a payment, and until when it may be paid there."""

from datetime import datetime

from alltickets.payments.connections import Accounts, ConnectedAccount
from alltickets.payments.refusals import NoAccountFits, TooLateForAccount
from alltickets.payments.schedule import patient_until
from alltickets.payments.starting import StartPayment

__all__ = ["choose"]


def choose(accounts: Accounts, request: StartPayment, now: datetime) -> tuple[ConnectedAccount, datetime]:
    """The chosen account, or the first that fits, and until when it may be paid at. Raises `NoAccountFits` or `TooLateForAccount`."""
    chosen = request.account_id
    for account in accounts.usable(request.amount.currency, now):
        if chosen in (None, account.id):
            until = _payable_until(account, request, now)
            if until is not None:
                return account, until
            if chosen is not None:
                raise TooLateForAccount(account.label)
    raise NoAccountFits(request.amount.currency)


def _payable_until(account: ConnectedAccount, request: StartPayment, now: datetime) -> datetime | None:
    """None: the account needs more time than there is."""
    patience = account.gateway.capabilities.patience
    if patience is None:
        return request.expires_at
    return patient_until(
        patience, expires_at=request.expires_at, kept_until_max=request.kept_until_max, begins_at=request.begins_at, now=now
    )
