"""Stripe's notices: whether they are Stripe's, and what to look at because of them."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from alltickets.payments.gateways.stripe.meaning import ATTEMPT_KEY
from alltickets.payments.gateways.stripe.objects import Id
from alltickets.payments.port import Callback, GatewayError, Hint, Notice, Verdict

__all__ = ["SIGNATURE_HEADER", "parse", "verdict_of"]

SIGNATURE_HEADER = "stripe-signature"
AGE_SECONDS_MAX = 330
"""Clocks may be five minutes apart, and the notice is half a minute on its way at most: each try is signed anew."""

_time = re.compile(r"\d{1,12}")
_id = re.compile(r"[!-~]{1,255}")


class _Data(msgspec.Struct, frozen=True):
    object: dict[str, Any]


class _Event(msgspec.Struct, frozen=True):
    id: Id
    type: str
    livemode: bool
    data: _Data


_decoder = msgspec.json.Decoder(_Event)


def verdict_of(notice: Notice, secrets: Sequence[str], *, is_live: bool, now: datetime) -> Verdict:
    """`t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">,…`: any v1 by any secret will do, while one secret follows the other.

    An event of the other world (test, live) is refused even so: nothing that is paid there was paid here.
    """
    parts = [part.partition("=") for part in notice.headers.get(SIGNATURE_HEADER, "").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or _time.fullmatch(times[0]) is None or abs(now.timestamp() - int(times[0])) > AGE_SECONDS_MAX:
        return "rejected"
    message = times[0].encode() + b"." + notice.body
    expected = [hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode() for secret in secrets]
    given = [value.encode() for name, _, value in parts if name == "v1"]
    # Each is compared, so that the time taken says nothing about which was right.
    if not any([hmac.compare_digest(one, other) for one in expected for other in given]):  # noqa: C419
        return "rejected"
    try:
        return "verified" if _decoder.decode(notice.body).livemode is is_live else "rejected"
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Stripe's own, whatever it is: kept for people as what cannot be read.
        return "verified"


def parse(notice: Notice) -> Callback:
    """Which payment an event is about. One that is not about a payment, or of something that is not ours, hints at nothing.

    Raises `GatewayError` of kind "invalid_request".
    """
    try:
        event = _decoder.decode(notice.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise GatewayError(f"The event cannot be read: {fault}.", kind="invalid_request") from fault
    hint = _hint_of(event.data.object)
    return Callback(event_id=event.id, hints=() if hint is None else (hint,))


def _hint_of(subject: dict[str, Any]) -> Hint | None:
    kind = subject.get("object")
    if kind == "checkout.session":
        reference = _text(subject.get("client_reference_id"))
        # Before anybody has tried to pay there is only the session.
        id_ = _text(subject.get("payment_intent")) or _text(subject.get("id"))
        return None if reference is None or id_ is None else Hint(provider_payment_id=id_, reference=reference)
    if kind in ("payment_intent", "charge"):
        metadata = subject.get("metadata")
        reference = _text(metadata.get(ATTEMPT_KEY)) if isinstance(metadata, dict) else None
        id_ = _text(subject.get("id" if kind == "payment_intent" else "payment_intent"))
        return None if reference is None or id_ is None else Hint(provider_payment_id=id_, reference=reference)
    if kind in ("refund", "dispute"):
        # These do not say whose they are.
        id_ = _text(subject.get("payment_intent"))
        came_back = _text(subject.get("id")) if kind == "refund" and subject.get("status") in ("failed", "canceled") else None
        return None if id_ is None else Hint(provider_payment_id=id_, provider_refund_id=came_back)
    return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and _id.fullmatch(value) is not None else None
