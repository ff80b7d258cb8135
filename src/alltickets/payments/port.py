"""The gateway port: what every gateway is to us, in our own words.

A gateway is written as one file under `gateways/` with two classes. A `Provider` knows the provider as a whole (its name, its
address) and connects accounts; a `Gateway` is one connected account and does the work. To write the next one:

1. Declare `Capabilities`: a static record per way of working, never computed from answers.
2. Map the provider's statuses to `GatewayStatus` in a table. What is not in it becomes "pending" with `is_recognised=False`,
   never "charged": somebody is alerted, nobody is confirmed.
3. Convert amounts at the edge: `Money` inside, the provider's unit (decimals, cents) on the wire only.
4. Turn every failure into a `GatewayError` of the right kind; no exception of an HTTP library passes the port. The one that costs
   money when it is wrong is "unknown_outcome": whatever may have reached the provider is of that kind, and is asked about, not repeated.
5. Run `tests/payments/gateway_conformance.py` against it.

The caller sees to order and memory: an attempt is committed before its call is made, its id is the merchant reference and the
idempotency key, every answer is applied through `rules.decide`. A gateway keeps nothing and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Protocol
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.kernel.errors import Trouble
from alltickets.kernel.money import Money
from alltickets.payments.vocabulary import (
    AccountEnvironment,
    DeclineReason,
    DisputeFlow,
    DisputeReason,
    DisputeState,
    EarlyRefunds,
    Flow,
    Funds,
    GatewayErrorKind,
    GatewayStatus,
    Idempotency,
    Instalments,
    InstructionKind,
    News,
    PaymentMethod,
    Settlements,
    Verdict,
)

__all__ = [
    "TEST_ACCOUNT",
    "AccountEnvironment",
    "Callback",
    "Capabilities",
    "Card",
    "CardForm",
    "CardMethod",
    "ChargeFacts",
    "Creation",
    "DeclineReason",
    "DisputeAnswer",
    "DisputeEvidence",
    "DisputeFlow",
    "DisputeReason",
    "DisputeState",
    "EarlyRefunds",
    "Final",
    "Flow",
    "Funds",
    "Gateway",
    "GatewayDispute",
    "GatewayError",
    "GatewayErrorKind",
    "GatewayPayment",
    "GatewayStatus",
    "Hint",
    "Idempotency",
    "Instalments",
    "InstructionKind",
    "InstructionLine",
    "Instructions",
    "News",
    "Notice",
    "Patience",
    "PaymentMethod",
    "Pending",
    "Provider",
    "Purchase",
    "PurchaseLine",
    "Redirect",
    "RefundOrder",
    "RefundResult",
    "SettlementFile",
    "SettlementOrdered",
    "Settlements",
    "Verdict",
]


@dataclass(eq=False, kw_only=True)
class GatewayError(Trouble):
    """The one error of the port. `kind` says what the caller may do next; `code` is the provider's own, for people."""

    kind: GatewayErrorKind
    code: str | None = None


TEST_ACCOUNT = "test_account"
"""The code of a connection test's error: the account counts as a live one, and the provider says that it is for trying."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long places wait for money that a buyer brings by themselves: for `hours`, and to `hours_before` what is paid for begins."""

    hours: int
    hours_before: int


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway can do, declared once and never asked at run time."""

    flow: Flow = "redirect"
    patience: Patience | None = None
    """Where paying takes hours; None: as long as a hold lasts."""
    create_needs_call: bool
    """False: `sign` makes the link in this process. True: `create` asks the provider, with everything that can go wrong."""
    create_idempotency: Idempotency
    """Of a creation whose answer was lost. "none" is for pages: another one does no harm, for nobody was shown the first."""
    refund_idempotency: Idempotency
    news: News
    funds: Funds
    instalments: Instalments
    partial_refunds: bool
    early_refunds: EarlyRefunds
    settlements: Settlements = "file"
    expires_pages: bool = False
    """A page that nobody has paid on, `expire` closes before its time. False: it stays open until its time is over."""
    captures: bool = False
    """The provider may only reserve money, which `capture` takes. False: what is reserved there, it takes by itself."""
    voids: bool = False
    """What is reserved and will not be taken, `void` gives back. False: it lapses at the buyer's bank."""
    disputes: DisputeFlow
    """How one learns that a buyer's bank asks for the money back, and whether evidence can be sent."""
    expires_in_seconds_min: int
    """The shortest life of a payment page that the provider accepts."""
    currencies: tuple[str, ...]
    call_seconds_max: int = 30
    """Longer than the time-outs of any call: an attempt that is being sent for so long has lost its answer."""
    absent_seconds_min: int = 120
    """For how long the provider must know of no payment until it is believed that there is none: searches lag behind."""


class CardMethod(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of card that an account takes. `method` is the provider's name of it, `installments` how many the buyer may choose from."""

    method: str
    brand: str
    kind: PaymentMethod
    installments: tuple[int, ...]


class CardForm(msgspec.Struct, frozen=True, kw_only=True):
    """Show the buyer a form; their browser posts the card to `tokens_url` with the public key, and the token comes to us."""

    attempt_id: UUID
    tokens_url: str
    public_key: str
    methods: tuple[CardMethod, ...]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's card as it comes to us: a token that the provider made of it, and never its number."""

    # Longer than any card number: one that was posted here by mistake is refused before anybody looks at it.
    token: Annotated[
        str, Meta(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$", examples=["5fd0b8b1-d80e-49b8-9f2c-2e3d9f7e3b2a"])
    ]
    method: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z0-9_]+$", examples=["1"])]
    bin: Annotated[str, Meta(pattern=r"^\d{6,8}$", examples=["450799"])]
    last_four: Annotated[str, Meta(pattern=r"^\d{4}$", examples=["4905"])]
    installments: Annotated[int, Meta(ge=1, le=99)]


class PurchaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many of one thing, at its final price. `begins_at`: when it takes place."""

    name: str
    quantity: int
    unit_price_minor: int
    begins_at: datetime | None = None


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """What is bought and by whom, for gateways that show it or judge by it. `days_ahead`: until what is bought begins."""

    buyer_name: str
    buyer_phone: str | None
    days_ahead: int
    lines: tuple[PurchaseLine, ...]


class Creation(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid. `attempt_id` is the merchant reference and the idempotency key."""

    attempt_id: UUID
    amount: Money
    description: str
    payer_email: str | None
    return_url: str
    """Where the buyer comes back to; that they came back proves nothing."""
    callback_url: str
    expires_at: datetime
    code: str | None = None
    """What the buyer names when they pay; in the offline flow only."""
    card: Card | None = None
    purchase: Purchase | None = None
    """What is charged, where the flow is "card_form", and what for; that may be told in any flow."""
    platform_fee: Money | None = None
    """What the provider pays to the platform out of it, the rest to the organizer; None: nothing is divided. Where `funds` is "split"."""
    plan_code: int | None = None
    """What the provider is told in the place of the number of instalments, where the plan that was chosen has a code."""


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Send the buyer there."""

    url: str
    provider_reference: str | None = None


class InstructionLine(msgspec.Struct, frozen=True):
    """Something that the buyer needs to know, as the organizer wrote it."""

    kind: InstructionKind
    value: str


class Instructions(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the buyer how to pay by themselves: this amount, naming this code, until then."""

    method: Literal["bank_transfer", "cash"]
    code: str
    amount: Money
    until: datetime
    lines: tuple[InstructionLine, ...]


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """The provider took the payment up and will tell the outcome later."""

    provider_reference: str | None = None


class ChargeFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a provider tells of a payment beside its amount, as far as it does: for routing, promotions and reconciliation."""

    method: PaymentMethod | None = None
    brand: str | None = None
    """In the provider's own word, e.g. "visa"."""
    card_bin: str | None = None
    """The first six to eight digits, which name the bank; nothing else of the number but `card_last_four` is ever kept."""
    card_last_four: str | None = None
    installments: int | None = None
    fee_minor: int | None = None
    platform_fee_minor: int | None = None
    """What the provider keeps for itself, the tax on it included, and what it paid to the platform."""
    net_minor: int | None = None
    """What will arrive; less than the amount without the fee where taxes are withheld."""
    settles_at: datetime | None = None
    settlement_reference: str | None = None
    """What names the payment in the provider's settlement, where that is not its id."""


class GatewayDispute(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer's bank that asks for money of a payment back, as the provider reports it."""

    provider_dispute_id: str
    state: DisputeState
    amount: Money
    """What the bank asks for, which may be a part."""
    is_inquiry: bool = False
    """It only asks so far, and has taken no money."""
    reason: DisputeReason
    raw_reason: str
    raw_status: str
    due_at: datetime | None = None
    """Until when evidence is taken."""
    opened_at: datetime | None = None
    sequence: int = 0
    """Grows with each change of it at the provider; 0 where the provider does not count."""
    fee_minor: int = 0
    """What the provider keeps for the dispute itself, whatever becomes of it."""


class GatewayPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as the provider reports it. One reference may have several: a link can be tried again, and paid twice."""

    provider_payment_id: str
    reference: str
    """Our attempt's id, as the provider gives it back."""
    status: GatewayStatus
    amount: Money
    refunded_minor: int = 0
    """How much of the amount was given back so far."""
    sequence: int = 0
    """Grows with each change at the provider; 0 where the provider does not count."""
    raw_status: str
    is_recognised: bool = True
    """False when `raw_status` is in no table of ours; `status` is "pending" then."""
    reason: str | None = None
    """Why it was declined: a `DeclineReason`, or else the provider's word."""
    facts: ChargeFacts = ChargeFacts()
    disputes: tuple[GatewayDispute, ...] = ()
    """Everything that banks ever asked for of it, where the provider tells more of that than the payment's status."""


class Final(msgspec.Struct, frozen=True, kw_only=True):
    """The provider decided at once."""

    payment: GatewayPayment


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Money to give back. `refund_id` is the idempotency key, the same however often this is repeated.

    `provider_refund_id` once the provider has told one; `other_refund_ids` are those of the payment's other refunds.
    """

    refund_id: UUID
    provider_payment_id: str
    provider_refund_id: str | None = None
    amount: Money
    reason: str
    other_refund_ids: tuple[str, ...] = ()


class RefundResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a refund."""

    status: Literal["pending", "succeeded", "failed"]
    provider_refund_id: str | None = None
    reason: str | None = None


class DisputeEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Why the buyer's bank should leave us the money: what was sold, to whom, and who came. All of it is text for people."""

    statement: str
    """What the organizer says."""
    product: str
    service_date: str
    buyer_name: str
    buyer_email: str
    tickets: str
    """A line for each ticket: its holder, what it is for, when it was sent."""
    admissions: str
    """A line for each time that somebody went in."""
    document: bytes
    """All of that as a PDF, for providers that take files."""


class DisputeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence for a dispute. `answer_id` is the idempotency key, the same however often this is repeated."""

    answer_id: UUID
    provider_dispute_id: str
    evidence: DisputeEvidence


class SettlementOrdered(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is being made, and what names it at the provider until then."""

    name: str


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """What moved on an account, as a CSV file. `layout` names how to read it (`reconciliation.layouts`)."""

    name: str
    layout: str
    content: bytes


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A request to our door for callbacks, as it came. Header names are in lower case; `query` is what stands behind the "?"."""

    headers: Mapping[str, str]
    query: str = ""
    body: bytes


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Something changed about a payment. `payment` is the whole of it where the callback carries that.

    resource: what the provider names where it names no payment but an order or a dispute of it; for the gateway's own `fetch`.
    provider_refund_id: a refund of it that did not arrive, although it may have been told to have succeeded.
    """

    provider_payment_id: str | None = None
    provider_refund_id: str | None = None
    reference: str | None = None
    resource: str | None = None
    payment: GatewayPayment | None = None


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """A notice taken apart. `event_id` is the provider's own id of it, the same when it is repeated; None where there is none."""

    event_id: str | None
    hints: tuple[Hint, ...]


class Gateway(Protocol):
    """One connected account. Every `async` method has explicit time-outs inside and raises nothing but `GatewayError`."""

    capabilities: Capabilities
    """The static record."""
    environment: AccountEnvironment
    """Told by what was entered of the account alone; nobody is asked."""

    def sign(self, creation: Creation) -> Redirect | CardForm | Instructions:
        """What the buyer is shown, made without asking anybody and the same each time: a link or how to pay without one, only where
        `create_needs_call` is False; or the form, where the flow is "card_form"."""
        ...

    async def create(self, creation: Creation) -> Redirect | Final | Pending:
        """Have the provider open a payment page, or charge the card. Only where `create_needs_call` is True."""
        ...

    async def expire(self, provider_reference: str) -> None:
        """Close a page, so that nobody pays on it any more; what is paid or over stays as it is. Only where `expires_pages`."""
        ...

    async def query(self, reference: str) -> list[GatewayPayment]:
        """Every payment that the provider has for our reference, oldest first; empty where it knows of none *yet*."""
        ...

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:
        """The payments that a hint speaks of, as they stand now."""
        ...

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:
        """Take what was reserved, whole; the payment as it stands then. What is not reserved any more is refused, so nothing is taken
        twice. Only where `captures`."""
        ...

    async def void(self, payment: GatewayPayment) -> GatewayPayment:
        """Give back what was reserved, whole, so that the buyer need not wait until it lapses; the payment as it stands then. What is not
        reserved any more is refused, so money that was taken never goes back by this. Only where `voids`."""
        ...

    async def refund(self, order: RefundOrder) -> RefundResult:
        """Give money back."""
        ...

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:
        """What became of a refund whose answer was lost; None where the provider has not heard of it."""
        ...

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        """Hand evidence in; what becomes of it is told as any change of the payment. Only where `disputes` is "answered"."""
        ...

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:
        """The file of what moved in that time, if it is there; else it is asked for, unless it was: `ordered` is what named it then.
        Asked again without that it is looked for first. Only where `settlements` is "fetched"."""
        ...

    async def check(self) -> None:
        """Return if the credentials work: the connection test. `TEST_ACCOUNT` where it counts as live and is for trying."""
        ...

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:
        """Whether this account's provider sent exactly this, lately. "unsigned" where it never signs such a notice: it may only hint."""
        ...

    def parse_callback(self, notice: Notice) -> Callback:
        """Take a notice apart that was not rejected. Raises `GatewayError` of kind "invalid_request" for what it cannot read."""
        ...


class Provider(Protocol):
    """A payment provider: connects accounts. Built once in the composition root with its HTTP client."""

    @property
    def name(self) -> str:
        """One lower-case word, e.g. "sandbox": it stands in callback URLs and in the database."""
        ...

    @property
    def callback_headers(self) -> tuple[str, ...]:
        """The headers of a callback worth keeping beside its body, in lower case."""
        ...

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> Gateway:
        """An account from what the organizer entered. Raises `AccountInvalid` listing every fault; asks nobody."""
        ...
