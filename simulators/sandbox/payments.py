"""Payments and their refunds: each change is one step of `sequence` and one callback, written together."""

import secrets
import sqlite3
import time
from dataclasses import dataclass, field

import msgspec

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
from simulators.chassis.outgoing import About, Outgoing
from simulators.chassis.times import rfc3339
from simulators.sandbox.rules import MOVES, PAID, REFUNDABLE, Payment, Refund, Status
from simulators.sandbox.wire import Charge, Dials

__all__ = ["Opening", "Payments"]


@dataclass(frozen=True)
class Opening:
    """How a payment begins. later: the status it takes by itself after so many seconds."""

    status: Status
    reason: str | None = None
    later: tuple[Status, float] | None = None
    submission: str | None = None
    dials: Dials = field(default_factory=Dials)


class _Event(msgspec.Struct, frozen=True):
    id: str
    type: str
    sent_at: int
    payment: Payment


_COLUMNS = "id, merchant, reference, status, reason, amount_minor, refunded_minor, currency, sequence, created_at, updated_at"


class Payments:
    """Every payment of every merchant. Methods are atomic; what they change is told by callbacks through `outgoing`."""

    def __init__(self, database: Database, outgoing: Outgoing) -> None:
        self._database = database
        self._outgoing = outgoing

    def open(self, charge: Charge, opening: Opening) -> Payment:
        """A new payment. Where callbacks are shuffled it passes through pending first, so that there is something to overtake."""
        shuffled = self._outgoing.shuffles(opening.dials)
        first: Status = "pending" if shuffled else opening.status
        now = rfc3339(time.time())
        payment = Payment(
            id=f"pay_{secrets.token_hex(12)}",
            merchant=charge.merchant,
            reference=charge.reference,
            status=first,
            reason=None if first == "pending" else opening.reason,
            amount_minor=charge.amount_minor,
            refunded_minor=0,
            currency=charge.currency,
            sequence=1,
            created_at=now,
            updated_at=now,
        )
        later_seconds = opening.later[1] if opening.later else 0.0
        with self._database.transaction():
            self._database.execute(
                f"INSERT INTO payments ({_COLUMNS}, callback_url, dials, submission) VALUES (:id, :merchant, :reference, :status, :reason, "
                ":amount_minor, :refunded_minor, :currency, :sequence, :created_at, :updated_at, :callback_url, :dials, :submission)",
                **msgspec.structs.asdict(payment),
                callback_url=charge.callback_url,
                dials=msgspec.json.encode(opening.dials),
                submission=opening.submission,
            )
            self._tell(payment, charge.callback_url, opening.dials, wait_for_next_seconds=later_seconds)
            if opening.later:
                self._database.execute(
                    "INSERT INTO later_changes (payment, status, due_at) VALUES (:payment, :status, :due_at)",
                    payment=payment.id,
                    status=opening.later[0],
                    due_at=time.time() + later_seconds,
                )
            if first != opening.status:
                payment = self._write(payment, status=opening.status, reason=opening.reason)
        self._outgoing.wake()
        return payment

    def find(self, merchant: str, payment_id: str) -> Payment:
        """The merchant's payment. Raises `Refused` 404, also for another merchant's."""
        payment = self._one("id = :id AND merchant = :merchant", id=payment_id, merchant=merchant)
        if payment is None:
            raise _no_payment(payment_id)
        return payment

    def of_reference(self, merchant: str, reference: str) -> list[Payment]:
        """The payments made under that reference, oldest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM payments WHERE merchant = :merchant AND reference = :reference ORDER BY rowid",
            merchant=merchant,
            reference=reference,
        )
        return [_payment(row) for row in rows]

    def is_paid(self, merchant: str, reference: str) -> bool:
        """Whether money was taken under that reference, also if it was given back since."""
        return any(payment.status in PAID for payment in self.of_reference(merchant, reference))

    def submitted(self, merchant: str, reference: str, submission: str) -> Payment | None:
        """The payment that this very form made before, if it did."""
        return self._one(
            "merchant = :merchant AND reference = :reference AND submission = :submission",
            merchant=merchant,
            reference=reference,
            submission=submission,
        )

    def latest(self, count_max: int) -> list[Payment]:
        """The newest payments of all merchants, newest first."""
        rows = self._database.all(f"SELECT {_COLUMNS} FROM payments ORDER BY rowid DESC LIMIT :count_max", count_max=count_max)
        return [_payment(row) for row in rows]

    def change(self, payment_id: str, status: Status, reason: str | None = None) -> Payment:
        """What happens to a payment later, by `MOVES`. Raises `Refused` 404 or 409."""
        with self._database.transaction():
            payment = self._one("id = :id", id=payment_id)
            if payment is None:
                raise _no_payment(payment_id)
            if status not in MOVES[payment.status]:
                allowed = ", ".join(sorted(MOVES[payment.status])) or "nothing"
                raise Refused(409, "invalid_transition", f"A payment that is {payment.status} may become {allowed}, not {status}.")
            if status == "refunded":
                self._insert_refund(payment, payment.amount_minor - payment.refunded_minor)
                changed = self._write(payment, status="refunded", reason=reason, refunded_minor=payment.amount_minor)
            elif payment.status == "charged_back" and payment.refunded_minor:
                changed = self._write(payment, status="partially_refunded", reason=reason)
            else:
                changed = self._write(payment, status=status, reason=reason)
        self._outgoing.wake()
        return changed

    def refund(self, merchant: str, payment_id: str, amount_minor: int) -> Refund:
        """Give back a part or all of what is left. Raises `Refused` 404 or 422."""
        with self._database.transaction():
            payment = self.find(merchant, payment_id)
            left = payment.amount_minor - payment.refunded_minor
            if payment.status == "refunded" or (payment.status in REFUNDABLE and amount_minor > left):
                raise Refused(422, "refund_exceeds_balance", f"Only {left} of {payment.amount_minor} can still be refunded.")
            if payment.status not in REFUNDABLE:
                raise Refused(422, "payment_not_refundable", f"A payment that is {payment.status} cannot be refunded.")
            refund = self._insert_refund(payment, amount_minor)
            status: Status = "refunded" if amount_minor == left else "partially_refunded"
            self._write(payment, status=status, reason=payment.reason, refunded_minor=payment.refunded_minor + amount_minor)
        self._outgoing.wake()
        return refund

    def find_refund(self, merchant: str, payment_id: str, refund_id: str) -> Refund:
        """One refund of one payment. Raises `Refused` 404."""
        payment = self.find(merchant, payment_id)
        row = self._database.first("SELECT * FROM refunds WHERE id = :id AND payment = :payment", id=refund_id, payment=payment_id)
        if row is None:
            raise Refused(404, "not_found", f"There is no refund {refund_id} of payment {payment_id}.")
        return Refund(row["id"], payment_id, row["amount_minor"], payment.currency, "succeeded", row["created_at"])

    def apply_due(self) -> float | None:
        """Make the changes whose time has come; when the next one is due (unix), None when there is none."""
        with self._database.transaction():
            for row in self._database.all("SELECT payment, status FROM later_changes WHERE due_at <= :now", now=time.time()):
                self._database.execute("DELETE FROM later_changes WHERE payment = :payment", payment=row["payment"])
                payment = self._one("id = :id", id=row["payment"])
                # Whoever decided it by hand meanwhile was first.
                if payment is not None and payment.status == "pending":
                    self._write(payment, status=row["status"], reason=None)
            next_change = self._database.first("SELECT due_at FROM later_changes ORDER BY due_at LIMIT 1")
        return None if next_change is None else float(next_change["due_at"])

    def _write(self, payment: Payment, *, status: Status, reason: str | None, refunded_minor: int | None = None) -> Payment:
        changed = msgspec.structs.replace(
            payment,
            status=status,
            reason=reason,
            refunded_minor=payment.refunded_minor if refunded_minor is None else refunded_minor,
            sequence=payment.sequence + 1,
            updated_at=rfc3339(time.time()),
        )
        self._database.execute(
            "UPDATE payments SET status = :status, reason = :reason, refunded_minor = :refunded_minor, sequence = :sequence, "
            "updated_at = :updated_at WHERE id = :id",
            **msgspec.structs.asdict(changed),
        )
        row = self._database.first("SELECT callback_url, dials FROM payments WHERE id = :id", id=payment.id)
        assert row is not None, "a payment that is changed exists"
        self._tell(changed, row["callback_url"], msgspec.json.decode(row["dials"], type=Dials))
        return changed

    def _tell(self, payment: Payment, url: str, dials: Dials, *, wait_for_next_seconds: float = 0.0) -> None:
        event_id = f"evt_{secrets.token_hex(12)}"
        shown = msgspec.structs.replace(
            payment,
            amount_minor=dials.callback_amount_minor or payment.amount_minor,
            currency=dials.callback_currency or payment.currency,
        )
        body = msgspec.json.encode(_Event(event_id, "payment.updated", int(time.time()), shown))
        about = About(payment.id, payment.merchant, payment.reference, payment.status, payment.sequence)
        self._outgoing.tell(event_id, about, url, body, dials, wait_for_next_seconds=wait_for_next_seconds)

    def _insert_refund(self, payment: Payment, amount_minor: int) -> Refund:
        refund = Refund(f"ref_{secrets.token_hex(12)}", payment.id, amount_minor, payment.currency, "succeeded", rfc3339(time.time()))
        self._database.execute(
            "INSERT INTO refunds (id, payment, amount_minor, created_at) VALUES (:id, :payment, :amount_minor, :created_at)",
            id=refund.id,
            payment=refund.payment,
            amount_minor=refund.amount_minor,
            created_at=refund.created_at,
        )
        return refund

    def _one(self, condition: str, **params: str) -> Payment | None:
        row = self._database.first(f"SELECT {_COLUMNS} FROM payments WHERE {condition}", **params)
        return None if row is None else _payment(row)


def _payment(row: sqlite3.Row) -> Payment:
    return Payment(**{name: row[name] for name in Payment.__struct_fields__})


def _no_payment(payment_id: str) -> Refused:
    return Refused(404, "not_found", f"There is no payment {payment_id}.")
