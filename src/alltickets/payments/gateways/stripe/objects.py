"""Stripe's objects as far as they are read. What may be expanded is an id where it is not."""

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

__all__ = ["Balance", "Charge", "Dispute", "Found", "Intent", "Listed", "Method", "Refund", "Session", "Transaction"]

Id = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
Word = Annotated[str, Meta(max_length=100, pattern=r"^[ -~]*$")]
Moment = Annotated[int, Meta(ge=0, le=2**36)]
Units = Annotated[int, Meta(ge=0, le=2**53)]
Currency = Annotated[str, Meta(pattern="^[a-z]{3}$")]
One = TypeVar("One")


class Transaction(msgspec.Struct, frozen=True):
    """A movement of the account's balance, in the currency in which it is settled."""

    id: Id
    currency: Currency
    fee: int
    net: int
    available_on: int


class Plan(msgspec.Struct, frozen=True):
    count: int | None = None


class Installments(msgspec.Struct, frozen=True):
    plan: Plan | None = None


class Card(msgspec.Struct, frozen=True):
    brand: Word | None = None
    last4: Word | None = None
    funding: Word | None = None
    installments: Installments | None = None


class Method(msgspec.Struct, frozen=True):
    """What was paid with."""

    type: Word
    card: Card | None = None


class Charge(msgspec.Struct, frozen=True):
    """One try of a method of payment."""

    id: Id
    status: Word
    amount_refunded: Units
    disputed: bool
    balance_transaction: Transaction | Id | None = None
    payment_method_details: Method | None = None


class Failure(msgspec.Struct, frozen=True):
    code: Word | None = None
    decline_code: Word | None = None


class Intent(msgspec.Struct, frozen=True):
    """What is to be paid on a session, over all tries."""

    id: Id
    status: Word
    amount: Units
    amount_received: Units
    currency: Currency
    livemode: bool
    metadata: dict[str, str]
    latest_charge: Charge | Id | None = None
    last_payment_error: Failure | None = None


class Session(msgspec.Struct, frozen=True):
    """A hosted page. `payment_intent` is None until somebody has tried to pay."""

    id: Id
    status: Word | None
    amount_total: Units
    currency: Currency
    livemode: bool
    url: Annotated[str, Meta(max_length=5_000, pattern=r"^https?://[!-~]+$")] | None = None
    client_reference_id: str | None = None
    payment_intent: Intent | Id | None = None


class Refund(msgspec.Struct, frozen=True):
    """Money given back, or on its way."""

    id: Id
    status: Word | None
    failure_reason: Word | None = None
    metadata: dict[str, str] | None = None


class Deadline(msgspec.Struct, frozen=True):
    """Until when evidence is taken, in Unix seconds."""

    due_by: Moment | None = None


class Withdrawal(msgspec.Struct, frozen=True):
    """What a dispute moved of the account's balance."""

    currency: Currency
    fee: int = 0


class Dispute(msgspec.Struct, frozen=True):
    """The buyer's bank asks. `amount`: for a part, or for all of it."""

    id: Id
    status: Word
    amount: Units = 0
    currency: Currency = "usd"
    reason: Word | None = None
    created: Moment | None = None
    evidence_details: Deadline | None = None
    balance_transactions: list[Withdrawal] = []


class Found(msgspec.Struct, frozen=True):
    """What a search tells: which one it is. How it stands is read from itself, because the search lags behind."""

    id: Id


class Balance(msgspec.Struct, frozen=True):
    """The account's balance, of which only its world is looked at."""

    livemode: bool


class Listed(msgspec.Struct, Generic[One], frozen=True):
    """A page of a list, newest first."""

    data: list[One]
    has_more: bool = False
