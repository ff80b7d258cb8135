"""Events: what happened, kept for the API, and sent to every endpoint that listens to it."""

import hashlib
import hmac
from typing import Any

import msgspec

from simulators.chassis.faults import NoticeDials
from simulators.chassis.outgoing import About, Callback, Outgoing
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.documents import Document, Documents, new_id, shown
from simulators.stripe.endpoints import Endpoints

__all__ = ["Events", "signature_of"]

DEFAULT_VERSION = "2025-07-30.basil"


def signature_of(secret: str, sent_at: int, body: bytes) -> str:
    """hex HMAC-SHA256 of "t.body" with the endpoint's secret as it is written, its prefix included."""
    return hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()


class Events:
    """Tells what happened. Called in the transaction of the change."""

    def __init__(self, documents: Documents, endpoints: Endpoints, outgoing: Outgoing, behaviours: Behaviours) -> None:
        self._documents = documents
        self._endpoints = endpoints
        self._outgoing = outgoing
        self._behaviours = behaviours
        self.request: tuple[str | None, str | None] = (None, None)
        """The id and the key of the call that is being carried out, for the events that it causes."""

    def tell(self, owner: str, type_: str, document: Document, *, before: dict[str, Any] | None = None, reference: str = "") -> None:
        """An event about this document as it is now. before: the former values of what changed."""
        request_id, key = self.request
        dials = self._dials_of(owner, document)
        listening = self._endpoints.listening(owner, type_)
        data: dict[str, Any] = {"object": shown(document)}
        if before:
            data["previous_attributes"] = before
        event = {
            "id": new_id("evt_"),
            "object": "event",
            "api_version": DEFAULT_VERSION,
            "created": int(self._behaviours.time()),
            "data": data,
            "livemode": owner.endswith("/live"),
            "pending_webhooks": len(listening),
            "request": {"id": request_id, "idempotency_key": key},
            "type": type_,
        }
        self._documents.insert(owner, event)
        about = About(payment=_subject(document), merchant=owner, reference=reference or _reference(document), status=type_, sequence=0)
        for endpoint in listening:
            body = msgspec.json.encode(event)
            self._outgoing.tell(f"{event['id']}.{endpoint['id']}", about, endpoint["url"], body, dials)

    def sign(self, callback: Callback, sent_at: int) -> dict[str, str]:
        """The headers of a try that is made now: signed anew, with every secret that is good at the moment."""
        at = sent_at + self._behaviours.now.clock_ahead_seconds
        headers = {"user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)"}
        if callback.signing == "none":
            return headers
        secrets = self._endpoints.secrets_of(callback.id.partition(".")[2])
        if callback.signing == "forged":
            # A forger knows everything but the secret.
            secrets = [secret[::-1] for secret in secrets]
        signatures = "".join(f",v1={signature_of(secret, at, callback.body)}" for secret in secrets)
        return {**headers, "stripe-signature": f"t={at}{signatures},v0={'0' * 64}"}

    def _dials_of(self, owner: str, document: Document) -> NoticeDials:
        intent = document if document["object"] == "payment_intent" else self._documents.find(owner, "payment_intent", _subject(document))
        return msgspec.convert((intent or {}).get("_dials", {}), NoticeDials)


def _subject(document: Document) -> str:
    """The payment intent that it is about, or else itself."""
    id_: str = document["id"] if document["object"] == "payment_intent" else document.get("payment_intent") or document["id"]
    return id_


def _reference(document: Document) -> str:
    metadata = document.get("metadata") or {}
    return str(document.get("client_reference_id") or next(iter(metadata.values()), ""))
