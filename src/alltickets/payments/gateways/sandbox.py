"""The sandbox: a payment provider that behaves like a real one and moves no money. Its simulator runs in `simulators/sandbox`.

An account works in one of two modes. "link": the payment link is signed here with the account's secret and needs no call, as with
providers whose links carry their own authority. "session": the provider is asked for a page first, with all that can go wrong.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote_plus

import httpx
import msgspec
from msgspec import Meta

from alltickets.kernel.money import CURRENCY_EXPONENTS, Money
from alltickets.payments.gateways.calls import call, decode
from alltickets.payments.port import (
    AccountEnvironment,
    Callback,
    Capabilities,
    Creation,
    DisputeAnswer,
    GatewayError,
    GatewayErrorKind,
    GatewayPayment,
    GatewayStatus,
    Hint,
    Notice,
    Redirect,
    RefundOrder,
    RefundResult,
    SettlementFile,
    SettlementOrdered,
    Verdict,
)
from alltickets.payments.refusals import AccountInvalid

__all__ = ["LINK", "SESSION", "STATUSES", "Sandbox", "SandboxGateway"]

LINK = Capabilities(
    create_needs_call=False,
    create_idempotency="header",
    refund_idempotency="header",
    news="callback",
    funds="organizer",
    instalments="none",
    partial_refunds=True,
    early_refunds="same",
    disputes="told",
    expires_in_seconds_min=60,
    currencies=tuple(sorted(CURRENCY_EXPONENTS)),
)
SESSION = msgspec.structs.replace(LINK, create_needs_call=True, expires_pages=True)

STATUSES: dict[str, GatewayStatus] = {
    "pending": "pending",
    "approved": "charged",
    "partially_refunded": "charged",
    "refunded": "refunded",
    "rejected": "declined",
    "cancelled": "cancelled",
    # The sandbox says so of a dispute from its first day, and may still find for the merchant.
    "charged_back": "disputed",
}
_REFUND_STATUSES: dict[str, Literal["pending", "succeeded", "failed"]] = {
    "pending": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
}
_ERROR_KINDS: dict[str, GatewayErrorKind] = {
    "refund_exceeds_balance": "declined",
    "payment_not_refundable": "declined",
    # Its contract promises that such a call was not processed, whatever the status.
    "unavailable": "unavailable_not_sent",
}

SIGNATURE_HEADER = "x-sandbox-signature"
SIGNATURE_AGE_SECONDS_MAX = 330
"""Clocks may be five minutes apart, and the notice is half a minute on its way at most: each try is signed anew."""
SECRET_LENGTH_MIN = 32
DESCRIPTION_LENGTH_MAX = 200
_QUOTED = ("description", "return_url", "callback_url")

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


_callback_decoder = msgspec.json.Decoder(_Callback)
_payment_decoder = msgspec.json.Decoder(_Payment)
_payments_decoder = msgspec.json.Decoder(_Payments)
_session_decoder = msgspec.json.Decoder(_Session)
_refund_decoder = msgspec.json.Decoder(_Refund)

_merchant = re.compile(r"sbx_[a-z0-9]{8,32}")
_signature = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_control = re.compile(r"[\x00-\x1f\x7f]+")


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
        if _merchant.fullmatch(merchant) is None:
            faults.append("settings: merchant must be the id that the sandbox gave out, sbx_ and 8 to 32 letters or digits")
        if mode not in ("link", "session"):
            faults.append("settings: mode must be link or session")
        if len(secret) < SECRET_LENGTH_MIN:
            faults.append(f"credentials: secret must have at least {SECRET_LENGTH_MIN} characters")
        if faults:
            raise AccountInvalid(tuple(faults))
        capabilities = LINK if mode == "link" else SESSION
        return SandboxGateway(self._base_url, self._client, merchant, secret, capabilities)


class SandboxGateway:
    """A merchant's account at the sandbox, where no money ever moves."""

    environment: AccountEnvironment = "test"

    def __init__(self, base_url: str, client: httpx.AsyncClient, merchant: str, secret: str, capabilities: Capabilities) -> None:
        self._base_url = base_url
        self._client = client
        self._merchant = merchant
        self._hmac = hmac.new(secret.encode(), digestmod=hashlib.sha256)
        self._credentials = {"x-merchant": merchant, "authorization": f"Bearer {secret}"}
        self.capabilities = capabilities

    def sign(self, creation: Creation) -> Redirect:
        """A link that the sandbox accepts for the fields it carries, in the order in which they are signed."""
        fields = {"merchant": self._merchant, **_terms(creation)}
        signature = self._sign("\n".join([f"{name}={value}" for name, value in fields.items()]).encode())
        # By hand, because quoting what needs no quoting is most of the cost of a link, and links are made by the thousand.
        query = "&".join([f"{name}={quote_plus(value) if name in _QUOTED else value}" for name, value in fields.items()])
        return Redirect(url=f"{self._base_url}/pay?{query}&signature={signature}")

    async def create(self, creation: Creation) -> Redirect:
        """Open a session; the same one for the same attempt."""
        body = {**_terms(creation), "amount_minor": creation.amount.minor, "expires_at": int(creation.expires_at.timestamp())}
        response = await self._call("POST", "/v1/sessions", key=str(creation.attempt_id), body=body)
        session = decode(response, _session_decoder)
        return Redirect(url=session.url, provider_reference=session.id)

    async def expire(self, provider_reference: str) -> None:
        """Close a session; done again it changes nothing."""
        try:
            await self._call("POST", f"/v1/sessions/{provider_reference}/expire")
        except GatewayError as error:
            if error.code != "session_completed":
                raise

    async def query(self, reference: str) -> list[GatewayPayment]:
        """By our reference, oldest first."""
        response = await self._call("GET", "/v1/payments", query={"reference": reference})
        return [_normalised(payment) for payment in decode(response, _payments_decoder).payments]

    async def fetch(self, hint: Hint) -> list[GatewayPayment]:
        """By the sandbox's own id where the hint has one."""
        if hint.provider_payment_id is None:
            return await self.query(hint.reference or "")
        response = await self._call("GET", f"/v1/payments/{hint.provider_payment_id}")
        return [_normalised(decode(response, _payment_decoder))]

    async def capture(self, payment: GatewayPayment) -> GatewayPayment:
        """Never called: it reserves nothing."""
        raise GatewayError(f"Payment {payment.provider_payment_id} cannot be captured here.", kind="unsupported")

    async def void(self, payment: GatewayPayment) -> GatewayPayment:
        """Never called likewise."""
        raise GatewayError(f"Payment {payment.provider_payment_id} cannot be voided here.", kind="unsupported")

    async def refund(self, order: RefundOrder) -> RefundResult:
        """Settled at once; repeated under its key it answers as it did."""
        path = f"/v1/payments/{order.provider_payment_id}/refunds"
        response = await self._call("POST", path, key=str(order.refund_id), body={"amount_minor": order.amount.minor})
        return _refund_result(decode(response, _refund_decoder))

    async def query_refund(self, order: RefundOrder) -> RefundResult | None:
        """By the sandbox's own id of the refund; without one it cannot be looked up, only repeated under its key."""
        if order.provider_refund_id is None:
            return None
        path = f"/v1/payments/{order.provider_payment_id}/refunds/{order.provider_refund_id}"
        try:
            return _refund_result(decode(await self._call("GET", path), _refund_decoder))
        except GatewayError as error:
            if error.kind == "not_found":
                return None
            raise

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        """Never called: it takes no evidence."""
        raise GatewayError(f"Evidence for {answer.provider_dispute_id} cannot be sent here.", kind="unsupported")

    async def settlement(self, begins_at: datetime, ends_at: datetime, *, ordered: str | None) -> SettlementFile | SettlementOrdered:  # noqa: ARG002
        """Never called: it pays nothing out."""
        raise GatewayError("The sandbox makes no reports here.", kind="unsupported")

    async def check(self) -> None:
        """Ask for payments that do not exist: wrong credentials are refused before that."""
        await self.query("connection-test")

    def verify_callback(self, notice: Notice, *, now: datetime) -> Verdict:
        """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`; each try of the sandbox is signed anew, so it is never old."""
        match = _signature.fullmatch(notice.headers.get(SIGNATURE_HEADER, ""))
        if match is None or abs(now.timestamp() - int(match[1])) > SIGNATURE_AGE_SECONDS_MAX:
            return "rejected"
        expected = self._sign(match[1].encode() + b"." + notice.body)
        return "verified" if hmac.compare_digest(expected, match[2]) else "rejected"

    def parse_callback(self, notice: Notice) -> Callback:
        """A callback carries its whole payment."""
        try:
            callback = _callback_decoder.decode(notice.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            raise GatewayError(f"The callback cannot be read: {fault}.", kind="invalid_request") from fault
        payment = _normalised(callback.payment)
        hint = Hint(provider_payment_id=payment.provider_payment_id, reference=payment.reference, payment=payment)
        return Callback(event_id=callback.id, hints=(hint,))

    def _sign(self, message: bytes) -> str:
        keyed = self._hmac.copy()
        keyed.update(message)
        return keyed.hexdigest()

    async def _call(
        self, method: str, path: str, *, key: str | None = None, query: Mapping[str, str] | None = None, body: object = None
    ) -> httpx.Response:
        headers = self._credentials if key is None else {**self._credentials, "idempotency-key": key}
        return await call(self._client, method, self._base_url + path, headers=headers, query=query, body=body, kinds=_ERROR_KINDS)


def _terms(creation: Creation) -> dict[str, str]:
    """What is to be paid, as the sandbox names it, in the order in which a link's fields are signed."""
    return {
        "reference": str(creation.attempt_id),
        "amount_minor": str(creation.amount.minor),
        "currency": creation.amount.currency,
        "description": _control.sub(" ", creation.description)[:DESCRIPTION_LENGTH_MAX],
        "return_url": creation.return_url,
        "callback_url": creation.callback_url,
        "expires_at": str(int(creation.expires_at.timestamp())),
    }


def _normalised(payment: _Payment) -> GatewayPayment:
    status = STATUSES.get(payment.status)
    return GatewayPayment(
        provider_payment_id=payment.id,
        reference=payment.reference,
        status=status or "pending",
        amount=Money(payment.amount_minor, payment.currency),
        refunded_minor=payment.refunded_minor,
        sequence=payment.sequence,
        raw_status=payment.status,
        is_recognised=status is not None,
        reason=payment.reason,
    )


def _refund_result(refund: _Refund) -> RefundResult:
    return RefundResult(status=_REFUND_STATUSES.get(refund.status, "pending"), provider_refund_id=refund.id)
