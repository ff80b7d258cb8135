"""What the API shows of things, in MercadoPago's words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.mercadopago.codec import pesos
from simulators.mercadopago.rules import RELEASE_MS, TAKEN, Payment, Refund
from simulators.mercadopago.times import moment

__all__ = ["Order", "Preference", "merchant_order", "payment", "preference", "refund", "user"]

TEST_USERS_BELOW = 100_000_000
ABROAD_FROM = 1_000_000_000


@dataclass(frozen=True)
class Preference:
    """What a seller asks a buyer to pay. terms: the request, as it came."""

    id: str
    seller: int
    application: str
    reference: str
    merchant_order: int
    terms: dict[str, Any]
    amount_minor: int
    currency: str
    created_ms: int
    updated_ms: int


@dataclass(frozen=True)
class Order:
    """A merchant order: a preference with what was paid for it."""

    preference: Preference
    payments: Sequence[Payment]
    is_expired: bool

    @property
    def paid_minor(self) -> int:
        """What is held of the money now."""
        return sum(one.amount_minor for one in self.payments if one.status == "approved")

    @property
    def refunded_minor(self) -> int:
        """What went back."""
        return sum(one.refunded_minor for one in self.payments)

    @property
    def is_paid(self) -> bool:
        """Whether enough came, whatever became of it."""
        return sum(one.amount_minor for one in self.payments if one.status in TAKEN) >= self.preference.amount_minor

    @property
    def status(self) -> str:
        """Of the order as a whole."""
        if self.is_paid:
            return "closed"
        return "expired" if self.is_expired else "opened"

    @property
    def order_status(self) -> str:
        """Of its payments."""
        if self.refunded_minor:
            return "refunded" if self.refunded_minor >= self.preference.amount_minor else "partially_refunded"
        if self.is_paid:
            return "paid"
        if any(one.status in ("pending", "in_process") for one in self.payments):
            return "payment_in_process"
        return "partially_paid" if self.paid_minor else "payment_required"


def preference(one: Preference, public_url: str) -> dict[str, Any]:
    """The request with what was added to it."""
    link = f"{public_url}/checkout/v1/redirect?pref_id={one.id}"
    return {
        **one.terms,
        "id": one.id,
        "collector_id": one.seller,
        "client_id": one.application,
        "init_point": link,
        "sandbox_init_point": link,
        "date_created": moment(one.created_ms),
        "last_updated": moment(one.updated_ms),
        "total_amount": pesos(one.amount_minor),
        "site_id": "MLA",
    }


def payment(one: Payment, refunds: Iterable[Refund]) -> dict[str, Any]:
    """A payment, whole."""
    has_money = one.approved_ms is not None
    return {
        "id": one.id,
        "date_created": moment(one.created_ms),
        "date_approved": _moment(one.approved_ms),
        "date_last_updated": moment(one.updated_ms),
        "date_of_expiration": _moment(one.due_ms) if one.kind == "ticket" else None,
        "money_release_date": moment(one.approved_ms + RELEASE_MS) if one.approved_ms is not None else None,
        "money_release_status": "pending" if has_money else None,
        "live_mode": True,
        "operation_type": "regular_payment",
        "issuer_id": one.issuer,
        "payment_method_id": one.method,
        "payment_type_id": one.kind,
        "status": one.status,
        "status_detail": one.detail,
        "currency_id": one.currency,
        "description": one.description,
        "collector_id": one.seller,
        "payer": {"id": "1734829105", "email": one.payer_email, "identification": {"type": "DNI", "number": "12345678"}, "type": "guest"},
        "metadata": {},
        "additional_info": {},
        "external_reference": one.reference,
        "order": {"id": str(one.merchant_order), "type": "mercadopago"},
        "transaction_amount": pesos(one.amount_minor),
        "transaction_amount_refunded": pesos(one.refunded_minor),
        "coupon_amount": 0,
        "shipping_amount": 0,
        "taxes_amount": 0,
        "transaction_details": _details(one),
        "fee_details": [
            {"type": name, "amount": pesos(minor), "fee_payer": "collector"}
            for name, minor in (("mercadopago_fee", one.fee_minor), ("application_fee", one.taken_minor))
            if has_money and (minor or name == "mercadopago_fee")
        ],
        "charges_details": _charges(one) if has_money else [],
        "captured": True,
        "binary_mode": one.binary_mode,
        "installments": one.installments,
        "card": _card(one),
        "statement_descriptor": one.statement_descriptor or "MERCADOPAGO",
        "refunds": [refund(each) for each in refunds],
        **({} if one.notification_url is None else {"notification_url": one.notification_url}),
        "processing_mode": "aggregator",
        "point_of_interaction": {"type": "CHECKOUT", "business_info": {"unit": "online_payments", "sub_unit": "checkout_pro"}},
    }


def refund(one: Refund) -> dict[str, Any]:
    """Money given back, at once."""
    return {
        "id": one.id,
        "payment_id": one.payment,
        "amount": pesos(one.amount_minor),
        "metadata": {},
        "source": {"id": "1", "name": "Vendedor", "type": "collector"},
        "date_created": moment(one.created_ms),
        "unique_sequence_number": "",
        "refund_mode": "standard",
        "adjustment_amount": 0,
        "status": "approved",
        "reason": None,
        "label": None,
        "partition_details": [],
    }


def merchant_order(order: Order) -> dict[str, Any]:
    """An order with its payments in short."""
    one = order.preference
    return {
        "id": one.merchant_order,
        "status": order.status,
        "order_status": order.order_status,
        "external_reference": one.reference,
        "preference_id": one.id,
        "marketplace": "NONE",
        "application_id": one.application,
        "site_id": "MLA",
        "collector": {"id": one.seller, "email": "", "nickname": "VENDEDOR"},
        "payments": [_short(each) for each in order.payments],
        "shipments": [],
        "payouts": [],
        "items": one.terms["items"],
        "shipping_cost": 0,
        "total_amount": pesos(one.amount_minor),
        "paid_amount": pesos(order.paid_minor),
        "refunded_amount": pesos(order.refunded_minor),
        "date_created": moment(one.created_ms),
        "last_updated": moment(max([one.updated_ms, *(each.updated_ms for each in order.payments)])),
        "cancelled": False,
    }


def user(user_id: int) -> dict[str, Any]:
    """Who a token speaks for. Short numbers are test users, long ones sell in Brazil."""
    is_abroad = user_id >= ABROAD_FROM
    return {
        "id": user_id,
        "nickname": f"VENDEDOR{user_id}",
        "country_id": "BR" if is_abroad else "AR",
        "site_id": "MLB" if is_abroad else "MLA",
        "user_type": "normal",
        "tags": ["normal", *(["test_user"] if user_id < TEST_USERS_BELOW else [])],
        "status": {"site_status": "active"},
    }


def _short(one: Payment) -> dict[str, Any]:
    return {
        "id": one.id,
        "transaction_amount": pesos(one.amount_minor),
        "total_paid_amount": pesos(one.total_paid_minor if one.approved_ms is not None else 0),
        "shipping_cost": 0,
        "currency_id": one.currency,
        "status": one.status,
        "status_detail": one.detail,
        "operation_type": "regular_payment",
        "date_created": moment(one.created_ms),
        "date_approved": _moment(one.approved_ms),
        "last_modified": moment(one.updated_ms),
        "amount_refunded": pesos(one.refunded_minor),
    }


def _details(one: Payment) -> dict[str, Any]:
    return {
        "net_received_amount": pesos(one.amount_minor - one.fee_minor - one.taken_minor if one.approved_ms is not None else 0),
        "total_paid_amount": pesos(one.total_paid_minor),
        "overpaid_amount": 0,
        "installment_amount": pesos(round(one.total_paid_minor / one.installments)),
        "acquirer_reference": None,
        "financial_institution": None,
        "payment_method_reference_id": str(one.id) if one.kind == "ticket" else None,
    }


def _charges(one: Payment) -> list[dict[str, Any]]:
    charges = [_charge(one, 1, "mercadopago_fee", "mp", one.fee_minor, 0)]
    if one.taken_minor:
        charges.append(_charge(one, 2, "third_payment", "marketplace_owner", one.taken_minor, one.taken_back_minor))
    return charges


def _charge(one: Payment, number: int, name: str, to: str, minor: int, refunded_minor: int) -> dict[str, Any]:
    return {
        "id": f"{one.id}-{number:03d}",
        "name": name,
        "type": "fee",
        "accounts": {"from": "collector", "to": to},
        "amounts": {"original": pesos(minor), "refunded": pesos(refunded_minor)},
        "date_created": moment(one.created_ms),
        "last_updated": moment(one.updated_ms),
        "client_id": 0,
        "metadata": {},
    }


def _card(one: Payment) -> dict[str, Any]:
    if one.first_six is None:
        return {}
    return {
        "first_six_digits": one.first_six,
        "last_four_digits": one.last_four,
        "expiration_month": 11,
        "expiration_year": 2030,
        "date_created": moment(one.created_ms),
        "date_last_updated": moment(one.created_ms),
        "cardholder": {"name": one.cardholder, "identification": {"type": "DNI", "number": "12345678"}},
    }


def _moment(unix_ms: int | None) -> str | None:
    return None if unix_ms is None else moment(unix_ms)
