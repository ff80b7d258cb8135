"""The gateway's end of an account: says of payments whatever it is told to say, signed as the sandbox signs."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import msgspec

from alltickets.kernel.ids import new_id
from bench.people import Organizer
from bench.plain import PLAIN
from simulators.sandbox.credentials import secret_of, sign_callback

__all__ = ["Gateway"]


class Gateway:
    """Calls back for the only account of an organizer."""

    def __init__(self, organizer: Organizer) -> None:
        [account] = organizer.call("GET", "/payments/accounts")
        self.account_id = UUID(account["account_id"])
        self.merchant: str = account["settings"]["merchant"]
        self.path = f"/api/payments/callbacks/sandbox/{self.account_id}"
        self._url = f"{str(organizer.http.base_url).rstrip('/')}{self.path}"

    def payment(self, order: Mapping[str, Any], **fields: object) -> dict[str, object]:
        """An approved payment of what the order asks for, but for `fields`."""
        return {
            "id": f"pay_{new_id().hex}",
            "merchant": self.merchant,
            "reference": parse_qs(urlsplit(order["next_action"]["url"]).query)["reference"][0],
            "status": "approved",
            "reason": None,
            "amount_minor": order["total"]["minor"],
            "refunded_minor": 0,
            "currency": order["total"]["currency"],
            "sequence": 1,
            **fields,
        }

    def event(self, payment: Mapping[str, object], *, event_id: str | None = None) -> bytes:
        """The body of a callback."""
        return msgspec.json.encode({"id": event_id or f"evt_{new_id().hex}", "type": "payment.updated", "payment": payment})

    def headers(self, body: bytes, *, secret: str | None = None, sent_at: float | None = None) -> dict[str, str]:
        """Its headers; signed now and rightly unless told otherwise."""
        signature = sign_callback(secret or secret_of(self.merchant), int(sent_at or time.time()), body)
        return {"content-type": "application/json", "x-sandbox-signature": signature}

    def tell(
        self, payment: Mapping[str, object], *, event_id: str | None = None, secret: str | None = None, sent_at: float | None = None
    ) -> httpx.Response:
        """Call back; the answer as it comes."""
        body = self.event(payment, event_id=event_id)
        return httpx.post(self._url, content=body, headers=self.headers(body, secret=secret, sent_at=sent_at), timeout=30, verify=PLAIN)
