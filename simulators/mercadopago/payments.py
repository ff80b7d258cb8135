"""Payments and all that becomes of them: each change is written, booked and told in one transaction."""

import time
from collections.abc import Sequence

import msgspec

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
from simulators.chassis.outgoing import Outgoing
from simulators.mercadopago.chargebacks import Chargebacks
from simulators.mercadopago.errors import declined, not_found
from simulators.mercadopago.notices import Notices
from simulators.mercadopago.rules import TAKEN, Dials, Payment, Refund, State, moves_of

__all__ = ["Payments", "payments_between"]

FIRST_PAYMENT = 130_000_000_000
FIRST_REFUND = 1_900_000_000
REVIEW: State = ("in_process", "pending_contingency")
CANCELLABLE = ("pending", "in_process", "authorized")
REFUNDABLE_DAYS = 180


class Payments:
    """Every payment of every seller."""

    def __init__(self, database: Database, outgoing: Outgoing, notices: Notices) -> None:
        self._database = database
        self._outgoing = outgoing
        self._notices = notices
        self.chargebacks = Chargebacks(database)
        self.available_minor: dict[int, int] = {}
        """What sellers have that refunds could come from; who is not in it has enough."""

    def open(self, new: Payment, dials: Dials, *, submission: str | None) -> Payment:
        """Take a payment up as it was decided; `new.id` is set here. Out of order, it is under review for a moment first."""
        with self._database.transaction():
            row = self._database.first("SELECT coalesce(max(id), :first) + 1 AS next FROM payments", first=FIRST_PAYMENT)
            assert row is not None, "an aggregate has a row"
            decided = new.state
            first = REVIEW if self._notices.shuffles(dials) and new.status in ("approved", "rejected") else decided
            payment = msgspec.structs.replace(new, id=row["next"], status=first[0], detail=first[1], approved_ms=None)
            self._database.execute(
                "INSERT INTO payments (id, seller, preference, reference, status, updated_ms, submission, facts, dials) "
                "VALUES (:id, :seller, :preference, :reference, '', 0, :submission, x'', :dials)",
                id=payment.id,
                seller=payment.seller,
                preference=payment.preference,
                reference=payment.reference,
                submission=submission,
                dials=msgspec.json.encode(dials),
            )
            payment = self._write(payment, payment.state, is_new=True)
            if payment.state != decided:
                payment = self._write(payment, decided)
        self._outgoing.wake()
        return payment

    def submitted(self, preference: str, submission: str) -> Payment | None:
        """The payment that this form has made already: a double click."""
        row = self._database.first(
            "SELECT facts FROM payments WHERE preference = :preference AND submission = :submission",
            preference=preference,
            submission=submission,
        )
        return None if row is None else _payment(row["facts"])

    def named(self, payment_id: int) -> Payment:
        """A payment, whoever asks. Raises `Refused` 404."""
        row = self._database.first("SELECT facts FROM payments WHERE id = :id", id=payment_id)
        if row is None:
            raise not_found("Payment not found")
        return _payment(row["facts"])

    def find(self, seller: int, payment_id: int) -> Payment:
        """The seller's payment. Raises `Refused` 404, also for another seller's."""
        payment = self.named(payment_id)
        if payment.seller != seller:
            raise not_found("Payment not found")
        return payment

    def of_preference(self, preference: str) -> list[Payment]:
        """What was tried and paid for a preference, oldest first."""
        rows = self._database.all("SELECT facts FROM payments WHERE preference = :preference ORDER BY id", preference=preference)
        return [_payment(row["facts"]) for row in rows]

    def search(self, seller: int, *, reference: str | None = None, status: str | None = None) -> list[Payment]:
        """The seller's payments, oldest first, narrowed by what is not None."""
        rows = self._database.all(
            "SELECT facts FROM payments WHERE seller = :seller AND (:reference IS NULL OR reference = :reference) "
            "AND (:status IS NULL OR status = :status) ORDER BY id",
            seller=seller,
            reference=reference,
            status=status,
        )
        return [_payment(row["facts"]) for row in rows]

    def latest(self, count_max: int) -> list[Payment]:
        """The newest payments of all sellers, newest first."""
        rows = self._database.all("SELECT facts FROM payments ORDER BY id DESC LIMIT :count_max", count_max=count_max)
        return [_payment(row["facts"]) for row in rows]

    def refunds_of(self, payment_id: int) -> list[Refund]:
        """What was given back of a payment, oldest first."""
        rows = self._database.all("SELECT * FROM refunds WHERE payment = :payment ORDER BY id", payment=payment_id)
        return [Refund(row["id"], row["payment"], row["amount_minor"], row["created_ms"]) for row in rows]

    def cancel(self, seller: int, payment_id: int) -> Payment:
        """Call a payment off before its money moved. Raises `Refused` 400 or 404."""
        payment = self.find(seller, payment_id)
        if payment.status not in CANCELLABLE:
            raise declined(2063, f"The action requested is not valid for the current payment state: {payment.status}.")
        return self._change(payment, ("cancelled", "by_collector"))

    def change(self, payment_id: int, state: State, *, disputed_minor: int | None = None) -> Payment:
        """What happens later at MercadoPago's side, by `rules.MOVES`; a bank may ask for a part. Raises `Refused` 404 or 409."""
        payment = self.named(payment_id)
        if state not in moves_of(payment):
            raise Refused(409, "invalid_transition", f"{payment.status}/{payment.detail} does not become {state[0]}/{state[1]}.")
        left = payment.amount_minor - payment.refunded_minor
        if disputed_minor is not None and not 0 < disputed_minor <= left:
            raise Refused(409, "invalid_transition", f"A bank can ask for {left} centavos at most.")
        return self._change(payment, state, disputed_minor=disputed_minor)

    def refund(self, seller: int, payment_id: int, amount_minor: int | None) -> Refund:
        """Give back a part, or what is left. Raises `Refused` 400 or 404."""
        with self._database.transaction():
            payment = self.find(seller, payment_id)
            left = payment.amount_minor - payment.refunded_minor
            if payment.status == "refunded":
                raise declined(4296, "The payment is already refunded.")
            if payment.status != "approved":
                raise declined(2063, f"The action requested is not valid for the current payment state: {payment.status}.")
            if payment.approved_ms is not None and payment.approved_ms < _now_ms() - REFUNDABLE_DAYS * 86_400_000:
                raise declined(2024, f"Payment too old to be refunded: more than {REFUNDABLE_DAYS} days.")
            amount = left if amount_minor is None else amount_minor
            if amount > left:
                raise declined(2085, "The amount to refund is larger than what is left of the payment.")
            self._take_from_balance(seller, amount)
            refund = self._insert_refund(payment.id, amount)
            after: State = ("refunded", "refunded") if amount == left else ("approved", "partially_refunded")
            given = msgspec.structs.replace(payment, refunded_minor=payment.refunded_minor + amount)
            self._book(given, "REFUND", -amount, 0, taken_minor=payment.taken_back_minor - given.taken_back_minor)
            self._write(given, after)
        self._outgoing.wake()
        return refund

    def _take_from_balance(self, seller: int, amount_minor: int) -> None:
        """Raises `Refused` 400 where the seller has less, and no number with it: none is published."""
        available = self.available_minor.get(seller)
        if available is None:
            return
        if amount_minor > available:
            raise Refused(400, "bad_request", "The account has not enough available balance for the refund.")
        self.available_minor[seller] = available - amount_minor

    def apply_due(self) -> float | None:
        """Make the changes whose time has come; when the next one is due (unix), None when there is none."""
        with self._database.transaction():
            for row in self._database.all("SELECT facts FROM payments WHERE expires_ms <= :now", now=_now_ms()):
                payment = _payment(row["facts"])
                self._write(payment, payment.due_state)
            following = self._database.first("SELECT min(expires_ms) AS due FROM payments WHERE expires_ms IS NOT NULL")
        return None if following is None or following["due"] is None else following["due"] / 1000

    def _change(self, payment: Payment, state: State, *, disputed_minor: int | None = None) -> Payment:
        with self._database.transaction():
            if state[0] == "refunded":
                left = payment.amount_minor - payment.refunded_minor
                self._insert_refund(payment.id, left)
                given = msgspec.structs.replace(payment, refunded_minor=payment.amount_minor)
                self._book(given, "REFUND", -left, 0, taken_minor=payment.taken_back_minor - given.taken_back_minor)
                payment = given
            if state == ("approved", "accredited") and payment.refunded_minor:
                state = ("approved", "partially_refunded")
            changed = self._write(payment, state, disputed_minor=disputed_minor)
        self._outgoing.wake()
        return changed

    def _write(self, payment: Payment, state: State, *, is_new: bool = False, disputed_minor: int | None = None) -> Payment:
        """Write the payment in its new state, book what moved, and tell the seller; in the caller's transaction."""
        now = _now_ms()
        has_come = state[0] in TAKEN and payment.approved_ms is None
        is_open = state[0] in ("pending", "in_process")
        changed = msgspec.structs.replace(
            payment,
            status=state[0],
            detail=state[1],
            approved_ms=now if has_come else payment.approved_ms,
            due_ms=payment.due_ms if is_open else None,
            # Two changes of one millisecond would have no order.
            updated_ms=now if is_new else max(now, payment.updated_ms + 1),
        )
        self._database.execute(
            "UPDATE payments SET status = :status, updated_ms = :updated_ms, expires_ms = :due_ms, facts = :facts WHERE id = :id",
            id=changed.id,
            status=changed.status,
            updated_ms=changed.updated_ms,
            due_ms=changed.due_ms,
            facts=msgspec.json.encode(changed),
        )
        if has_come:
            self._book(changed, "SETTLEMENT", changed.amount_minor, changed.fee_minor, taken_minor=changed.taken_minor)
        dials = self._dials_of(changed.id)
        self._notices.of_payment(changed, dials, is_new=is_new)
        if changed.status == "charged_back":
            self._note_chargeback(changed, dials, disputed_minor)
        return changed

    def tell_chargeback(self, payment_id: int, chargeback: int) -> None:
        """The seller hears that something changed about a chargeback."""
        self._notices.of_chargeback(self.named(payment_id), self._dials_of(payment_id), chargeback)
        self._outgoing.wake()

    def _note_chargeback(self, payment: Payment, dials: Dials, disputed_minor: int | None) -> None:
        asked = disputed_minor or self.chargebacks.amount_of(payment.id) or payment.amount_minor - payment.refunded_minor
        chargeback = self.chargebacks.note(payment, asked)
        if payment.detail == "in_process":
            self._book(payment, "CHARGEBACK", -asked, 0)
        elif payment.detail == "reimbursed":
            self._book(payment, "DISPUTE", asked, 0)
        self._notices.of_chargeback(payment, dials, chargeback)

    def _book(self, payment: Payment, kind: str, amount_minor: int, fee_minor: int, *, taken_minor: int = 0) -> None:
        """taken_minor: by the marketplace, or given back by it where it is negative."""
        self._database.execute(
            "INSERT INTO movements (seller, payment, type, amount_minor, fee_minor, taken_minor, at_ms) "
            "VALUES (:seller, :payment, :type, :amount_minor, :fee_minor, :taken_minor, :at_ms)",
            seller=payment.seller,
            payment=payment.id,
            type=kind,
            amount_minor=amount_minor,
            fee_minor=fee_minor,
            taken_minor=taken_minor,
            at_ms=_now_ms(),
        )

    def _insert_refund(self, payment_id: int, amount_minor: int) -> Refund:
        row = self._database.first("SELECT coalesce(max(id), :first) + 1 AS next FROM refunds", first=FIRST_REFUND)
        assert row is not None, "an aggregate has a row"
        refund = Refund(row["next"], payment_id, amount_minor, _now_ms())
        self._database.execute(
            "INSERT INTO refunds (id, payment, amount_minor, created_ms) VALUES (:id, :payment, :amount_minor, :created_ms)",
            **msgspec.structs.asdict(refund),
        )
        return refund

    def _dials_of(self, payment_id: int) -> Dials:
        row = self._database.first("SELECT dials FROM payments WHERE id = :id", id=payment_id)
        assert row is not None, "a payment that is written exists"
        return msgspec.json.decode(row["dials"], type=Dials)


def payments_between(payments: Sequence[Payment], *, by: str, begin_ms: float | None, end_ms: float | None) -> list[Payment]:
    """Those whose date of that name lies in the range."""
    times = {"date_created": "created_ms", "date_last_updated": "updated_ms", "money_release_date": "approved_ms"}
    found = [(getattr(one, times[by]), one) for one in payments]
    return [one for at, one in found if at is not None and (begin_ms is None or begin_ms <= at) and (end_ms is None or at <= end_ms)]


def _payment(facts: bytes) -> Payment:
    return msgspec.json.decode(facts, type=Payment)


def _now_ms() -> int:
    return int(time.time() * 1000)
