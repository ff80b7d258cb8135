"""Why an order is refused.

Refusal
├── SelectionInvalid     the chosen lines do not make a purchase
├── LimitExceeded        more than one order, or one buyer, may have
├── HoldersInvalid       data of buyer or ticket holders is missing or wrong, each fault by its field
├── OrderConflict        the order id was used for something else
├── HoldTaken            another order was placed on the same hold
├── OrderNotFound        no such order, or not with this secret
├── OrderNotOpen         what was asked is not possible in the state the order is in
├── RefundConflict       the refund's id was used for something else
├── NoValidTickets       nothing of the order admits anybody, so there is nothing to print
├── TicketNotChangeable  its holder, or its code, is no longer the buyer's to change
└── TicketChanged        somebody corrected the holder meanwhile
"""

from dataclasses import dataclass

import msgspec

from alltickets.kernel.errors import Refusal

__all__ = [
    "FieldFault",
    "HoldTaken",
    "HoldersInvalid",
    "LimitExceeded",
    "NoValidTickets",
    "OrderConflict",
    "OrderNotFound",
    "OrderNotOpen",
    "RefundConflict",
    "SelectionInvalid",
    "TicketChanged",
    "TicketNotChangeable",
    "WithdrawalIsSettled",
    "WithdrawalNotFound",
]


class FieldFault(msgspec.Struct, frozen=True):
    """What is wrong with one field. `where` is its path in the request (`holders/0/document`), `code` a stable word for translation."""

    where: str
    code: str
    sentence: str


@dataclass(eq=False)
class SelectionInvalid(Refusal):
    """The lines contradict themselves or the event: `faults` says each."""

    faults: tuple[FieldFault, ...]

    def __str__(self) -> str:
        return f"{' '.join(fault.sentence for fault in self.faults)} Nothing was taken."


@dataclass(eq=False)
class LimitExceeded(Refusal):
    """`scope` is order or buyer; `taken` is what counts against the limit already."""

    scope: str
    ticket_type: str
    limit: int
    taken: int

    def __str__(self) -> str:
        who = "One order" if self.scope == "order" else "One buyer"
        return f"{who} may have at most {self.limit} of these tickets. Nothing was taken; choose fewer."


@dataclass(eq=False)
class HoldersInvalid(Refusal):
    """Every fault of what buyer and ticket holders entered, each by its field."""

    faults: tuple[FieldFault, ...]

    def __str__(self) -> str:
        count = len(self.faults)
        return (
            f"{'One field needs' if count == 1 else f'{count} fields need'} your attention. Your places are kept; correct and send again."
        )


@dataclass(eq=False)
class OrderConflict(Refusal):
    """The id names an order with other content."""

    order: str

    def __str__(self) -> str:
        return "This order id was used for another purchase. Nothing was changed; use a new id for a new purchase."


@dataclass(eq=False)
class HoldTaken(Refusal):
    """The places were ordered already, perhaps in another tab."""

    order: str

    def __str__(self) -> str:
        return "These places were ordered already, perhaps in another tab. Go on there, or choose places anew."


@dataclass(eq=False)
class OrderNotFound(Refusal):
    """Unknown, or not yours: which of the two is nobody's business."""

    def __str__(self) -> str:
        return "There is no such order at this address. Check the link in your mail."


@dataclass(eq=False)
class OrderNotOpen(Refusal):
    """`order_status` is what the order is."""

    order_status: str

    def __str__(self) -> str:
        return f"The order is {self.order_status.replace('_', ' ')}, so this cannot be done. Nothing was changed."


@dataclass(eq=False)
class RefundConflict(Refusal):
    """The id names a refund of another order, or of another amount."""

    def __str__(self) -> str:
        return "This refund id was used for another refund. Nothing was given back; use a new id for a new refund."


@dataclass(eq=False)
class NoValidTickets(Refusal):
    """What was asked for has no ticket that admits anybody: the order is not paid, or its tickets were revoked."""

    def __str__(self) -> str:
        return "There is no valid ticket to print here. Nothing was changed; look at the order to see whether it is paid or was refunded."


_WHY_NOT = {
    "order_over": "The order is not paid, or it was cancelled or refunded.",
    "revoked": "The ticket was revoked.",
    "called_off": "The event does not take place.",
    "admitted": "Somebody went in with this ticket already.",
    "over": "The event is over.",
    "not_allowed": "The organizer of this event lets nobody correct who goes in.",
    "used_up": "The holder was corrected as often as the organizer allows.",
    "too_late": "The event is too near for the organizer to allow corrections.",
}


@dataclass(eq=False)
class TicketNotChangeable(Refusal):
    """`objection` is the word of `rules.Objection` that says why."""

    objection: str

    def __str__(self) -> str:
        return f"{_WHY_NOT[self.objection]} Nothing was changed; write to the organizer if it has to be."


@dataclass(eq=False)
class TicketChanged(Refusal):
    """The change was made on an older state of the ticket."""

    ticket: str

    def __str__(self) -> str:
        return "The holder of this ticket was changed meanwhile, perhaps in another tab. Nothing was changed now; read it again and go on."


@dataclass(eq=False)
class WithdrawalNotFound(Refusal):
    """Unknown, or another organizer's."""

    def __str__(self) -> str:
        return "There is no such withdrawal. The list of withdrawals shows those there are."


@dataclass(eq=False)
class WithdrawalIsSettled(Refusal):
    """`withdrawal_status` is what was answered."""

    withdrawal_status: str

    def __str__(self) -> str:
        return f"The withdrawal was {self.withdrawal_status} before, and its buyer was told. Nothing was changed."
