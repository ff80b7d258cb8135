"""What payments says over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.breaker.rules import Operation
from alltickets.payments.flags.words import Translated
from alltickets.payments.instalments.rules import InstalmentPlan
from alltickets.payments.port import (
    AccountEnvironment,
    ChargeFacts,
    DisputeFlow,
    EarlyRefunds,
    Flow,
    Funds,
    GatewayErrorKind,
    Idempotency,
    Instalments,
    News,
    Settlements,
)
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.splitting import SplitContract

__all__ = [
    "AttemptRead",
    "CallbackRead",
    "ChargeRead",
    "GatewayAccountCheckRead",
    "GatewayAccountErrorRead",
    "GatewayAccountRead",
    "GatewayAccountSwitch",
    "GatewayAccountWrite",
    "GatewayCapabilitiesRead",
    "GatewaySellerRead",
    "LedgerBalanceRead",
    "LedgerMoveRead",
    "LedgerPostingRead",
    "PaymentChangeRead",
    "PaymentRead",
    "PaymentSummaryRead",
    "PostingOfBooksRead",
    "RefundRead",
    "RefundRetriedRead",
]

Label = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["Sandbox"])]
Word = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["sandbox"])]
Value = Annotated[str, Meta(max_length=4_000, pattern=r"^[^\x00]*$")]


class GatewayAccountWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An account at a payment gateway. `credentials` are stored sealed and never shown again; none: a replaced account keeps its own."""

    gateway: Word
    label: Label
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$", examples=["ARS"])]
    settings: Annotated[dict[Word, Value], Meta(max_length=20, examples=[{"mode": "link", "merchant": "demo"}])]
    credentials: Annotated[dict[Word, Value], Meta(max_length=20, examples=[{"secret": "0123456789abcdef0123456789abcdef"}])]


class GatewayAccountSwitch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether the account takes new payments."""

    is_enabled: bool


class GatewaySellerRead(msgspec.Struct, kw_only=True):
    """Who let the platform act for them, instead of entering credentials. `revoked_at`: since when they do not any more."""

    seller_id: str
    nickname: str
    is_live: bool
    connected_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class GatewayCapabilitiesRead(msgspec.Struct, kw_only=True):
    """What a gateway can do, as it declares it: how buyers pay, who holds the money, how one learns of it, how it goes back.

    `expires_pages`: a page that its buyer has left is closed there before they pay in another way.
    `captures`, `voids`: it may only reserve money, which is then taken, or given back where it pays for nothing.
    """

    flow: Annotated[Flow, Meta(examples=["redirect"])]
    currencies: tuple[str, ...]
    funds: Annotated[
        Funds, Meta(description="Who is paid: all goes to the organizer, or the platform gets its fee by contract.", examples=["organizer"])
    ]
    news: Annotated[News, Meta(description="How one learns of a payment.", examples=["hint"])]
    create_idempotency: Annotated[Idempotency, Meta(examples=["header"])]
    refund_idempotency: Annotated[Idempotency, Meta(examples=["header"])]
    instalments: Annotated[Instalments, Meta(description="Where the buyer chooses them.", examples=["page"])]
    expires_pages: bool
    captures: bool
    voids: bool
    partial_refunds: bool
    early_refunds: Annotated[
        EarlyRefunds, Meta(description="What becomes of a refund before the provider has paid out.", examples=["refused"])
    ]
    settlements: Annotated[Settlements, Meta(description="How one learns what was paid out and kept.", examples=["fetched"])]
    disputes: Annotated[DisputeFlow, Meta(examples=["answered"])]


class GatewayAccountErrorRead(msgspec.Struct, kw_only=True):
    """What went wrong at an account. `operation`: what was being done; `kind`: what may be done about it."""

    operation: Annotated[Operation, Meta(examples=["refund"])]
    kind: Annotated[GatewayErrorKind, Meta(examples=["unavailable_not_sent"])]
    text: str
    at: datetime


class GatewayAccountRead(msgspec.Struct, kw_only=True):
    """An account; of its credentials only the last characters.

    `environment`: at a `test` account no money moves; where the installation sells nothing for that, `note` says so.
    `left_out_until`: its gateway failed, and new payments go to other accounts until then. `last_error`: what went wrong last, which
    stays when all goes well again, until the credentials are entered anew.
    `split_contracts`: what the platform takes of what is sold there, from which day on; none: nothing.
    `capabilities`: none where it cannot be opened, because its credentials or its settings are not good any more.
    """

    id: UUID = msgspec.field(name="account_id")
    gateway: str
    label: str
    currency: str
    environment: Annotated[AccountEnvironment, Meta(examples=["live"])]
    note: Translated | None
    settings: dict[str, str]
    credentials_hint: str
    is_enabled: bool
    priority: int
    left_out_until: datetime | None
    last_error: GatewayAccountErrorRead | None
    terms: AccountTerms
    instalment_plans: list[InstalmentPlan]
    split_contracts: list[SplitContract]
    seller: GatewaySellerRead | None
    capabilities: GatewayCapabilitiesRead | None
    created_at: datetime
    updated_at: datetime


class GatewayAccountCheckRead(msgspec.Struct, kw_only=True):
    """Whether the gateway accepts the account's credentials just now."""

    is_working: bool
    error_kind: str | None
    detail: str | None


class AttemptRead(msgspec.Struct, kw_only=True):
    """One try of the buyer at one account.

    `platform_fee_minor`: what its gateway is asked to pay to the platform, the rest to the organizer; null: it divides nothing.
    """

    id: UUID = msgspec.field(name="attempt_id")
    account_id: UUID
    status: str
    error_kind: str | None
    error_code: str | None
    needs_review: bool
    expires_at: datetime
    next_query_at: datetime | None
    created_at: datetime
    platform_fee_minor: int | None


class ChargeRead(msgspec.Struct, kw_only=True):
    """A payment at the provider. `intent`: of money that was only reserved, whether it is taken (`capture`) or given back (`void`)."""

    id: UUID = msgspec.field(name="charge_id")
    attempt_id: UUID
    provider_payment_id: str
    status: str
    raw_status: str
    amount_minor: int
    currency: str
    refunded_minor: int
    is_surplus: bool
    intent: Annotated[str | None, Meta(examples=[None, "void"])]
    facts: ChargeFacts
    first_seen_at: datetime


class RefundRead(msgspec.Struct, kw_only=True):
    """Money given back, or on its way. `queued`: its gateway gives it back only later, and is asked again at `next_try_at`.

    `failed`: the gateway refused it. `retry_of`: the refund that failed before, and that this one makes again. `part_of`: the refund with
    which it was asked for, where the money of that lay on several charges.
    """

    id: UUID = msgspec.field(name="refund_id")
    charge_id: UUID
    status: str
    amount_minor: int
    currency: str
    reason: str
    error_kind: str | None
    needs_review: bool
    next_try_at: datetime | None
    created_at: datetime
    part_of: UUID | None
    retry_of: UUID | None


class RefundRetriedRead(msgspec.Struct, kw_only=True):
    """The refund that is under way now."""

    refund_id: UUID


class PaymentChangeRead(msgspec.Struct, kw_only=True):
    """A change of state: of an attempt, of a refund, or, with neither, of the payment itself.

    `cause`: how it was learnt: `call`, `callback`, `query`, `silence` or `person`; of a payment also `attempt`: another try began.
    """

    attempt_id: UUID | None
    refund_id: UUID | None
    status_before: str
    status: str
    cause: str
    at: datetime


class PaymentRead(msgspec.Struct, kw_only=True):
    """What is to be paid under a reference, and how that went."""

    id: UUID = msgspec.field(name="payment_id")
    reference: UUID
    status: str
    amount_minor: int
    currency: str
    created_at: datetime
    attempts: list[AttemptRead]
    charges: list[ChargeRead]
    refunds: list[RefundRead]
    history: list[PaymentChangeRead]


class PaymentSummaryRead(msgspec.Struct, kw_only=True):
    """A payment in a list. `account_id`: at which it was paid, or tried last. `refunded_minor`: of what was kept for it.

    `needs_review`: an attempt of it waits for somebody. `is_flagged`: it has an open flag, which says why.
    """

    payment_id: UUID
    reference: UUID
    status: str
    amount_minor: int
    currency: str
    refunded_minor: int
    account_id: UUID
    needs_review: bool
    is_flagged: bool
    created_at: datetime


class CallbackRead(msgspec.Struct, kw_only=True):
    """The callback is stored and need not be sent again."""

    received: bool


LedgerAccount = Annotated[
    str,
    Meta(
        description="A word, and where there are several accounts of a kind, of what: of which gateway account, which tax, which sponsor.",
        examples=["organizer_payable", "gateway_receivable:0190a5d2-7c11-7cc3-98c4-dc0c0c07398f"],
    ),
]


class LedgerBalanceRead(msgspec.Struct, kw_only=True):
    """What was ever moved to an account of the books (debit) and from it (credit), in one currency."""

    account: LedgerAccount
    currency: Annotated[str, Meta(examples=["ARS"])]
    debit_minor: Annotated[int, Meta(examples=[0])]
    credit_minor: Annotated[int, Meta(examples=[1_000_000])]
    balance_minor: Annotated[
        int, Meta(description="Debit less credit: what is owed to you is above zero, what you owe below.", examples=[-1_000_000])
    ]


class LedgerMoveRead(msgspec.Struct, kw_only=True):
    """An amount that went from the account in credit to the one in debit."""

    debit: LedgerAccount
    credit: LedgerAccount
    minor: Annotated[int, Meta(ge=1, examples=[1_000_000])] = msgspec.field(name="amount_minor")


class LedgerPostingRead(msgspec.Struct, kw_only=True):
    """What one fact did to the books. No moves: it changed nothing that others had not."""

    posting_id: UUID
    key: Annotated[str, Meta(description="Names the fact: it is posted once.", examples=["sale:0190a5d2-7c11-7cc3-98c4-dc0c0c07398f"])]
    kind: Annotated[str, Meta(examples=["sale"])]
    minor: Annotated[int, Meta(description="The amount that the fact is about.", examples=[1_100_000])] = msgspec.field(name="amount_minor")
    currency: Annotated[str, Meta(examples=["ARS"])]
    charge_id: UUID | None
    occurred_at: datetime
    posted_at: datetime
    moves: list[LedgerMoveRead]


class PostingOfBooksRead(LedgerPostingRead, kw_only=True):
    """The same in a list of all; `reference`: of its payment, an order's id. None where it is of no payment, as payouts are."""

    reference: UUID | None
