"""Orders on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from alltickets.kernel.money import Money
from alltickets.orders.rules import PLACES_MAX, OrderStatus
from alltickets.orders.withdrawals import WithdrawalStatus
from alltickets.payments.interface import BinRange, Card, CardForm
from alltickets.pricing.interface import Quote

__all__ = [
    "AvailabilityRead",
    "BuyerWrite",
    "CancelWrite",
    "CardAccountRead",
    "CardBeginning",
    "CardBeginningWrite",
    "HoldRead",
    "HoldWrite",
    "HolderRead",
    "HolderWrite",
    "InstalmentPlanRead",
    "InstructionLineRead",
    "InstructionsRead",
    "Locale",
    "NextAction",
    "OfferAvailability",
    "OrderRead",
    "OrderRefundRead",
    "OrderSummary",
    "OrderTicket",
    "OrderWrite",
    "PlacedOrderRead",
    "RefundWrite",
    "SeatRead",
    "SeatRowRead",
    "SeatsRead",
    "SelectedLineWrite",
    "TicketHolderRead",
    "TicketHolderWrite",
    "TicketReissueWrite",
]

# PostgreSQL stores no NUL, and one line needs no control character.
_LINE = r"^[^\x00-\x1f\x7f]*$"
_LINES = r"^[^\x00]*$"
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_LINE)]
Mail = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=_LINE)]
Document = Annotated[str, msgspec.Meta(max_length=20, pattern=_LINE)]
Phone = Annotated[str, msgspec.Meta(max_length=30, pattern=_LINE)]
ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=_LINE)]
Locale = Literal["es-AR", "en", "pt-BR"]
CardBeginning = Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$", examples=["450799"])]
Answer = Annotated[str, msgspec.Meta(max_length=1000, pattern=_LINES)]


class SelectedLineWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some places of one ticket type for one performance. `seats`: labels, one for each place, where places are numbered."""

    performance_id: UUID
    ticket_type_id: UUID
    quantity: Annotated[int, msgspec.Meta(ge=1, le=PLACES_MAX)]
    seats: Annotated[tuple[ShortText, ...], msgspec.Meta(max_length=PLACES_MAX)] = ()


class HoldWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hold that is asked for. `visitor_id` is an id that the shopper's browser made and keeps: their new hold replaces the former one."""

    event_id: UUID
    visitor_id: UUID
    lines: Annotated[tuple[SelectedLineWrite, ...], msgspec.Meta(min_length=1, max_length=20)]
    code: ShortText | None = None
    campaign: ShortText | None = None


class HoldRead(msgspec.Struct, frozen=True):
    """Places kept until `expires_at`; `now` is the server's time, for a countdown that does not trust the device's clock."""

    hold_id: UUID
    event_id: UUID
    expires_at: datetime
    now: datetime
    quote: Quote


class BuyerWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who pays. `locale`: the language in which they read the shop, and are written to; none: the organizer's."""

    name: Name
    mail: Mail
    document: Document | None = None
    phone: Phone | None = None
    # Left out it is not part of the request's fingerprint: a request that began before there were locales may be repeated.
    locale: Literal["es-AR", "en", "pt-BR"] | UnsetType = UNSET


class HolderWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who goes in with one ticket; answers by the question's key."""

    name: Name
    mail: Mail | None = None
    document: Document | None = None
    answers: dict[ShortText, Answer] = {}


class OrderWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order on a hold. No holders: every ticket is the buyer's.

    payment_option_id: one of the event's payment options; an account is one by itself. None: the organizer's routing decides.
    """

    event_id: UUID
    hold_id: UUID
    buyer: BuyerWrite
    holders: Annotated[tuple[HolderWrite, ...], msgspec.Meta(max_length=PLACES_MAX)] = ()
    payment_option_id: UUID | None = None


class InstructionLineRead(msgspec.Struct, frozen=True):
    """Something the buyer needs. `kind`: holder, cuit, bank, cbu, alias (of a bank account), place, opening (of a box office)."""

    kind: str
    value: str


class InstructionsRead(msgspec.Struct, frozen=True):
    """How to pay by oneself: `method` bank_transfer or cash, this amount, naming this code, until then."""

    method: str
    code: str
    amount: Money
    until: datetime
    lines: tuple[InstructionLineRead, ...]


class NextAction(msgspec.Struct, frozen=True):
    """What the buyer does next. `kind`: redirect (go to `url` and pay), card (have the gateway make a token of a card, as `card_form` says,
    and send that), instructions (pay as they say), wait (the gateway is deciding), retry (pay again), none.
    """

    kind: str
    url: str | None = None
    card_form: CardForm | UnsetType = UNSET
    instructions: InstructionsRead | UnsetType = UNSET
    """Both are left out where there are none."""


class CardWrite(Card, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card to charge, as the token that the gateway made of it, for the attempt that the form was for.

    promotion_id: the promotion that the buyer was shown, if any: nothing is charged where they would pay more than by it.
    told_minor: what they were told that the instalments are in total, interest included, if anything: likewise.
    """

    attempt_id: UUID
    promotion_id: UUID | None = None
    told_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None


class CardBeginningWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first six digits of a card, and no more of it."""

    card_bin: CardBeginning


class InstalmentPlanRead(msgspec.Struct, frozen=True, kw_only=True):
    """What so many instalments cost: for these kinds of card, and for cards that begin so; none: for any.

    Of several that hold for a card the first of its number counts. `is_stated`: the CFTEA is the issuer's, and not computed.
    """

    count: int
    methods: tuple[str, ...]
    bins: tuple[BinRange, ...]
    each: Money
    total: Money
    tea_basis_points: int | None
    cftea_basis_points: int
    is_stated: bool


class CardAccountRead(msgspec.Struct, frozen=True, kw_only=True):
    """Where a card is taken. `kind`: card (by this form), elsewhere (pay by `payment_option_id`, which buyers know as `label`), nowhere,
    unchanged (by the form that is shown, or nothing is to be decided any more).
    """

    kind: Literal["card", "elsewhere", "nowhere", "unchanged"]
    card_form: CardForm | UnsetType = UNSET
    payment_option_id: UUID | None = None
    label: str | None = None
    instalment_plans: tuple[InstalmentPlanRead, ...] = ()
    """Of the form's account."""


class PlacedOrderRead(msgspec.Struct, frozen=True):
    """An order that was placed. Whoever has `secret` may see it."""

    order_id: UUID
    number: str
    secret: str
    status: OrderStatus
    payment_state: str
    total: Money
    pay_until: datetime
    now: datetime
    next_action: NextAction


class OrderTicket(msgspec.Struct, frozen=True):
    """A ticket of the order; `code` is what its QR symbol says, None once it is revoked."""

    ticket_id: UUID
    number: int
    performance_id: UUID
    ticket_type_id: UUID
    seat: str | None
    holder_name: str
    price: Money
    status: str
    code: str | None
    serial: int
    """Of the code: grows with each new one."""


class OrderRead(msgspec.Struct, frozen=True):
    """An order as its buyer sees it."""

    order_id: UUID
    number: str
    event_id: UUID
    event_title: str
    status: OrderStatus
    payment_state: str
    buyer_name: str
    buyer_mail: str
    quote: Quote
    total: Money
    discount: Money
    """What a promotion of the buyer's bank took off the total."""
    refunded: Money
    pay_until: datetime
    placed_at: datetime
    paid_at: datetime | None
    now: datetime
    next_action: NextAction
    tickets: tuple[OrderTicket, ...]


class OfferAvailability(msgspec.Struct, frozen=True):
    """What is left of a ticket type for a performance: `left` never says more than one order may take."""

    performance_id: UUID
    ticket_type_id: UUID
    state: str
    left: int


class AvailabilityRead(msgspec.Struct, frozen=True):
    """What of an event can be had, at most a second or two old. `state`: on_sale, few, sold_out, not_yet, over."""

    event_id: UUID
    now: datetime
    offers: tuple[OfferAvailability, ...]


class SeatRead(msgspec.Struct, frozen=True):
    """A seat, and whether it can be had now."""

    label: str
    is_free: bool


class SeatRowRead(msgspec.Struct, frozen=True):
    """A row with its seats, from one end to the other."""

    label: str
    seats: tuple[SeatRead, ...]


class SeatsRead(msgspec.Struct, frozen=True):
    """The rows of a numbered sector at a performance, at most a second or two old."""

    rows: tuple[SeatRowRead, ...]


class OrderSummary(msgspec.Struct, frozen=True):
    """An order in the organizer's list."""

    order_id: UUID
    number: str
    event_id: UUID
    status: OrderStatus
    payment_state: str
    buyer_name: str
    buyer_mail: str
    places: int
    total: Money
    discount: Money
    """What a promotion of the buyer's bank took off the total."""
    refunded: Money
    placed_at: datetime
    paid_at: datetime | None


class CancelWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the order is called off."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_LINES)]


class RefundWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money of an order to be given back: an amount, what was paid for these tickets, which are revoked, or with neither all that is left.

    You make the `refund_id`. All that is left is also what was paid beyond the price and has not gone back by itself; an amount takes it
    last, and what was paid for tickets never does.
    """

    refund_id: UUID
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_LINES)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None
    ticket_ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=PLACES_MAX)] = ()

    def __post_init__(self) -> None:
        if self.amount_minor is not None and self.ticket_ids:
            raise ValueError("Say `amount_minor` or `ticket_ids`, not both.")


class OrderRefundRead(msgspec.Struct, frozen=True):
    """A refund of an order. `retry_of`: the failed one that this one makes again.

    Where the buyer paid more than once the money of one refund may lie on several payments: `amount` is of this one, `ordered` what was
    asked for in all, and the others of the list name the refund that you asked for in `part_of`.

    `status`: created, queued (its gateway gives it back only later), sending, unknown (the gateway is asked), pending (the gateway has
    it), succeeded, failed (the gateway refused it: have it made again).
    """

    refund_id: UUID
    status: str
    amount: Money
    ordered: Money
    reason: str
    needs_review: bool
    created_at: datetime
    part_of: UUID | None
    retry_of: UUID | None


class HolderRead(msgspec.Struct, frozen=True):
    """Who goes in with one ticket; answers by the question's key."""

    name: str
    mail: str | None
    document: str | None
    answers: Mapping[str, str]


class TicketHolderRead(msgspec.Struct, frozen=True):
    """The holder of a ticket. `version` is what a correction names; `objection` says why there may be none, null: there may.

    `objection`: order_over, revoked, called_off, admitted, over, not_allowed, used_up, too_late.
    """

    ticket_id: UUID
    number: int
    version: int
    holder: HolderRead
    corrections_left: int
    correctable_until: datetime
    objection: str | None


class TicketHolderWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who goes in with the ticket instead, all of it, decided on `version`: a repeated request corrects nothing twice."""

    version: Annotated[int, msgspec.Meta(ge=0, le=100)]
    holder: HolderWrite


class TicketReissueWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The serial of the code to be replaced, so that a repeated request replaces nothing twice."""

    serial: Annotated[int, msgspec.Meta(ge=1, le=65_535)]


class WithdrawalRead(msgspec.Struct, frozen=True):
    """A buyer withdrew from an order. `code` is what they were told; `is_in_time`: within the ten days, and a day before the show.

    `status`: asked (to be answered), accepted (the order is called off and its money goes back), declined (`reason` says why).
    """

    withdrawal_id: UUID
    order_id: UUID
    code: str
    is_in_time: bool
    status: WithdrawalStatus
    reason: str | None
    asked_at: datetime
    settled_at: datetime | None


class DeclineWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a withdrawal is declined: its buyer reads it."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_LINES)]
