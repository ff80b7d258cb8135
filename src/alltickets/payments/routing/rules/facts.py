"""What a decision looks at: the payment as far as it is known by then, and the accounts as they stand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.port import PaymentMethod

__all__ = ["AccountTerms", "Approvals", "PaymentPurpose", "RouteAccount", "RouteFacts"]

Minor = Annotated[int, Meta(ge=0, le=10**14)]
Days = Annotated[int, Meta(ge=0, le=365)]
Instalments = Annotated[int, Meta(ge=1, le=60)]


class PaymentPurpose(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is paid for, as far as the caller tells. It means nothing to payments but to the conditions of routing rules.

    timezone: where what is paid for takes place; dates and hours of conditions are counted there.
    """

    event_id: UUID | None = None
    timezone: str = "UTC"
    ticket_type_ids: tuple[UUID, ...] = ()
    campaign: str = ""
    channel: str = ""


class AccountTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an account may be used for, and when its money arrives. What is left out is no limit.

    event_ids: only payments for these. opens_at, closes_at: only payments started from the one until before the other.
    methods: how a buyer may pay there; what is not known of a payment yet does not keep it out.
    release_days: after how many days the gateway pays out, as agreed with it; null: as soon as its commission table knows.
    """

    event_ids: Annotated[tuple[UUID, ...], Meta(max_length=500)] = ()
    amount_minor_min: Minor | None = None
    amount_minor_max: Minor | None = None
    opens_at: Annotated[datetime, Meta(tz=True)] | None = None
    closes_at: Annotated[datetime, Meta(tz=True)] | None = None
    methods: Annotated[tuple[PaymentMethod, ...], Meta(max_length=10)] = ()
    instalments_max: Instalments | None = None
    release_days: Days | None = None


class RouteAccount(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An account as routing sees it. The lowest `priority` goes first; among equals the older one.

    is_barred: it is a test account, where this installation sells nothing.
    """

    account_id: UUID
    gateway: str
    label: str
    currency: str
    is_enabled: bool
    priority: int
    terms: AccountTerms = AccountTerms()
    is_barred: bool = False


class Approvals(msgspec.Struct, frozen=True):
    """How many of an account's recent attempts came to a yes or a no, and how many of those to a yes."""

    account_id: UUID
    approved: int
    resolved: int


class RouteFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything about one payment that a decision may rest on; with the book it is the whole input.

    method, card_bin, bank, instalments: None where nobody knows before the buyer is at the gateway.
    choice: the accounts behind the option that the buyer chose; None: nothing was chosen.
    stood_in_for: the account among them that the buyer chose, which takes nothing; the others work like it, and stand in for it.
    open_breakers: accounts that do not answer at present. too_late: those that need more time than there is.
    approvals: only where the policy asks for them.
    """

    reference: UUID
    amount_minor: int
    currency: str
    at: datetime
    purpose: PaymentPurpose = PaymentPurpose()
    method: PaymentMethod | None = None
    card_bin: str | None = None
    bank: str | None = None
    instalments: int | None = None
    choice: tuple[UUID, ...] | None = None
    stood_in_for: UUID | None = None
    open_breakers: tuple[UUID, ...] = ()
    too_late: tuple[UUID, ...] = ()
    approvals: tuple[Approvals, ...] = ()
