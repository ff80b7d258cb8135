"""What requests may say. A real gateway lists every fault at once, each with its parameter: so does this."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulators.payway.cards import BRANDS, is_number
from simulators.payway.errors import Failed, invalid

__all__ = ["AMOUNT_MAX", "CardData", "PaymentOrder", "amount_of", "card_of", "document_of", "payment_of"]

AMOUNT_MAX = 999_999_999_999
REFERENCE_LENGTH_MAX = 39
"""Its documents say 39 and 40: the stricter one is what a client has to respect."""
ESTABLISHMENT_LENGTH_MAX = 25

_reference = re.compile(r"[A-Za-z0-9_\- ]+")
_bin = re.compile(r"\d{6}")


@dataclass(frozen=True)
class CardData:
    """A card, on its way to becoming a token."""

    number: str
    month: int
    year: int
    code: str
    holder: str
    document: Mapping[str, str]


@dataclass(frozen=True)
class PaymentOrder:
    """A charge that a merchant asks for, its shape found right."""

    reference: str
    token: str
    method: int
    bin: str
    amount: int
    currency: str
    installments: int
    establishment_name: str | None
    customer: dict[str, Any] | None
    fraud_detection: Mapping[str, Any] | None


def document_of(body: bytes) -> dict[str, Any]:
    """The body as an object; an empty one is an empty object. Raises `Failed` 400."""
    try:
        document = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Failed(400, {"error_type": "malformed_request_error"}) from None
    if not isinstance(document, dict):
        raise Failed(400, {"error_type": "malformed_request_error"})
    return document


def card_of(document: Mapping[str, Any], *, now: datetime) -> CardData:
    """The card of `POST /tokens`. Raises `Failed` 400 with every fault."""
    document_id = document.get("card_holder_identification")
    holder_id = document_id if isinstance(document_id, dict) else {}
    checks: dict[str, Callable[[Any], bool]] = {
        "card_number": lambda it: isinstance(it, str) and is_number(it),
        "card_expiration_month": lambda it: _two_digits(it) and 1 <= int(it) <= 12,
        "card_expiration_year": _two_digits,
        "security_code": lambda it: isinstance(it, str) and re.fullmatch(r"\d{3,4}", it) is not None,
        "card_holder_name": lambda it: isinstance(it, str) and 0 < len(it.strip()) <= 100,
    }
    faults = _faults(document, checks)
    faults += [
        (code, f"card_holder_identification.{param}")
        for code, param in _faults(holder_id, {"type": _is_word, "number": lambda it: isinstance(it, str) and it.isdigit()})
    ]
    if faults:
        raise invalid(faults)
    month, year = int(document["card_expiration_month"]), int(document["card_expiration_year"])
    today = now.astimezone(UTC)
    if (2000 + year, month) < (today.year, today.month):
        raise invalid([("invalid_param", "card_expiration_year" if 2000 + year < today.year else "card_expiration_month")])
    return CardData(document["card_number"], month, year, document["security_code"], document["card_holder_name"].strip(), dict(holder_id))


def payment_of(document: Mapping[str, Any]) -> PaymentOrder:
    """The charge of `POST /payments`; what else the body says is ignored. Raises `Failed` 400 with every fault."""
    checks: dict[str, Callable[[Any], bool]] = {
        "site_transaction_id": lambda it: isinstance(it, str) and len(it) <= REFERENCE_LENGTH_MAX and _reference.fullmatch(it) is not None,
        "token": _is_word,
        "payment_method_id": lambda it: _is_whole(it) and it in BRANDS,
        "bin": lambda it: isinstance(it, str) and _bin.fullmatch(it) is not None,
        "amount": lambda it: _is_whole(it) and 1 <= it <= AMOUNT_MAX,
        "currency": lambda it: it in ("ARS", "USD"),
        "installments": lambda it: _is_whole(it) and 1 <= it <= 99,
        "payment_type": lambda it: it == "single",
        "sub_payments": lambda it: it == [],
    }
    faults = _faults(document, checks)
    name, customer, fraud = (document.get(key) for key in ("establishment_name", "customer", "fraud_detection"))
    if name is not None and not (isinstance(name, str) and len(name) <= ESTABLISHMENT_LENGTH_MAX):
        faults.append(("invalid_param", "establishment_name"))
    faults += [
        ("invalid_param", key) for key, it in (("customer", customer), ("fraud_detection", fraud)) if not isinstance(it, dict | None)
    ]
    if faults:
        raise invalid(faults)
    return PaymentOrder(
        document["site_transaction_id"],
        document["token"],
        document["payment_method_id"],
        document["bin"],
        document["amount"],
        document["currency"],
        document["installments"],
        name,
        customer,
        fraud,
    )


def amount_of(document: Mapping[str, Any], *, most: int) -> int | None:
    """The cents of a refund or a capture, at most so many; None where the body names none. Raises `Failed` 400."""
    amount = document.get("amount")
    if amount is None:
        return None
    if not _is_whole(amount) or not 1 <= amount <= most:
        raise invalid([("invalid_param", "amount")])
    return int(amount)


def _faults(document: Mapping[str, Any], checks: Mapping[str, Callable[[Any], bool]]) -> list[tuple[str, str]]:
    faults = []
    for param, is_right in checks.items():
        value = document.get(param)
        if value is None:
            faults.append(("missing", param))
        elif value == "":
            faults.append(("empty", param))
        elif not is_right(value):
            faults.append(("invalid_param", param))
    return faults


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 100


def _two_digits(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\d{2}", value) is not None
