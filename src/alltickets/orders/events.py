"""What orders tells the others."""

from uuid import UUID

import msgspec

from alltickets.platform.events import Event

__all__ = [
    "BuyerMailCorrected",
    "HolderCorrected",
    "OrderCancelled",
    "OrderExpired",
    "OrderPaid",
    "OrderPlaced",
    "OrderRefunded",
    "OrdersLeft",
    "PaidLine",
    "PaymentUnplaced",
    "WithdrawalAsked",
    "WithdrawalSettled",
]


class PaidLine(msgspec.Struct, frozen=True):
    """What one line of a paid order sold, in all its places together."""

    performance_id: UUID
    ticket_type_id: UUID
    quantity: int
    total_minor: int


class OrderPlaced(Event, frozen=True):
    """A buyer has given their data and is about to pay."""

    order_id: UUID
    event_id: UUID
    quantity: int
    total_minor: int
    currency: str
    campaign: str | None


class OrderPaid(Event, frozen=True):
    """The money is here, the places are sold and the tickets issued. `late`: the hold's time was over, and the places were still free."""

    order_id: UUID
    event_id: UUID
    lines: tuple[PaidLine, ...]
    total_minor: int
    currency: str
    campaign: str | None
    late: bool


class OrdersLeft(Event, frozen=True):
    """Their buyers chose anew, and these orders' places went to the new holds; each becomes `OrderExpired`."""

    order_ids: tuple[UUID, ...]


class OrderExpired(Event, frozen=True):
    """The time to pay ran out, or the buyer chose anew."""

    order_id: UUID
    event_id: UUID


class OrderCancelled(Event, frozen=True):
    """The organizer called the order off; what was paid is on its way back."""

    order_id: UUID
    event_id: UUID
    reason: str
    is_withdrawn: bool = False
    """Because its buyer withdrew from it."""


class OrderRefunded(Event, frozen=True):
    """All the money went back and the tickets are revoked."""

    order_id: UUID
    event_id: UUID


class PaymentUnplaced(Event, frozen=True):
    """Money came too late: for a cancelled order, for places that are somebody else's by now, or for more than a buyer may have.

    It is being returned, and the buyer must be told.
    """

    order_id: UUID
    event_id: UUID
    amount_minor: int
    currency: str


class HolderCorrected(Event, frozen=True):
    """The buyer said who goes in with a ticket instead, for the `correction`-th time. `has_new_code`: `TicketReissued` tells of it too."""

    order_id: UUID
    event_id: UUID
    ticket_id: UUID
    correction: int
    has_new_code: bool


class BuyerMailCorrected(Event, frozen=True):
    """The buyer is written to at another address from now on."""

    order_id: UUID
    event_id: UUID


class WithdrawalAsked(Event, frozen=True):
    """A buyer withdrew from their purchase; the organizer has not answered."""

    withdrawal_id: UUID
    order_id: UUID
    event_id: UUID


class WithdrawalSettled(Event, frozen=True):
    """The organizer answered a withdrawal. `status`: accepted or declined."""

    withdrawal_id: UUID
    order_id: UUID
    event_id: UUID
    status: str
