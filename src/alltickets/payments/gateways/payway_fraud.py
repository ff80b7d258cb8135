"""What CyberSource wants to know of a purchase of tickets, where a Payway site has it on."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alltickets.payments.gateways.items import items_of
from alltickets.payments.port import Creation, Purchase

__all__ = ["ADDRESS_SETTINGS", "Address", "address_faults", "fraud_detection"]

ADDRESS_SETTINGS = ("billing_street", "billing_city", "billing_postal_code", "billing_state", "billing_phone")
NAME_LENGTH_MAX = 60

_patterns = {
    "billing_street": re.compile(r"[A-Za-z0-9][A-Za-z0-9 .]{0,59}"),
    "billing_city": re.compile(r"[A-Za-z][A-Za-z0-9 .]{0,49}"),
    "billing_postal_code": re.compile(r"[A-Za-z0-9]{4,8}"),
    "billing_state": re.compile(r"[A-Z]"),
    "billing_phone": re.compile(r"\d{6,14}"),
}


@dataclass(frozen=True)
class Address:
    """Where buyers are said to live: the organizer's own address, for buyers of tickets are not asked for theirs."""

    street: str
    city: str
    postal_code: str
    state: str
    phone: str

    @staticmethod
    def of(settings: Mapping[str, str]) -> "Address":
        """The address of settings in which there are no faults."""
        return Address(*(settings[name] for name in ADDRESS_SETTINGS))


def address_faults(settings: Mapping[str, str]) -> list[str]:
    """What is missing or wrong of the address; it may hold letters without accents, digits and blanks."""
    return [
        f"settings: {name} is needed for CyberSource, as {pattern.pattern}"
        for name, pattern in _patterns.items()
        if pattern.fullmatch(settings.get(name, "")) is None
    ]


def fraud_detection(creation: Creation, address: Address) -> dict[str, Any]:
    """The ticketing vertical's data. Amounts are cents, an item's total is its price times its quantity, and all of them are the amount."""
    purchase = creation.purchase
    assert purchase is not None, "whoever charges a card says what for"
    first_name, _, last_name = _plain(purchase.buyer_name).partition(" ")
    return {
        "send_to_cs": True,
        "channel": "Web",
        "bill_to": {
            "city": address.city,
            "country": "AR",
            "customer_id": creation.attempt_id.hex,
            "email": creation.payer_email,
            "first_name": first_name,
            "last_name": last_name or first_name,
            "phone_number": _phone_of(purchase) or address.phone,
            "postal_code": address.postal_code,
            "state": address.state,
            "street1": address.street,
        },
        "purchase_totals": {"currency": creation.amount.currency, "amount": creation.amount.minor},
        "customer_in_site": {"days_in_site": 0, "is_guest": True, "num_of_transactions": 1},
        "ticketing_transaction_data": {
            "days_to_event": purchase.days_ahead,
            "delivery_type": "Email",
            "items": [
                {
                    "code": f"ticket{number}",
                    "description": _plain(item.name),
                    "name": _plain(item.name),
                    "sku": f"ticket{number}",
                    "total_amount": item.unit.minor * item.quantity,
                    "quantity": item.quantity,
                    "unit_price": item.unit.minor,
                }
                for number, item in enumerate(items_of(creation, items_max=len(purchase.lines)), 1)
            ],
        },
    }


def _plain(text: str) -> str:
    """Letters, digits and single blanks: what a name may be made of. "Función Ñandú, 2.ª" is "Funcion Nandu 2a"."""
    decomposed = unicodedata.normalize("NFKD", text)
    kept = re.sub(r"[^A-Za-z0-9 ]", "", decomposed)
    return " ".join(kept.split())[:NAME_LENGTH_MAX] or "Cliente"


def _phone_of(purchase: Purchase) -> str | None:
    digits = re.sub(r"\D", "", purchase.buyer_phone or "")
    return digits if 6 <= len(digits) <= 14 else None
