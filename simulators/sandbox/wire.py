"""What may be said to the gateway. Unknown fields, wrong types and absurd values are refused, as real gateways do."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from simulators.sandbox.amounts import AMOUNT_MINOR_MAX
from simulators.sandbox.errors import Refused, invalid
from simulators.sandbox.rules import Status

__all__ = [
    "Action",
    "CallbackFaults",
    "ChangeBody",
    "Charge",
    "Dials",
    "Faults",
    "PayForm",
    "RefundBody",
    "SessionBody",
    "from_json",
    "from_texts",
]

Reason = Literal["insufficient_funds", "card_declined", "expired_card", "call_for_authorize", "high_risk", "stolen_card"]
Action = Literal["approve", "reject", "pending", "approve_later", "approve_twice", "cancel"]

Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MINOR_MAX)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
Url = Annotated[str, Meta(max_length=1000, pattern=r"^https?://[^\s\\\x00-\x1f\x7f]+\Z")]
UnixSeconds = Annotated[int, Meta(ge=0, le=99_999_999_999)]
DelayMs = Annotated[int, Meta(ge=0, le=600_000)]
Copies = Annotated[int, Meta(ge=1, le=20)]
Calls = Annotated[int, Meta(ge=0, le=10_000)]


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


class CallbackFaults(Struct, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with callbacks. repeat: copies of each; shuffle: a later change overtakes an earlier one."""

    repeat: Copies = 1
    lose: bool = False
    shuffle: bool = False
    delay_ms: DelayMs = 0


class Faults(Struct, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with calls of the API; the counters say for how many more calls.

    fail_status: what `fail_5xx` answers with; such a call is not processed.
    timeout_after_processing: such a call is processed, its answer held back.
    """

    latency_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    timeout_after_processing: Calls = 0
    fail_5xx: Calls = 0
    fail_status: Literal[500, 502, 503, 504] = 503
    callbacks: CallbackFaults = CallbackFaults()


class Dials(CallbackFaults, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with the callbacks of one payment. The reported values replace the true ones in callbacks only."""

    forge_signature: bool = False
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


Body = TypeVar("Body")


def from_json(body: bytes, content_type: str, kind: type[Body]) -> Body:
    """The body of an API call. Raises `Refused` (400 with the place of the fault, or 415)."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type", "Send the body as application/json.")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"{error}.") from None


def from_texts(texts: Mapping[str, str], kind: type[Body]) -> Body:
    """The fields of a link or a form, whose numbers are text. Raises `Refused` 400."""
    fields: dict[str, Any] = dict(texts)
    try:
        converted = msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(f"{error}.") from None
    for name, text in texts.items():
        value = getattr(converted, name)
        # The lenient reading also takes 1e3 and 007, of which no two programs think the same.
        if type(value) is int and str(value) != text:
            raise invalid(f"{name} must be a whole number in plain digits.")
    return converted
