"""The file that a merchant downloads from the portal, with the differences that it is asked to have."""

import csv
import io
from collections.abc import Iterable
from typing import Literal

from simulators.payway.payments import Payments
from simulators.payway.refunds import Refunds
from simulators.payway.rules import CHARGED, Payment

__all__ = ["COLUMNS", "Difference", "settlement_of"]

Difference = Literal["amount", "fee", "missing", "extra", "duplicate"]
FEE_PER_MILLE = 18
VAT_PER_CENT = 21
COLUMNS = (
    "fecha_operacion",
    "establecimiento",
    "tipo",
    "id_operacion",
    "site_transaction_id",
    "tid",
    "ticket",
    "codigo_autorizacion",
    "marca",
    "cuotas",
    "bruto",
    "arancel",
    "iva_arancel",
    "neto",
)


def settlement_of(site: str, payments: Payments, refunds: Refunds, *, differences: Iterable[Difference]) -> str:
    """The site's settled movements, oldest first, as semicolon-separated values with pesos and a decimal point.

    Each difference strikes once: the first sale of another amount, the second with another fee, the last one missing, one that nobody
    made, the first line twice.
    """
    wanted = set(differences)
    of_site = payments.page(site, reference=None, offset=0, limit=1_000_000).results[::-1]
    by_id = {payment.id: payment for payment in of_site}
    lines = [_line(payment, "VENTA", payment.amount) for payment in of_site if payment.status in {*CHARGED, "refunded"} - {"approved"}]
    if "amount" in wanted and lines:
        lines[0] |= {"bruto": _pesos(_cents(lines[0]["bruto"]) + 100), "neto": _pesos(_cents(lines[0]["neto"]) + 100)}
    if "fee" in wanted and len(lines) > 1:
        lines[1] |= {"arancel": _pesos(_cents(lines[1]["arancel"]) + 50), "neto": _pesos(_cents(lines[1]["neto"]) - 50)}
    if "missing" in wanted:
        lines = lines[:-1]
    for payment_id, refund in refunds.all_lines():
        if payment_id in by_id and refund.operation == "devolucion":
            lines.append(_line(by_id[payment_id], "DEVOLUCION", -refund.amount))
    lines += [
        _line(by_id[payment_id], "CONTRACARGO", -by_id[payment_id].amount) for payment_id in payments.charged_back() if payment_id in by_id
    ]
    if "extra" in wanted and lines:
        lines.append(lines[0] | {"id_operacion": "999999999", "site_transaction_id": "desconocida", "tid": "000000000000001"})
    if "duplicate" in wanted:
        lines += lines[:1]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(payment: Payment, kind: str, cents: int) -> dict[str, str]:
    fee = round(abs(cents) * FEE_PER_MILLE / 1000) if kind == "VENTA" else 0
    vat = round(fee * VAT_PER_CENT / 100)
    return {
        "fecha_operacion": payment.date,
        "establecimiento": payment.site_id,
        "tipo": kind,
        "id_operacion": str(payment.id),
        "site_transaction_id": payment.site_transaction_id,
        "tid": payment.tid or "",
        "ticket": payment.status_details.ticket,
        "codigo_autorizacion": payment.status_details.card_authorization_code,
        "marca": payment.card_brand,
        "cuotas": str(payment.installments),
        "bruto": _pesos(cents),
        "arancel": _pesos(fee),
        "iva_arancel": _pesos(vat),
        "neto": _pesos(cents - fee - vat),
    }


def _pesos(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _cents(pesos: str) -> int:
    return int(pesos.replace(".", ""))
