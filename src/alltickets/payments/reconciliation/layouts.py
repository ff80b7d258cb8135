"""Where a settlement report writes what. A layout is data: a provider's own stands here, an organizer may give another."""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from alltickets.payments.reconciliation.lines import LineKind

__all__ = ["LAYOUTS", "Layout"]

Field = Literal[
    "source_id",
    "reference",
    "settlement_reference",
    "kind",
    "gross",
    "fee",
    "platform_fee",
    "taxes",
    "net",
    "currency",
    "occurred_at",
    "settles_at",
]
Header = Annotated[str, Meta(min_length=1, max_length=80)]


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to read a CSV file whose first line names its columns; names are compared without regard to case."""

    columns: Annotated[dict[Field, Header], Meta(min_length=1)]
    """`gross` and one of `source_id`, `reference` and `settlement_reference` are needed; what has no column is empty or zero."""
    kinds: Annotated[dict[Annotated[str, Meta(max_length=80)], LineKind], Meta(max_length=100)] = {}
    """What the column `kind` may say, in upper case; anything else is "other". Without that column every line is a payment."""
    separator: Literal[",", ";", "\t"] = ","
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    decimal: Literal[".", ","] = "."
    unit: Literal["major", "minor"] = "major"
    """Whether amounts are 1234.56 or 123456."""
    charges_are_negative: bool = False
    """Whether fee and taxes are written with a minus when they are taken."""
    dates: Annotated[str, Meta(min_length=1, max_length=40)] = "iso"
    """"iso" (ISO 8601), or a pattern of strptime such as "%d/%m/%Y"."""
    zone: Annotated[str, Meta(min_length=1, max_length=64)] = "America/Argentina/Buenos_Aires"
    """Of dates that name none."""


LAYOUTS: Mapping[str, Layout] = {
    # The settlement report of all transactions. Columns up to FEE_AMOUNT are documented, the others from common configurations: an
    # organizer whose report differs gives a layout of its own.
    "mercadopago": Layout(
        columns={
            "source_id": "SOURCE_ID",
            "reference": "EXTERNAL_REFERENCE",
            "kind": "TRANSACTION_TYPE",
            "gross": "TRANSACTION_AMOUNT",
            "fee": "FEE_AMOUNT",
            "platform_fee": "MKP_FEE_AMOUNT",
            "taxes": "TAXES_AMOUNT",
            "net": "SETTLEMENT_NET_AMOUNT",
            "currency": "TRANSACTION_CURRENCY",
            "occurred_at": "TRANSACTION_DATE",
            "settles_at": "MONEY_RELEASE_DATE",
        },
        kinds={
            "SETTLEMENT": "payment",
            "REFUND": "refund",
            "CHARGEBACK": "dispute",
            "DISPUTE": "dispute",
            "WITHDRAWAL": "payout",
            "WITHDRAWAL_CANCEL": "payout",
            "PAYOUT": "payout",
        },
        charges_are_negative=True,
    ),
    # Payway's files come from its portal and their columns vary by contract: this is a beginning to be changed.
    "payway": Layout(
        columns={
            "settlement_reference": "TID",
            "reference": "NRO_OPERACION",
            "kind": "TIPO",
            "gross": "IMPORTE",
            "fee": "ARANCEL",
            "taxes": "IMPUESTOS",
            "net": "NETO",
            "occurred_at": "FECHA_OPERACION",
            "settles_at": "FECHA_PAGO",
        },
        kinds={"COMPRA": "payment", "VENTA": "payment", "DEVOLUCION": "refund", "ANULACION": "refund", "CONTRACARGO": "dispute"},
        separator=";",
        encoding="latin-1",
        decimal=",",
        dates="%d/%m/%Y",
    ),
    # The itemized report of balance changes from activity, in its default columns and that of the payment intent.
    "stripe": Layout(
        columns={
            "source_id": "payment_intent_id",
            "settlement_reference": "balance_transaction_id",
            "kind": "reporting_category",
            "gross": "gross",
            "fee": "fee",
            "net": "net",
            "currency": "currency",
            "occurred_at": "created_utc",
            "settles_at": "available_on_utc",
        },
        kinds={
            "CHARGE": "payment",
            "REFUND": "refund",
            "REFUND_FAILURE": "refund",
            "PARTIAL_CAPTURE_REVERSAL": "refund",
            "DISPUTE": "dispute",
            "DISPUTE_REVERSAL": "dispute",
            "PAYOUT": "payout",
            "PAYOUT_REVERSAL": "payout",
        },
        zone="UTC",
    ),
    "generic": Layout(
        columns={
            "source_id": "payment_id",
            "reference": "reference",
            "kind": "kind",
            "gross": "gross",
            "fee": "fee",
            "platform_fee": "platform_fee",
            "taxes": "taxes",
            "net": "net",
            "currency": "currency",
            "occurred_at": "occurred_at",
            "settles_at": "settles_at",
        },
        kinds={kind.upper(): kind for kind in ("payment", "refund", "dispute", "payout")},
    ),
}
