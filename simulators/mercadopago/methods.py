"""The ways to pay that `GET /v1/payment_methods` lists."""

from typing import Any

__all__ = ["METHODS", "NAMES"]

NAMES = {
    "visa": "Visa",
    "master": "Mastercard",
    "amex": "American Express",
    "debvisa": "Visa Débito",
    "debmaster": "Mastercard Débito",
    "account_money": "Dinero en cuenta",
    "rapipago": "Rapipago",
    "pagofacil": "Pago Fácil",
}

_KINDS = {
    "visa": "credit_card",
    "master": "credit_card",
    "amex": "credit_card",
    "debvisa": "debit_card",
    "debmaster": "debit_card",
    "account_money": "account_money",
    "rapipago": "ticket",
    "pagofacil": "ticket",
}

METHODS: list[dict[str, Any]] = [
    {
        "id": name,
        "name": NAMES[name],
        "payment_type_id": kind,
        "status": "active",
        "secure_thumbnail": f"https://http2.mlstatic.com/storage/logos-api-admin/{name}.png",
        "thumbnail": f"https://http2.mlstatic.com/storage/logos-api-admin/{name}.png",
        "deferred_capture": "supported" if kind == "credit_card" else "does_not_apply",
        "additional_info_needed": ["cardholder_name"] if kind.endswith("card") else [],
        "min_allowed_amount": 3,
        "max_allowed_amount": 100_000_000,
        "accreditation_time": 2880 if kind.endswith("card") else 0,
        "financial_institutions": [],
        "processing_modes": ["aggregator"],
    }
    for name, kind in _KINDS.items()
]
