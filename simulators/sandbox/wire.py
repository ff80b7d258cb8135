"""What may be said to the gateway. Unknown fields, wrong types and absurd values are refused, as real gateways do."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulators.chassis.faults import Copies, DelayMs, NoticeDials
from simulators.sandbox.amounts import AMOUNT_MINOR_MAX
from simulators.sandbox.rules import Status

__all__ = [
    "Action",
    "ChangeBody",
    "Charge",
    "Dials",
    "PayForm",
    "RefundBody",
    "SessionBody",
]

Reason = Literal["insufficient_funds", "card_declined", "expired_card", "call_for_authorize", "high_risk", "stolen_card"]
Action = Literal["approve", "reject", "pending", "approve_later", "approve_twice", "cancel"]

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Url = Annotated[str, Meta(max_length=1000, pattern=r"^https?://[^\s\\\x00-\x1f\x7f]+\Z")]
UnixSeconds = Annotated[int, Meta(ge=0, le=99_999_999_999)]


class _Terms(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    reference: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}\Z")]
    amount_minor: Amount
    currency: Currency
    description: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
    return_url: Url
    callback_url: Url
    expires_at: UnixSeconds


class Charge(_Terms, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What a merchant asks a buyer to pay."""

    merchant: Annotated[str, Meta(pattern=r"^sbx_[a-z0-9]{8,32}\Z")]


class SessionBody(_Terms, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`POST /v1/sessions`. The merchant is the one that signs in; named again, it must be the same."""

    merchant: str | None = None


class RefundBody(Struct, forbid_unknown_fields=True, frozen=True):
    """`POST /v1/payments/{id}/refunds`."""

    amount_minor: Amount


class ChangeBody(Struct, forbid_unknown_fields=True, frozen=True):
    """`POST /admin/payments/{id}`."""

    status: Status
    reason: Reason | None = None


class Dials(NoticeDials, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with the callbacks of one payment. The reported values replace the true ones in callbacks only."""

    callback_amount_minor: int | None = None
    callback_currency: str | None = None


class PayForm(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What the hosted page sends besides the charge itself.

    submission: made by the page once; the same one twice is one payment (a double click, a reload).
    report_in: "everywhere" makes the gateway's whole story differ from what was asked; "callbacks" only what it tells unasked.
    """

    action: Action
    submission: Annotated[str, Meta(max_length=64)] | None = None
    reason: Reason = "insufficient_funds"
    delay_seconds: Annotated[int, Meta(ge=1, le=3600)] = 10
    repeat: Copies = 1
    lose: bool = False
    shuffle: bool = False
    delay_ms: DelayMs = 0
    forge_signature: bool = False
    report_amount_minor: Amount | None = None
    report_currency: Currency | None = None
    report_in: Literal["everywhere", "callbacks"] = "everywhere"
