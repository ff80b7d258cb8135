"""Callbacks as the sandbox sends them, made by hand: every field can be set, and every secret."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.kernel.ids import new_id
from alltickets.payments.port import Notice
from simulators.sandbox.credentials import sign_callback
from tests.payments.conftest import ASKED
from tests.payments.sandbox import Merchant


@dataclass(frozen=True)
class SandboxPayment:
    """A payment as the sandbox shows it; `changed` is its next state."""

    reference: str
    id: str
    status: str = "approved"
    amount_minor: int = ASKED.minor
    refunded_minor: int = 0
    currency: str = ASKED.currency
    sequence: int = 1

    @staticmethod
    def of(attempt_id: UUID | str, **fields: object) -> "SandboxPayment":
        return replace(SandboxPayment(reference=str(attempt_id), id=f"pay_{new_id().hex}"), **fields)  # type: ignore[arg-type]

    def changed(self, status: str, **fields: object) -> "SandboxPayment":
        return replace(self, status=status, sequence=self.sequence + 1, **fields)  # type: ignore[arg-type]


def callback(
    merchant: Merchant, payment: SandboxPayment, now: datetime, *, secret: str | None = None, event_id: str | None = None
) -> Notice:
    """As it comes to our door."""
    sent_at = int(now.timestamp())
    event = {"id": event_id or f"evt_{new_id().hex}", "type": "payment.updated", "sent_at": sent_at, "payment": payment}
    body = msgspec.json.encode(event)
    return Notice(headers={"x-sandbox-signature": sign_callback(secret or merchant.secret, sent_at, body)}, body=body)
