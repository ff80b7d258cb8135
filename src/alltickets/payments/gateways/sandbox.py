"""The sandbox: a payment provider that behaves like a real one and moves no money. Its simulator runs in `simulators/sandbox`.

An account works in one of two modes. "link": the payment link is signed here with the account's secret and needs no call, as with
providers whose links carry their own authority. "session": the provider is asked for a page first, with all that can go wrong.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Meta

from alltickets.kernel.money import CURRENCY_EXPONENTS, Money
from alltickets.payments.gateways.calls import QUERY_TIMEOUT, call, decode
from alltickets.payments.port import (
    Callback,
    Capabilities,
    Creation,
    GatewayError,
    GatewayPayment,
    GatewayStatus,
    Hint,
    Redirect,
    RefundOrder,
    RefundResult,
)
from alltickets.payments.refusals import AccountInvalid

__all__ = ["LINK", "SESSION", "STATUSES", "Sandbox", "SandboxGateway"]

LINK = Capabilities(
    create_needs_call=False,
    create_is_idempotent=True,
    callback_is_complete=True,
    refund_is_idempotent=True,
    partial_refunds=True,
    expires_in_seconds_min=60,
    currencies=tuple(sorted(CURRENCY_EXPONENTS)),
)
SESSION = msgspec.structs.replace(LINK, create_needs_call=True)

STATUSES: dict[str, GatewayStatus] = {
    "pending": "pending",
    "approved": "charged",
    "rejected": "declined",
    "cancelled": "cancelled",
    "expired": "expired",
    "refunded": "refunded",
    "partially_refunded": "charged",
}
_REFUND_STATUSES: dict[str, Literal["pending", "succeeded", "failed"]] = {
    "pending": "pending",
    "approved": "succeeded",
    "succeeded": "succeeded",
    "rejected": "failed",
    "failed": "failed",
}

SIGNATURE_HEADER = "x-sandbox-signature"
SIGNATURE_AGE_SECONDS_MAX = 300
SECRET_LENGTH_MIN = 16

_Id = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
_Word = Annotated[str, Meta(max_length=100, pattern=r"^[ -~]*$")]
_Minor = Annotated[int, Meta(ge=0, le=2**62)]


class _Payment(msgspec.Struct, frozen=True):
    id: _Id
    reference: _Id
    status: _Word
    amount_minor: _Minor
    refunded_minor: _Minor
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    sequence: _Minor
    reason: str | None = None


class _Callback(msgspec.Struct, frozen=True):
    id: _Id
    payment: _Payment


class _Payments(msgspec.Struct, frozen=True):
    payments: list[_Payment]


class _Session(msgspec.Struct, frozen=True):
    id: _Id
    url: Annotated[str, Meta(max_length=2_000, pattern=r"^https?://[!-~]+$")]


class _Refund(msgspec.Struct, frozen=True):
    id: _Id
    status: _Word
    reason: str | None = None


class _Refunds(msgspec.Struct, frozen=True):
    refunds: list[_Refund]


_callback_decoder = msgspec.json.Decoder(_Callback)
_payments_decoder = msgspec.json.Decoder(_Payments)
_session_decoder = msgspec.json.Decoder(_Session)
_refund_decoder = msgspec.json.Decoder(_Refund)
_refunds_decoder = msgspec.json.Decoder(_Refunds)


class Sandbox:
    """The provider. `base_url` is where its simulator listens, given by the operator and never by an organizer."""

    name = "sandbox"
    callback_headers = (SIGNATURE_HEADER,)

    def __init__(self, base_url: str, client: httpx.AsyncClient) -> None:
        self._base_url = base_url.rstrip("/")
        self._client = client

    def connect(self, settings: Mapping[str, str], credentials: Mapping[str, str]) -> "SandboxGateway":
        """settings: `merchant`, `mode` ("link", or "session"). credentials: `secret`, at least 16 characters."""
        faults = [f"settings: {name} is not known" for name in settings if name not in ("merchant", "mode")]
        faults += [f"credentials: {name} is not known" for name in credentials if name != "secret"]
        merchant, mode, secret = settings.get("merchant", ""), settings.get("mode", "link"), credentials.get("secret", "")
        if not merchant.isascii() or not merchant.isalnum():
            faults.append("settings: merchant must be one word of letters and digits")
        if mode not in ("link", "session"):
            faults.append("settings: mode must be link or session")
        if len(secret) < SECRET_LENGTH_MIN:
            faults.append(f"credentials: secret must have at least {SECRET_LENGTH_MIN} characters")
        if faults:
            raise AccountInvalid(tuple(faults))
        capabilities = LINK if mode == "link" else SESSION
        return SandboxGateway(self._base_url, self._client, merchant, secret, capabilities)


class SandboxGateway:
    """A merchant's account at the sandbox."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, merchant: str, secret: str, capabilities: Capabilities) -> None:
        self._base_url = base_url
        self._client = client
        self._merchant = merchant
        self._key = hmac.new(secret.encode(), digestmod=hashlib.sha256)
        self._authorization = {"authorization": f"Bearer {merchant}:{secret}"}
        self.capabilities = capabilities
