"""The background work of payments: loops over rows that are due. None of them is needed by another."""

from alltickets.payments.service import Payments
from alltickets.platform.loops import Loop

__all__ = ["loops"]


def loops(payments: Payments) -> list[Loop]:
    """poll: ask about attempts. inbox: callbacks that only hinted, or came too early. refunds: carry out and ask about refunds.

    disputes: tell deadlines that come near, and ask about those that nobody has decided on.
    settling: post lines of settlement reports to the books.
    sellers: renew the tokens of those who connected through the platform's application, and look whether they still let us.
    reports: fetch the settlement reports that nightly asks for.
    nightly: look at everything that is open, at night, an account's attempts some at a time.
    reseal: after a new key was added to the ring, moves credentials of accounts to it, so that the old one can go.
    """
    return [
        Loop("payments.poll", 1.0, payments.poller.sweep),
        Loop("payments.inbox", 1.0, payments.inbox.sweep),
        Loop("payments.refunds", 1.0, payments.refunds.sweep),
        Loop("payments.disputes", 30.0, payments.disputes.sweep),
        Loop("payments.settling", 2.0, payments.settling.sweep),
        Loop("payments.sellers", 5.0, payments.sellers.sweep),
        Loop("payments.reports", 5.0, payments.reports.sweep),
        Loop("payments.nightly", 5.0, payments.nightly.sweep),
        Loop("payments.reseal", 300.0, payments.accounts.reseal),
    ]
