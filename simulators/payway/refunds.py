"""Money given back: an annulment before the batch is closed, a refund after it or in parts."""

import secrets
import time
from typing import Any

from msgspec import Struct

from simulators.chassis.database import Database
from simulators.payway.cards import VISA_DEBIT
from simulators.payway.errors import Failed, invalid, not_found, wrong_status
from simulators.payway.payments import Payments, minute
from simulators.payway.rules import REFUNDABLE, Payment, Refund, StatusDetails, card_error

__all__ = ["History", "RefundLine", "Refunds"]


class RefundLine(Struct, frozen=True):
    """A refund as the history tells it."""

    id: int
    date_created: str
    amount: int
    status: str
    date_canceled: str | None
    operation: str


class _Parent(Struct, frozen=True):
    history: list[RefundLine]


class History(Struct, frozen=True):
    """The refunds of a payment, oldest first."""

    parent: _Parent
    sub_payments: list[Any]


class Cancelled(Struct, frozen=True):
    """A refund that was taken back."""

    amount: int
    error: None
    status: str


class Refunds:
    """Every refund of every payment. Methods are atomic."""

    def __init__(self, database: Database, payments: Payments) -> None:
        self._database = database
        self._payments = payments

    def make(self, site: str, payment_id: str, amount: int | None) -> Refund:
        """Give back so many cents, or all that is left.

        What is only reserved goes back as a whole, while its batch is open.
        Raises `Failed`: 404; 400 for a state or an amount that is wrong; 402 where the brand refuses.
        """
        with self._database.transaction():
            payment = self._payments.find(site, payment_id)
            is_whole = amount is None or amount == payment.amount
            is_annulment = is_whole and self._payments.may_be_annulled(payment)
            if payment.status not in REFUNDABLE and not is_annulment:
                raise wrong_status(payment.status)
            left = payment.amount - self._given_back(payment)
            minor = left if amount is None else amount
            if minor > left:
                raise invalid([("invalid_param", "amount")])
            if minor < payment.amount and payment.payment_method_id == VISA_DEBIT:
                error = card_error(58, "processing_error", "TRANSACCION NO PERMITIDA")
                raise Failed(402, Refund(id=0, amount=minor, error=error, status="rejected", status_details=_details(), tid=None))
            self._database.execute(
                "INSERT INTO refunds (payment, amount, operation, created_at, status_before) "
                "VALUES (:payment, :amount, :operation, :now, :before)",
                payment=payment.id,
                amount=minor,
                operation="anulacion" if is_annulment else "devolucion",
                now=minute(time.time()),
                before=payment.status,
            )
            row = self._database.first("SELECT last_insert_rowid() AS id")
            assert row is not None, "it was inserted just now"
            self._payments.move(payment, "annulled" if is_annulment else "refunded" if minor == left else "approved_with_refund")
            return Refund(id=row["id"], amount=minor, status="approved", status_details=_details(), tid=payment.tid)

    def cancel(self, site: str, payment_id: str, refund_id: str) -> Cancelled:
        """Take a refund back. Raises `Failed` 404, or 400 for an annulment, and for a refund that was taken back before."""
        with self._database.transaction():
            payment = self._payments.find(site, payment_id)
            row = self._database.first(
                "SELECT * FROM refunds WHERE id = :id AND payment = :payment",
                id=int(refund_id) if refund_id.isdigit() else -1,
                payment=payment.id,
            )
            if row is None:
                raise not_found("Refund", refund_id)
            if row["operation"] == "anulacion" or row["canceled_at"] is not None:
                raise wrong_status(payment.status)
            self._database.execute("UPDATE refunds SET canceled_at = :now WHERE id = :id", now=minute(time.time()), id=row["id"])
            is_whole = self._given_back(payment) == 0
            self._payments.move(payment, row["status_before"] if is_whole else "approved_with_refund")
            return Cancelled(row["amount"], None, "approved")

    def history(self, site: str, payment_id: str) -> History:
        """Every refund of the payment, also those that were taken back. Raises `Failed` 404."""
        payment = self._payments.find(site, payment_id)
        rows = self._database.all("SELECT * FROM refunds WHERE payment = :payment ORDER BY id", payment=payment.id)
        lines = [RefundLine(row["id"], row["created_at"], row["amount"], "approved", row["canceled_at"], row["operation"]) for row in rows]
        return History(_Parent(lines), [])

    def all_lines(self) -> list[tuple[int, RefundLine]]:
        """Every refund that stands, with its payment's id, for settlements."""
        rows = self._database.all("SELECT * FROM refunds WHERE canceled_at IS NULL ORDER BY id")
        return [
            (row["payment"], RefundLine(row["id"], row["created_at"], row["amount"], "approved", None, row["operation"])) for row in rows
        ]

    def _given_back(self, payment: Payment) -> int:
        row = self._database.first(
            "SELECT coalesce(sum(amount), 0) AS total FROM refunds WHERE payment = :payment AND canceled_at IS NULL", payment=payment.id
        )
        assert row is not None, "a sum is always there"
        return int(row["total"])


def _details() -> StatusDetails:
    return StatusDetails(ticket=str(secrets.randbelow(9_999) + 1), card_authorization_code=f"{secrets.randbelow(1_000_000):06d}")
