"""Chargebacks: the buyer's bank asks for the money back."""

import time
from typing import Any

from simulators.chassis.database import Database
from simulators.mercadopago.codec import pesos
from simulators.mercadopago.errors import not_found
from simulators.mercadopago.rules import Payment
from simulators.mercadopago.times import moment

__all__ = ["Chargebacks"]

FIRST_CHARGEBACK = 217_000_000_000
DEADLINE_MS = 10 * 86_400_000


class Chargebacks:
    """Every chargeback; a payment has one at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, payment: Payment) -> int:
        """Open the payment's chargeback, or note how it ended; its id."""
        now = int(time.time() * 1000)
        applied = {"in_process": None, "settled": 0, "reimbursed": 1}[payment.detail]
        row = self._database.first("SELECT id FROM chargebacks WHERE payment = :payment", payment=payment.id)
        if row is not None:
            self._database.execute(
                "UPDATE chargebacks SET coverage_applied = :applied, updated_ms = :now WHERE id = :id",
                id=row["id"],
                applied=applied,
                now=now,
            )
            return int(row["id"])
        row = self._database.first("SELECT coalesce(max(id), :first) + 1 AS next FROM chargebacks", first=FIRST_CHARGEBACK)
        assert row is not None, "an aggregate has a row"
        self._database.execute(
            "INSERT INTO chargebacks (id, payment, seller, amount_minor, coverage_applied, created_ms, updated_ms) "
            "VALUES (:id, :payment, :seller, :amount_minor, :applied, :now, :now)",
            id=row["next"],
            payment=payment.id,
            seller=payment.seller,
            amount_minor=payment.amount_minor - payment.refunded_minor,
            applied=applied,
            now=now,
        )
        return int(row["next"])

    def find(self, seller: int, chargeback: str) -> dict[str, Any]:
        """The seller's chargeback as the API shows it. Raises `Refused` 404."""
        rows = self._database.all("SELECT * FROM chargebacks WHERE seller = :seller AND id = :id", seller=seller, id=chargeback)
        if not rows:
            raise not_found(f"The chargeback with id {chargeback} was not found.")
        return _document(rows[0])

    def of_payment(self, seller: int, payment_id: str | None) -> list[dict[str, Any]]:
        """The seller's chargebacks, of one payment or of all."""
        rows = self._database.all(
            "SELECT * FROM chargebacks WHERE seller = :seller AND (:payment IS NULL OR payment = :payment) ORDER BY id",
            seller=seller,
            payment=payment_id,
        )
        return [_document(row) for row in rows]


def _document(row: Any) -> dict[str, Any]:
    applied = row["coverage_applied"]
    return {
        "id": str(row["id"]),
        # The schema says objects; the documentation shows, and calls them, the payments' ids.
        "payments": [row["payment"]],
        "currency": "ARS",
        "amount": pesos(row["amount_minor"]),
        "reason": "general",
        "coverage_applied": None if applied is None else bool(applied),
        "coverage_elegible": True,
        "documentation_required": True,
        "documentation_status": "not_supplied" if applied is None else "valid" if applied else "invalid",
        "documentation": [],
        "date_documentation_deadline": moment(row["created_ms"] + DEADLINE_MS),
        "date_created": moment(row["created_ms"]),
        "date_last_updated": moment(row["updated_ms"]),
        "live_mode": True,
    }
