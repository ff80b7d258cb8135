"""What becomes of a payment on the checkout page: a pure decision by what the buyer typed."""

import time
from collections.abc import Sequence

import msgspec

from simulators.mercadopago.cards import CASH, OUTCOMES, card_of, total_of
from simulators.mercadopago.codec import minor_of
from simulators.mercadopago.documents import Preference
from simulators.mercadopago.forms import PayForm
from simulators.mercadopago.rules import Payment
from simulators.mercadopago.times import unix_of

__all__ = ["Unusable", "decided", "excluded_kinds"]

TICKET_DAYS = 30


class Unusable(Exception):
    """The form cannot be used; its text tells the buyer what to change. No payment comes of it."""


def decided(one: Preference, form: PayForm) -> Payment:
    """The payment that comes of the form, without its number. Raises `Unusable`."""
    payment = _by_card(one, form) if form.method == "card" else _otherwise(one, form)
    if payment.kind in excluded_kinds(one) or payment.method in _ids(one, "excluded_payment_methods"):
        raise Unusable("El vendedor no acepta este medio de pago. Elegí otro.")
    if payment.binary_mode and payment.status in ("pending", "in_process"):
        return msgspec.structs.replace(payment, status="rejected", detail="cc_rejected_other_reason", due_ms=None)
    return payment


def excluded_kinds(one: Preference) -> Sequence[str]:
    """The kinds of payment that the seller does not want."""
    return _ids(one, "excluded_payment_types")


def _by_card(one: Preference, form: PayForm) -> Payment:
    card = card_of(form.card_number)
    if card is None:
        raise Unusable("Usá una de las tarjetas de prueba: acá no va ninguna tarjeta verdadera.")
    outcome = OUTCOMES.get(form.cardholder.strip().split(" ")[0].upper())
    if outcome is None:
        raise Unusable("Escribí como titular uno de los nombres de prueba, por ejemplo APRO.")
    instalments = form.installments if card.kind == "credit_card" else 1
    most = (one.terms.get("payment_methods") or {}).get("installments") or instalments
    if instalments > most:
        raise Unusable(f"El vendedor acepta hasta {most} cuotas.")
    payment = _new(one, form, method=card.brand, kind=card.kind, state=outcome, instalments=instalments)
    is_reviewed = outcome[0] == "in_process" and form.review_seconds is not None
    return msgspec.structs.replace(
        payment,
        issuer=card.issuer,
        first_six=card.first_six,
        last_four=card.last_four,
        cardholder=form.cardholder.strip(),
        due_ms=payment.created_ms + (form.review_seconds or 0) * 1000 if is_reviewed else None,
        due_state=("approved", "accredited"),
    )


def _otherwise(one: Preference, form: PayForm) -> Payment:
    if form.method not in CASH:
        return _new(one, form, method="account_money", kind="account_money", state=("approved", "accredited"))
    payment = _new(one, form, method=form.method, kind="ticket", state=("pending", "pending_waiting_payment"))
    told = one.terms.get("date_of_expiration")
    expires_ms = int(unix_of(told) * 1000) if told else payment.created_ms + TICKET_DAYS * 86_400_000
    return msgspec.structs.replace(payment, due_ms=expires_ms)


def _new(one: Preference, form: PayForm, *, method: str, kind: str, state: tuple[str, str], instalments: int = 1) -> Payment:
    now = int(time.time() * 1000)
    amount = form.report_amount_minor or one.amount_minor
    terms = one.terms
    return Payment(
        id=0,
        seller=one.seller,
        application=one.application,
        preference=one.id,
        merchant_order=one.merchant_order,
        reference=one.reference,
        description=str(terms["items"][0]["title"]),
        status=state[0],
        detail=state[1],
        amount_minor=amount,
        total_paid_minor=total_of(amount, instalments),
        currency=form.report_currency or one.currency,
        installments=instalments,
        method=method,
        kind=kind,
        payer_email=form.email or (terms.get("payer") or {}).get("email") or "comprador@example.com",
        binary_mode=bool(terms.get("binary_mode")),
        statement_descriptor=terms.get("statement_descriptor"),
        marketplace_fee_minor=minor_of(terms.get("marketplace_fee") or 0) or 0,
        notification_url=terms.get("notification_url") or None,
        created_ms=now,
        updated_ms=now,
    )


def _ids(one: Preference, name: str) -> list[str]:
    return [str(each.get("id")) for each in (one.terms.get("payment_methods") or {}).get(name) or []]
