"""What the buyer sees: the hosted payment page and its refusals. And the page where a merchant begins."""

import dataclasses
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from simulators.chassis.errors import Refused, invalid
from simulators.chassis.reading import from_texts
from simulators.sandbox.credentials import LINK_FIELDS, new_merchant, same, sign_link
from simulators.sandbox.gateway import Gateway
from simulators.sandbox.html import html
from simulators.sandbox.payments import Opening
from simulators.sandbox.rules import Payment
from simulators.sandbox.wire import Charge, Dials, PayForm

__all__ = ["handlers", "refusal_page"]

AnyRequest = Request[Any, Any, Any]

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS_MAX = 40

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "bad_signature": (
        "Este enlace de pago no es válido",
        "Sus datos no coinciden con los que firmó el comercio. No se te cobró nada: volvé al comercio y empezá el pago de nuevo.",
    ),
    "link_expired": (
        "Este enlace de pago venció",
        "No se te cobró nada. Volvé al comercio para pedir un enlace nuevo.",
    ),
    "already_paid": (
        "Esta compra ya está pagada",
        "No hace falta que pagues otra vez. Volvé al comercio para ver tu compra.",
    ),
    "not_found": (
        "No encontramos esta página",
        "Revisá que la dirección esté completa, o volvé al comercio y empezá el pago de nuevo.",
    ),
    "admin_from_loopback_only": (
        "Acceso restringido",
        "La administración solo se puede abrir desde la máquina donde corre la pasarela.",
    ),
}
_OTHER_REFUSAL = ("No pudimos procesar este pedido", "No se te cobró nada. Volvé al comercio y empezá el pago de nuevo.")


@dataclass(frozen=True)
class Subject:
    """The charge that a request is about, and the fields that the page sends back to name it again."""

    charge: Charge
    fields: Mapping[str, str]


def handlers() -> list[Any]:
    """The pages outside of the administration."""
    return [start, new_merchant_page, show_payment_page, pay]


@get("/", sync_to_thread=False)
def start() -> Redirect:
    return Redirect("/merchants/new", status_code=302)


@get("/merchants/new", sync_to_thread=False)
def new_merchant_page(gateway: Gateway) -> Response[str]:
    merchant = new_merchant()
    secret = gateway.secret_of(merchant)
    return html("merchant.html", merchant=merchant, secret=secret, public_url=gateway.settings.public_url)


@get("/pay", sync_to_thread=False)
def show_payment_page(request: AnyRequest, gateway: Gateway) -> Response[str]:
    fields = _fields(request.scope["query_string"])
    subject = _subject(gateway, fields)
    if fields.keys() != subject.fields.keys():
        raise invalid("The link has unknown fields.")
    _require_payable(gateway, subject.charge)
    charge = subject.charge
    made = gateway.payments.of_reference(charge.merchant, charge.reference)
    return html(
        "pay.html",
        leads_to=charge.return_url,
        charge=charge,
        fields=subject.fields,
        submission=secrets.token_urlsafe(16),
        last_status=made[-1].status if made else None,
    )


@post("/pay")
async def pay(request: AnyRequest, gateway: Gateway) -> Redirect:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(415, "unsupported_media_type", f"Send the form as {FORM_TYPE}.")
    fields = _fields(await request.body())
    subject = _subject(gateway, fields)
    charge = subject.charge
    # The page sends every field of its form, those left blank too.
    form = from_texts({name: text for name, text in fields.items() if name not in subject.fields and text}, PayForm)
    payment = form.submission and gateway.payments.submitted(charge.merchant, charge.reference, form.submission)
    if not payment:
        _require_payable(gateway, charge)
        payment = _perform(gateway, charge, form)
    return Redirect(_return_url(charge.return_url, payment), status_code=303)


def refusal_page(refusal: Refused) -> Response[str]:
    """A refusal in the buyer's language, its technical cause below for whoever looks after the merchant's software."""
    title, text = _REFUSALS.get(refusal.code, _OTHER_REFUSAL)
    return html("refusal.html", status=refusal.status, title=title, text=text, refusal=refusal)


def _fields(encoded: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise invalid("The fields are not URL-encoded UTF-8.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise invalid("A field is given twice.")
    return fields


def _subject(gateway: Gateway, fields: Mapping[str, str]) -> Subject:
    """The charge of a session or of a signed link. Raises `Refused` 400, 403, 404 or 410."""
    if "session" in fields:
        charge, is_closed = gateway.sessions.charge_of(fields["session"])
        gateway.check(charge)
        if is_closed:
            raise Refused(410, "link_expired", "The session was closed by the merchant.", back_to=charge.return_url)
        return Subject(charge, {"session": fields["session"]})
    signed = {name: fields[name] for name in LINK_FIELDS if name in fields}
    charge = from_texts(signed, Charge)
    if not same(fields.get("signature", ""), sign_link(gateway.secret_of(charge.merchant), signed)):
        raise Refused(403, "bad_signature", "The signature does not match the fields of the link.")
    gateway.check(charge)
    return Subject(charge, {**signed, "signature": fields["signature"]})


def _require_payable(gateway: Gateway, charge: Charge) -> None:
    if gateway.payments.is_paid(charge.merchant, charge.reference):
        raise Refused(409, "already_paid", f"The reference {charge.reference} is paid.", back_to=charge.return_url)
    if charge.expires_at <= time.time():
        raise Refused(410, "link_expired", f"The link expired at {charge.expires_at}.", back_to=charge.return_url)


def _perform(gateway: Gateway, charge: Charge, form: PayForm) -> Payment:
    if form.report_in == "everywhere":
        charge = msgspec.structs.replace(
            charge,
            amount_minor=form.report_amount_minor or charge.amount_minor,
            currency=form.report_currency or charge.currency,
        )
        gateway.check(charge)
    opening = _opening(form)
    payment = gateway.payments.open(charge, opening)
    if form.action == "approve_twice":
        gateway.payments.open(charge, dataclasses.replace(opening, submission=None))
    return payment


def _opening(form: PayForm) -> Opening:
    in_callbacks = form.report_in == "callbacks"
    dials = Dials(
        repeat=form.repeat,
        lose=form.lose,
        shuffle=form.shuffle,
        delay_ms=form.delay_ms,
        forge_signature=form.forge_signature,
        callback_amount_minor=form.report_amount_minor if in_callbacks else None,
        callback_currency=form.report_currency if in_callbacks else None,
    )
    match form.action:
        case "approve" | "approve_twice":
            opening = Opening("approved")
        case "approve_later":
            opening = Opening("pending", later=("approved", form.delay_seconds))
        case "pending":
            opening = Opening("pending")
        case "reject":
            opening = Opening("rejected", reason=form.reason)
        case "cancel":
            opening = Opening("cancelled", reason="cancelled_by_buyer")
    return dataclasses.replace(opening, submission=form.submission, dials=dials)


def _return_url(return_url: str, payment: Payment) -> str:
    parts = urlsplit(return_url)
    added = urlencode({"reference": payment.reference, "payment": payment.id, "status": payment.status})
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
