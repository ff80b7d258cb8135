"""The report of every movement of a balance as a merchant gets it, with the differences that it is asked to have.

Columns, names and units are those of Stripe's `balance_change_from_activity.itemized` with the optional ones that name a payment.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from simulators.stripe.currencies import in_major_units
from simulators.stripe.documents import Document, Documents

__all__ = ["COLUMNS", "Difference", "report_of"]

Difference = Literal["amount", "fee", "missing", "extra", "duplicate"]
COLUMNS = (
    "balance_transaction_id",
    "created_utc",
    "available_on_utc",
    "currency",
    "gross",
    "fee",
    "net",
    "reporting_category",
    "source_id",
    "description",
    "charge_id",
    "payment_intent_id",
)
AMOUNT_OFF, FEE_OFF = 1_00, 50


def report_of(documents: Documents, owner: str, *, differences: Iterable[Difference]) -> str:
    """The owner's movements but payouts, oldest first, as comma-separated values.

    Each difference strikes once: the first charge of another amount, the second with another fee, the last one missing, one that nobody
    made, the first line twice.
    """
    wanted = set(differences)
    moved = [one for one in documents.all(owner, "balance_transaction") if one["type"] != "payout"]
    charges = [one for one in moved if one["type"] == "charge"]
    if "amount" in wanted and charges:
        charges[0] |= {"amount": charges[0]["amount"] + AMOUNT_OFF, "net": charges[0]["net"] + AMOUNT_OFF}
    if "fee" in wanted and len(charges) > 1:
        charges[1] |= {"fee": charges[1]["fee"] + FEE_OFF, "net": charges[1]["net"] - FEE_OFF}
    if "missing" in wanted and charges:
        moved.remove(charges[-1])
    lines = [_line(documents, owner, one) for one in moved]
    if "extra" in wanted and lines:
        lines.append(lines[0] | {"balance_transaction_id": "txn_unknown", "charge_id": "ch_unknown", "payment_intent_id": "pi_unknown"})
    if "duplicate" in wanted:
        lines += lines[:1]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(documents: Documents, owner: str, movement: Document) -> dict[str, Any]:
    currency = movement["currency"]
    charge = _charge_of(documents, owner, movement["source"])
    return {
        "balance_transaction_id": movement["id"],
        "created_utc": _moment(movement["created"]),
        "available_on_utc": _moment(movement["available_on"]),
        "currency": currency,
        **{name: in_major_units(movement[field], currency) for name, field in (("gross", "amount"), ("fee", "fee"), ("net", "net"))},
        "reporting_category": movement["reporting_category"],
        "source_id": movement["source"],
        "description": movement["description"] or "",
        "charge_id": charge["id"],
        "payment_intent_id": charge["payment_intent"],
    }


def _charge_of(documents: Documents, owner: str, source: str) -> Document:
    """The charge that a movement is about: itself, or the one of its refund or dispute."""
    if source.startswith("ch_"):
        return documents.get(owner, "charge", source)
    kind = "refund" if source.startswith("re_") else "dispute"
    return documents.get(owner, "charge", documents.get(owner, kind, source)["charge"])


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
