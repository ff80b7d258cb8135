"""MercadoPago's notices: whether they are signed, and what they are about.

A webhook's signature covers the id in the query of its address, its request id and its time, and nothing of its body. An IPN, the older
kind, is told by its `topic`; where it carries a signature, that fits nothing.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

import msgspec

from alltickets.payments.gateways.mercadopago.wire import Notification
from alltickets.payments.port import Callback, GatewayError, Hint, Notice, Verdict

__all__ = ["REQUEST_ID_HEADER", "SIGNATURE_HEADER", "body_of", "callback_of", "fields_of", "verdict_of"]

SIGNATURE_HEADER = "x-signature"
REQUEST_ID_HEADER = "x-request-id"
FIELDS_MAX = 20
MILLISECONDS_FROM = 100_000_000_000
"""A time above this is in milliseconds: in seconds it would be the year 5138."""

_id = re.compile(r"[A-Za-z0-9_-]{1,64}")
_number = re.compile(r"[0-9]{1,19}")
_time = re.compile(r"[0-9]{1,15}")
_digest = re.compile(r"[0-9a-f]{64}")

_decoder = msgspec.json.Decoder(Notification)


def _payment(id_: str) -> Hint:
    return Hint(provider_payment_id=id_)


def _merchant_order(id_: str) -> Hint:
    return Hint(resource=f"merchant_orders/{id_}")


def _chargeback(id_: str) -> Hint:
    return Hint(resource=f"v1/chargebacks/{id_}")


_HINTS: Mapping[str, Callable[[str], Hint]] = {
    "payment": _payment,
    "merchant_order": _merchant_order,
    "topic_merchant_order_wh": _merchant_order,
    "chargebacks": _chargeback,
    "topic_chargebacks_wh": _chargeback,
}
"""What a notice of each kind names. Kinds that are not here concern no payment, or come with one that is."""


def verdict_of(notice: Notice, secrets: Sequence[str], *, now: datetime, age_seconds_max: int | None) -> Verdict:
    """Whether one of the secrets signed the notice's id, as it stands or in lower case: MercadoPago has done both.

    "unsigned" for an IPN, without a signature, and where there is no secret to check it by.
    """
    fields = fields_of(notice)
    data_id, signature = fields.get("data.id", ""), notice.headers.get(SIGNATURE_HEADER, "").strip()
    if not signature or not secrets or (not data_id and "topic" in fields):
        return "unsigned"
    parts = dict(part.strip().split("=", 1) for part in signature.split(",") if "=" in part)
    ts, told = parts.get("ts", ""), parts.get("v1", "")
    if _time.fullmatch(ts) is None or _digest.fullmatch(told) is None:
        return "rejected"
    request_id = notice.headers.get(REQUEST_ID_HEADER, "").strip()
    manifests = [_manifest(one, request_id, ts) for one in dict.fromkeys((data_id, data_id.lower()))]
    is_ours = [hmac.compare_digest(_signed(secret, manifest), told) for secret in secrets for manifest in manifests]
    if not any(is_ours):
        return "rejected"
    sent_at = int(ts) / 1000 if int(ts) > MILLISECONDS_FROM else int(ts)
    is_old = age_seconds_max is not None and abs(now.timestamp() - sent_at) > age_seconds_max
    return "rejected" if is_old else "verified"


def callback_of(notice: Notice) -> Callback:
    """What a notice is about, by its address and, where that does not say, by its body. Raises `GatewayError`.

    Its own id is made of what is signed: an id from the body could be chosen by whoever has seen one notice.
    """
    fields, body = fields_of(notice), body_of(notice)
    kind = fields.get("type") or fields.get("topic") or body.type or body.topic
    named = fields.get("data.id") or fields.get("id") or _id_in(body)
    if not kind or not named or _id.fullmatch(named) is None:
        raise GatewayError("The callback names nothing.", kind="invalid_request")
    hint = _HINTS.get(kind)
    if hint is not None and _number.fullmatch(named) is None:
        raise GatewayError("The callback names a payment by what is no number.", kind="invalid_request")
    request_id = notice.headers.get(REQUEST_ID_HEADER, "")
    event_id = f"{request_id}/{notice.headers.get(SIGNATURE_HEADER, '')}"[:200] if request_id else None
    return Callback(event_id=event_id, hints=() if hint is None else (hint(named),))


def _manifest(data_id: str, request_id: str, ts: str) -> bytes:
    pairs = (("id", data_id), ("request-id", request_id), ("ts", ts))
    return "".join(f"{name}:{value};" for name, value in pairs if value).encode("utf-8", "surrogateescape")


def _signed(secret: str, manifest: bytes) -> str:
    return hmac.new(secret.encode(), manifest, hashlib.sha256).hexdigest()


def fields_of(notice: Notice) -> dict[str, str]:
    """What stands in the query of a notice's address."""
    try:
        return dict(parse_qsl(notice.query, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}


def body_of(notice: Notice) -> Notification:
    """What a notice says; nothing where it cannot be read."""
    try:
        return _decoder.decode(notice.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Notification()


def _id_in(body: Notification) -> str | None:
    if body.data is not None and body.data.id is not None:
        return str(body.data.id)
    # Either the id itself, or an address that ends with it.
    return body.resource.rstrip("/").rpartition("/")[2] if body.resource else None
