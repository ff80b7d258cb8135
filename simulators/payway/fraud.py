"""CyberSource, the ticketing vertical: what it asks for, and what it says when it is not there."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from simulators.payway.sites import Decision

__all__ = ["decide", "faults_of"]

BLACK_CODE = "10110"
CODES: Mapping[str, str] = {"green": "100", "yellow": "480", "red": "481", "blue": "150", "black": BLACK_CODE}

_name = re.compile(r"[A-Za-z0-9 ]+")
_city = re.compile(r"[A-Za-z][A-Za-z0-9 .]*")
_state = re.compile(r"[A-Z]{1,2}")
_phone = re.compile(r"\+?\d{6,14}")


def faults_of(data: Mapping[str, Any], amount: int) -> list[str]:
    """The parameters that are missing or wrong, in the order in which they stand in the contract."""
    bill_to, totals, customer = (_part(data, name) for name in ("bill_to", "purchase_totals", "customer_in_site"))
    ticketing = _part(data, "ticketing_transaction_data")
    checks = {
        "channel": data.get("channel") in ("Web", "Mobile", "Telefonica"),
        "bill_to.city": _fits(_city, bill_to.get("city")),
        "bill_to.country": bill_to.get("country") == "AR",
        "bill_to.customer_id": bool(bill_to.get("customer_id")),
        "bill_to.email": "@" in str(bill_to.get("email", "")),
        "bill_to.first_name": _fits(_name, bill_to.get("first_name")),
        "bill_to.last_name": _fits(_name, bill_to.get("last_name")),
        "bill_to.phone_number": _fits(_phone, bill_to.get("phone_number")),
        "bill_to.postal_code": bool(bill_to.get("postal_code")),
        "bill_to.state": _fits(_state, bill_to.get("state")),
        "bill_to.street1": bool(bill_to.get("street1")),
        "purchase_totals.currency": totals.get("currency") == "ARS",
        "purchase_totals.amount": totals.get("amount") == amount,
        "customer_in_site": "is_guest" in customer,
        "ticketing_transaction_data.days_to_event": isinstance(ticketing.get("days_to_event"), int),
        "ticketing_transaction_data.delivery_type": bool(ticketing.get("delivery_type")),
        "ticketing_transaction_data.items": _items_fit(ticketing.get("items")),
    }
    return [param for param, is_right in checks.items() if not is_right]


def decide(data: Mapping[str, Any] | None, amount: int, decision: Decision) -> dict[str, Any]:
    """`fraud_detection.status` of a payment: what the site is set to find, or black where data are missing."""
    faults = ["fraud_detection"] if data is None else ([] if data.get("send_to_cs") is False else faults_of(data, amount))
    found = "black" if faults else decision
    details = {"error_type": "invalid_request_error", "validation_errors": [{"code": "invalid_param", "param": one} for one in faults]}
    return {
        "decision": found,
        "request_id": None if found in ("black", "blue") else f"{secrets.randbelow(10**22):022d}",
        "reason_code": CODES[found],
        "description": f"Decision Manager: {found}",
        "details": details if faults else None,
        "review": None,
    }


def _part(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = data.get(name)
    return part if isinstance(part, dict) else {}


def _fits(pattern: "re.Pattern[str]", value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _items_fit(items: Any) -> bool:
    return isinstance(items, list) and bool(items) and all(_item_fits(item) for item in items)


def _item_fits(item: Any) -> bool:
    if not isinstance(item, dict) or not all(item.get(key) for key in ("code", "description", "name", "sku")):
        return False
    total, quantity, unit = (item.get(key) for key in ("total_amount", "quantity", "unit_price"))
    return isinstance(quantity, int) and isinstance(unit, int) and total == quantity * unit
