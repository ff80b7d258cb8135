"""The objects of the API as they are when they come to be. Their fields are those of the published reference."""

from typing import Any

from simulators.stripe.cards import Card
from simulators.stripe.documents import Document, new_id

__all__ = ["new_charge", "new_intent", "new_refund", "new_session", "new_transaction"]

_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def new_session(id_: str, params: dict[str, Any], *, url: str, total: int, now: int, expires_at: int, is_live: bool) -> Document:
    """An open session, nobody on its page yet."""
    return {
        "id": id_,
        "object": "checkout.session",
        "after_expiration": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "created": now,
        "currency": params["line_items"][0]["price_data"]["currency"],
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": {
            "address": None,
            "email": params["customer_email"],
            "name": None,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": None,
        }
        if "customer_email" in params
        else None,
        "customer_email": params.get("customer_email"),
        "expires_at": expires_at,
        "invoice": None,
        "livemode": is_live,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": params.get("payment_method_types", ["card", "us_bank_account"]),
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": params.get("ui_mode", "hosted"),
        "url": url,
        "_intent_data": params.get("payment_intent_data", {}),
        "_items": [_line_item(item) for item in params["line_items"]],
    }


def new_intent(session: Document, *, now: int, dials: dict[str, Any]) -> Document:
    """The intent that a session's first payment makes."""
    data = session["_intent_data"]
    id_ = new_id("pi_")
    return {
        "id": id_,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method", "automatic"),
        "client_secret": f"{id_}_secret_{new_id('', 24)}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": session["currency"],
        "customer": None,
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": session["livemode"],
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "payment_method": None,
        "payment_method_types": session["payment_method_types"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "_dials": dials,
        "_session": session["id"],
    }


def new_charge(
    intent: Document, card: Card | None, *, now: int, declined: tuple[str, str] | None, is_captured: bool, email: str | None
) -> Document:
    """A charge: one try of a card. card: None for a bank account."""
    is_paid = declined is None
    return {
        "id": new_id("ch_" if card else "py_"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if is_paid and is_captured else 0,
        "amount_refunded": 0,
        "application_fee": None,
        "balance_transaction": None,
        "billing_details": {"address": _ADDRESS, "email": email, "name": None, "phone": None},
        "captured": is_paid and is_captured,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": declined[0] if declined else None,
        "failure_message": _DECLINED if declined else None,
        "livemode": intent["livemode"],
        "metadata": intent["metadata"],
        "outcome": _outcome(declined),
        "paid": is_paid,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm_"),
        "payment_method_details": _method_details(card),
        "receipt_email": intent["receipt_email"],
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded" if is_paid else "failed",
        "transfer_data": None,
    }


def new_refund(charge: Document, params: dict[str, Any], *, amount: int, now: int, status: str) -> Document:
    """A refund of a part or all of a charge."""
    return {
        "id": new_id("re_"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": params.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }


def new_transaction(
    type_: str,
    source: str,
    *,
    amount: int,
    fee: int,
    currency: str,
    rate: float | None,
    now: int,
    days: int,
    description: str | None = None,
) -> Document:
    """A movement of the account's balance, in its settlement currency."""
    return {
        "id": new_id("txn_"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now + days * 86_400,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "description": description,
        "exchange_rate": rate,
        "fee": fee,
        "fee_details": [
            {"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees", "type": "stripe_fee"}
        ]
        if fee
        else [],
        "net": amount - fee,
        "reporting_category": {"adjustment": "dispute"}.get(type_, type_),
        "source": source,
        "status": "pending" if days else "available",
        "type": type_,
    }


_DECLINED = "Your card was declined."


def _outcome(declined: tuple[str, str] | None) -> dict[str, Any]:
    if declined is None:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": declined[1],
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _method_details(card: Card | None) -> dict[str, Any]:
    if card is None:
        return {
            "type": "us_bank_account",
            "us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "6789", "account_type": "checking"},
        }
    return {
        "type": "card",
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": card.country,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": new_id("", 16),
            "funding": card.funding,
            "installments": None,
            "last4": card.last_four,
            "mandate": None,
            "network": card.brand,
            "three_d_secure": {"result": "authenticated", "version": "2.2.0"} if card.asks_for_authentication else None,
            "wallet": None,
        },
    }


def _line_item(item: dict[str, Any]) -> Document:
    price = item["price_data"]
    total = price["unit_amount"] * item["quantity"]
    return {
        "id": new_id("li_"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "price": {
            "id": new_id("price_"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "currency": price["currency"],
            "product": new_id("prod_"),
            "type": "one_time",
            "unit_amount": price["unit_amount"],
            "unit_amount_decimal": str(price["unit_amount"]),
        },
        "quantity": item["quantity"],
    }
