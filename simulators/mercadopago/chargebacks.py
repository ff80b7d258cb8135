"""Chargebacks: the buyer's bank asks for the money back."""

import time
from typing import Any

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
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

    def note(self, payment: Payment, amount_minor: int) -> int:
        """Open the payment's chargeback, of that amount, or note how it ended; its id."""
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
            amount_minor=amount_minor,
            applied=applied,
            now=now,
        )
        return int(row["next"])

    def find(self, seller: int, chargeback: str) -> dict[str, Any]:
        """The seller's chargeback as the API shows it. Raises `Refused` 404."""
        rows = self._database.all("SELECT * FROM chargebacks WHERE seller = :seller AND id = :id", seller=seller, id=chargeback)
        if not rows:
            raise not_found(f"The chargeback with id {chargeback} was not found.")
        return self._document(rows[0])

    def of_payment(self, seller: int, payment_id: str | None) -> list[dict[str, Any]]:
        """The seller's chargebacks, of one payment or of all."""
        rows = self._database.all(
            "SELECT * FROM chargebacks WHERE seller = :seller AND (:payment IS NULL OR payment = :payment) ORDER BY id",
            seller=seller,
            payment=payment_id,
        )
        return [self._document(row) for row in rows]

    def amount_of(self, payment_id: int) -> int | None:
        """What the bank asks for of this payment; None while it asks for nothing."""
        row = self._database.first("SELECT amount_minor FROM chargebacks WHERE payment = :payment", payment=payment_id)
        return None if row is None else int(row["amount_minor"])

    def document(self, seller: int, chargeback: str, files: list[tuple[str, int]]) -> dict[str, Any]:
        """Take documents in: the chargeback as it stands then. Raises `Refused` 404, or 400 where nobody looks at any."""
        rows = self._database.all("SELECT * FROM chargebacks WHERE seller = :seller AND id = :id", seller=seller, id=chargeback)
        if not rows:
            raise not_found(f"The chargeback with id {chargeback} was not found.")
        now = int(time.time() * 1000)
        if rows[0]["coverage_applied"] is not None or now > rows[0]["created_ms"] + DEADLINE_MS:
            raise Refused(400, "bad_request", "The documentation of this chargeback can no longer be supplied.")
        with self._database.transaction():
            for name, size in files:
                self._database.execute(
                    "INSERT INTO chargeback_files (chargeback, name, bytes, added_ms) VALUES (:chargeback, :name, :bytes, :now)",
                    chargeback=rows[0]["id"],
                    name=name,
                    bytes=size,
                    now=now,
                )
            self._database.execute("UPDATE chargebacks SET updated_ms = :now WHERE id = :id", id=rows[0]["id"], now=now)
        return self.find(seller, chargeback)

    def _document(self, row: Any) -> dict[str, Any]:
        files = self._database.all("SELECT * FROM chargeback_files WHERE chargeback = :id ORDER BY rowid", id=row["id"])
        return _document(row, files)


def _document(row: Any, files: list[Any]) -> dict[str, Any]:
    applied = row["coverage_applied"]
    status = "review_pending" if files else "not_supplied"
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
        "documentation_status": status if applied is None else "valid" if applied else "invalid",
        "documentation": [{"type": "application/pdf", "description": one["name"], "size": one["bytes"]} for one in files],
        "date_documentation_deadline": moment(row["created_ms"] + DEADLINE_MS),
        "date_created": moment(row["created_ms"]),
        "date_last_updated": moment(row["updated_ms"]),
        "live_mode": True,
    }
