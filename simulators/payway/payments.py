"""Payments: charged at once or in two steps, found by the merchant's reference, closed with their batch."""

import hashlib
import secrets
import sqlite3
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulators.chassis.database import Database
from simulators.payway.cards import BRANDS, REASONS
from simulators.payway.dials import Dials
from simulators.payway.errors import invalid, not_found, wrong_status
from simulators.payway.fraud import decide
from simulators.payway.rules import ACTS, Act, CardError, Confirmed, FraudDetection, Payment, StatusDetails, card_error
from simulators.payway.sites import Site
from simulators.payway.tokens import CardToken, Tokens
from simulators.payway.wire import PaymentOrder

__all__ = ["Page", "Payments", "minute"]

BRANDS_WITH_TID = ("Visa", "Mastercard", "Amex")


class Page(msgspec.Struct, frozen=True, rename={"has_more": "hasMore"}):
    """A page of payments, newest first."""

    limit: int
    offset: int
    results: list[Payment]
    has_more: bool


def minute(unix: float) -> str:
    """An instant as payments tell it: `2026-05-30T17:34Z`."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%MZ")


class Payments:
    """Every payment of every site. Methods are atomic."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def charge(self, site_id: str, site: Site, order: PaymentOrder, dials: Dials) -> Payment:
        """Charge a card, or be told no: both are a payment. Raises `Failed` 400 where the order does not fit its token."""
        with self._database.transaction():
            token = self._fitting(site_id, order)
            now = minute(time.time())
            fraud = decide(order.fraud_detection, order.amount, site.decision) if site.cybersource else None
            status, error = _outcome(site, token, dials, None if fraud is None else fraud["decision"])
            self._tokens.use(token)
            draft = _payment(site_id, order, token, now, status, error, fraud)
            self._database.execute(
                "INSERT INTO payments (site, reference, token, document, shown_from) VALUES (:site, :reference, :token, :document, :shown)",
                site=site_id,
                reference=order.reference,
                token=token.id,
                document=msgspec.json.encode(draft),
                shown=time.time() + dials.hide_ms / 1000,
            )
            row = self._database.first("SELECT last_insert_rowid() AS id")
            assert row is not None, "it was inserted just now"
            return self._write(msgspec.structs.replace(draft, id=row["id"], card_data=f"/tokens/{row['id']}"))

    def find(self, site: str, payment_id: int | str) -> Payment:
        """The site's payment. Raises `Failed` 404, also for another site's and for one that is hidden for now."""
        row = self._database.first(
            "SELECT document FROM payments WHERE id = :id AND site = :site AND shown_from <= :now",
            id=payment_id if isinstance(payment_id, int) or payment_id.isdigit() else -1,
            site=site,
            now=time.time(),
        )
        if row is None:
            raise not_found("Payment", payment_id)
        return _decoded(row)

    def with_card(self, payment: Payment) -> Payment:
        """The same with what `expand=card_data` adds."""
        last_four, holder = self._tokens.of_payment(payment.token)
        return msgspec.structs.replace(payment, card_data={"card_number": f"{payment.bin}XXXXXX{last_four}", "card_holder": holder})

    def page(self, site: str, *, reference: str | None, offset: int, limit: int) -> Page:
        """The site's payments, or those of one reference."""
        rows = self._database.all(
            "SELECT document FROM payments WHERE site = :site AND shown_from <= :now AND (:reference IS NULL OR reference = :reference) "
            "ORDER BY id DESC LIMIT :limit OFFSET :offset",
            site=site,
            now=time.time(),
            reference=reference,
            limit=limit + 1,
            offset=offset,
        )
        return Page(limit, offset, [_decoded(row) for row in rows[:limit]], len(rows) > limit)

    def latest(self, count_max: int) -> list[Payment]:
        """The newest ones of all sites, for the administration."""
        return [_decoded(row) for row in self._database.all("SELECT document FROM payments ORDER BY id DESC LIMIT :most", most=count_max)]

    def capture(self, site: str, payment_id: str, amount: int | None) -> Payment:
        """Take what was reserved, or less. Raises `Failed` 404, or 400 for a payment that is not reserved or an amount that is more."""
        with self._database.transaction():
            payment = self.find(site, payment_id)
            if payment.status != "pre_approved":
                raise wrong_status(payment.status)
            taken = payment.amount if amount is None else amount
            if taken > payment.amount:
                raise invalid([("invalid_param", "amount")])
            now = minute(time.time())
            confirmed = Confirmed(payment.id, payment.amount, now)
            return self._write(msgspec.structs.replace(payment, amount=taken, status="approved", confirmed=confirmed, date_approved=now))

    def close_batch(self, site: str, method: int | None) -> int:
        """What is approved of the site (of one payment method) is accredited; how many those were. What is only reserved by then is in no
        batch any more that could be annulled.
        """
        with self._database.transaction():
            rows = self._database.all("SELECT document FROM payments WHERE site = :site", site=site)
            of_batch = [one for one in map(_decoded, rows) if method in (None, one.payment_method_id)]
            for payment in of_batch:
                if payment.status == "pre_approved":
                    self._database.execute("UPDATE payments SET closed_at = :now WHERE id = :id", now=minute(time.time()), id=payment.id)
            closing = [one for one in of_batch if one.status == "approved"]
            for payment in closing:
                self.move(payment, "accredited")
            return len(closing)

    def act(self, payment_id: int, act: Act) -> Payment:
        """What happens at the gateway's side later. Raises `Failed` 404, or 400 where its state does not allow that."""
        with self._database.transaction():
            row = self._database.first("SELECT document FROM payments WHERE id = :id", id=payment_id)
            if row is None:
                raise not_found("Payment", payment_id)
            payment = _decoded(row)
            if act not in ACTS.get(payment.status, ()):
                raise wrong_status(payment.status)
            if act == "chargeback":
                # The API tells nobody: it arrives by the portal, by mail and with the settlement.
                self._database.execute("UPDATE payments SET charged_back_at = :now WHERE id = :id", now=minute(time.time()), id=payment_id)
                return payment
            if act == "reject":
                details = msgspec.structs.replace(payment.status_details, error=_error(5))
                return self.move(msgspec.structs.replace(payment, status_details=details), "rejected")
            return self.move(payment, "approved" if act == "approve" else "accredited")

    def may_be_annulled(self, payment: Payment) -> bool:
        """Whether it is approved or reserved, in a batch that is still open."""
        row = self._database.first("SELECT closed_at FROM payments WHERE id = :id", id=payment.id)
        assert row is not None, "it was found"
        return payment.status == "approved" or (payment.status == "pre_approved" and row["closed_at"] is None)

    def move(self, payment: Payment, status: str) -> Payment:
        """The same payment in another state."""
        return self._write(msgspec.structs.replace(payment, status=status))

    def charged_back(self) -> dict[int, str]:
        """When payments were charged back, by their id."""
        rows = self._database.all("SELECT id, charged_back_at FROM payments WHERE charged_back_at IS NOT NULL")
        return {row["id"]: row["charged_back_at"] for row in rows}

    def _fitting(self, site_id: str, order: PaymentOrder) -> CardToken:
        is_repeated = self._database.first(
            "SELECT 1 FROM payments WHERE site = :site AND reference = :reference", site=site_id, reference=order.reference
        )
        if is_repeated is not None:
            raise invalid([("repeated", "site_transaction_id")])
        token = self._tokens.find(site_id, order.token)
        if token is None:
            raise invalid([("invalid_param", "token")])
        if order.bin != token.bin:
            raise invalid([("invalid_param", "bin")])
        if order.method not in token.methods:
            raise invalid([("invalid_param", "payment_method_id")])
        return token

    def _write(self, payment: Payment) -> Payment:
        changed = msgspec.structs.replace(payment, date_last_updated=minute(time.time()))
        self._database.execute(
            "UPDATE payments SET document = :document WHERE id = :id", document=msgspec.json.encode(changed), id=changed.id
        )
        return changed


def _outcome(site: Site, token: CardToken, dials: Dials, decision: str | None) -> tuple[str, CardError | None]:
    """The payment's status, and why not. CyberSource is asked first, as a card that it refuses is never authorised."""
    if decision in ("red", "black"):
        return "rejected", card_error(-1, "cybersource_error", "")
    reason = dials.decline_reason or token.reason
    if reason is not None and reason != 0:
        return "rejected", _error(reason)
    if decision == "yellow":
        return "review", None
    if dials.undecided:
        return "process", None
    return "pre_approved" if site.two_steps else "approved", None


def _error(reason: int) -> CardError:
    kind, description = REASONS[reason]
    return card_error(reason, kind, description)


def _payment(
    site: str, order: PaymentOrder, token: CardToken, now: str, status: str, error: CardError | None, fraud: dict[str, Any] | None
) -> Payment:
    is_charged = status == "approved"
    brand = BRANDS[order.method]
    return Payment(
        id=0,
        site_transaction_id=order.reference,
        payment_method_id=order.method,
        card_brand=brand,
        amount=order.amount,
        currency=order.currency.lower(),
        status=status,
        status_details=StatusDetails(
            ticket=str(secrets.randbelow(9_999) + 1),
            card_authorization_code="" if error else f"{secrets.randbelow(1_000_000):06d}",
            address_validation_code="VTE0011",
            error=error,
        ),
        date=now,
        date_created=now,
        date_approved=now if is_charged else None,
        date_last_updated=now,
        customer=order.customer,
        bin=order.bin,
        installments=order.installments,
        payment_type="single",
        site_id=site,
        fraud_detection=FraudDetection(fraud),
        establishment_name=order.establishment_name,
        pan=hashlib.sha256(f"{token.bin}{token.last_four}".encode()).hexdigest()[:32],
        card_data="",
        token=token.id,
        tid=f"{secrets.randbelow(10**15):015d}" if error is None and brand.startswith(BRANDS_WITH_TID) else None,
    )


def _decoded(row: sqlite3.Row) -> Payment:
    return msgspec.json.decode(row["document"], type=Payment)
