"""What people see: the hosted checkout with its result, and the page where a seller begins."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from simulators.chassis.errors import Refused, invalid
from simulators.chassis.reading import from_texts
from simulators.mercadopago.cards import CASH, INSTALMENTS, card_of
from simulators.mercadopago.credentials import APPLICATION, new_user
from simulators.mercadopago.documents import Preference
from simulators.mercadopago.forms import PayForm
from simulators.mercadopago.gateway import Gateway
from simulators.mercadopago.html import html
from simulators.mercadopago.paying import Unusable, decided, excluded_kinds
from simulators.mercadopago.preferences import is_expired, item_total
from simulators.mercadopago.rules import Dials, Payment

__all__ = ["fields_of", "handlers", "refusal_page", "with_query"]

AnyRequest = Request[Any, Any, Any]

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS_MAX = 40

_REFUSALS: Mapping[str, tuple[str, str]] = {
    "expired": ("Este link de pago venció", "No se te cobró nada. Volvé al sitio del vendedor y empezá la compra de nuevo."),
    "already_paid": ("Esta compra ya está pagada", "No hace falta que pagues otra vez. Volvé al sitio del vendedor para ver tu compra."),
    "not_found": ("No encontramos esta página", "Revisá que la dirección esté completa, o volvé al sitio del vendedor."),
    "admin_from_loopback_only": ("Acceso restringido", "La administración solo se abre desde la máquina donde corre el simulador."),
}
_OTHER_REFUSAL = ("No pudimos procesar este pedido", "No se te cobró nada. Volvé al sitio del vendedor y empezá el pago de nuevo.")


def handlers() -> list[Any]:
    """The pages outside of the administration."""
    return [start, new_seller, show_checkout, pay, show_result]


@get("/", sync_to_thread=False)
def start() -> Redirect:
    return Redirect("/sellers/new", status_code=302)


@get("/sellers/new", sync_to_thread=False)
def new_seller(gateway: Gateway) -> Response[str]:
    user, keys = new_user(), gateway.keys
    return html(
        "seller.html",
        user=user,
        application=APPLICATION,
        token=keys.token_of(user),
        webhook_secret=keys.webhook_secret_of(APPLICATION),
        client_secret=keys.client_secret_of(APPLICATION),
        public_url=gateway.settings.public_url,
    )


@get("/checkout/v1/redirect", sync_to_thread=False)
def show_checkout(request: AnyRequest, gateway: Gateway) -> Response[str]:
    one = _open_preference(gateway, request.query_params.get("pref_id", ""))
    if gateway.order_of(one).is_paid:
        raise Refused(409, "already_paid", "The preference is paid.", back_to=_back_to(one, "success"))
    return _checkout(gateway, one)


@post("/checkout/v1/payment")
async def pay(request: AnyRequest, gateway: Gateway) -> Response[Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(415, "unsupported_media_type", f"Send the form as {FORM_TYPE}.")
    # The page sends every field of its form, those left blank too.
    form = from_texts({name: text for name, text in fields_of(await request.body()).items() if text}, PayForm)
    payment = form.submission and gateway.payments.submitted(form.pref_id, form.submission)
    if not payment:
        one = _open_preference(gateway, form.pref_id)
        if form.method == "none":
            return _leave(one)
        try:
            new = decided(one, form)
        except Unusable as fault:
            # A number that is no test card's may be somebody's: it is not shown again.
            shown = form if card_of(form.card_number) else msgspec.structs.replace(form, card_number="")
            return _checkout(gateway, one, fault=str(fault), form=shown)
        dials = Dials(**{name: getattr(form, name) for name in Dials.__struct_fields__})
        payment = gateway.payments.open(new, dials, submission=form.submission)
    found = gateway.preferences.named(payment.preference)
    assert found is not None, "a payment's preference exists"
    wanted = found.terms.get("auto_return")
    back_to = _back_to(found, _ending(payment), payment)
    if back_to is not None and (wanted == "all" or (wanted == "approved" and payment.status == "approved")):
        return Redirect(back_to, status_code=303)
    return Redirect(f"/checkout/v1/result?payment_id={payment.id}&pref_id={found.id}", status_code=303)


@get("/checkout/v1/result", sync_to_thread=False)
def show_result(request: AnyRequest, gateway: Gateway) -> Response[str]:
    one = gateway.preferences.named(request.query_params.get("pref_id", ""))
    number = request.query_params.get("payment_id", "")
    found = [] if one is None else [payment for payment in gateway.payments.of_preference(one.id) if str(payment.id) == number]
    if one is None or not found:
        raise Refused(404, "not_found", "There is no such payment.")
    [payment] = found
    return html("result.html", payment=payment, preference=one, back_to=_back_to(one, _ending(payment), payment), is_over=is_expired(one))


def refusal_page(refusal: Refused) -> Response[str]:
    """A refusal in the buyer's language, its technical cause below for whoever looks after the seller's software."""
    title, text = _REFUSALS.get(refusal.code, _OTHER_REFUSAL)
    return html("refusal.html", status=refusal.status, title=title, text=text, refusal=refusal)


def fields_of(encoded: bytes) -> dict[str, str]:
    """The fields of a form or a query, each given once. Raises `Refused` 400."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise invalid("The fields are not URL-encoded UTF-8.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise invalid("A field is given twice.")
    return fields


def with_query(url: str, fields: Mapping[str, str]) -> str:
    """The address with these fields behind what its query has."""
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(fields)]))
    return urlunsplit(parts._replace(query=query))


def _open_preference(gateway: Gateway, preference_id: str) -> Preference:
    one = gateway.preferences.named(preference_id)
    if one is None:
        raise Refused(404, "not_found", "There is no such preference.")
    if is_expired(one):
        raise Refused(410, "expired", f"The preference expired at {one.terms['expiration_date_to']}.", back_to=_back_to(one, "failure"))
    return one


def _checkout(gateway: Gateway, one: Preference, *, fault: str | None = None, form: PayForm | None = None) -> Response[str]:
    kinds = excluded_kinds(one)
    made = gateway.payments.of_preference(one.id)
    return html(
        "checkout.html",
        status=200 if fault is None else 422,
        leads_to=_back_to(one, "success"),
        preference=one,
        items=[{**item, "total_minor": item_total(item)} for item in one.terms["items"]],
        until=one.terms.get("expiration_date_to") if one.terms.get("expires") else None,
        fault=fault,
        form=form or PayForm(pref_id=one.id, email=(one.terms.get("payer") or {}).get("email") or ""),
        submission=secrets.token_urlsafe(16),
        cash=[] if "ticket" in kinds else list(CASH),
        instalments=INSTALMENTS,
        last=made[-1] if made else None,
        back_to=_back_to(one, "failure"),
    )


def _leave(one: Preference) -> Redirect:
    return Redirect(_back_to(one, "failure") or f"/checkout/v1/redirect?pref_id={one.id}", status_code=303)


def _ending(payment: Payment) -> str:
    if payment.status == "approved":
        return "success"
    return "pending" if payment.status in ("pending", "in_process") else "failure"


def _back_to(one: Preference, ending: str, payment: Payment | None = None) -> str | None:
    """Where the buyer goes back to, with what MercadoPago tells there; nobody signs that."""
    url = (one.terms.get("back_urls") or {}).get(ending)
    if not url:
        return None
    number = "null" if payment is None else str(payment.id)
    status = "null" if payment is None else payment.status
    fields = {
        "collection_id": number,
        "collection_status": status,
        "payment_id": number,
        "status": status,
        "external_reference": one.reference or "null",
        "payment_type": "null" if payment is None else payment.kind,
        "merchant_order_id": "null" if payment is None else str(one.merchant_order),
        "preference_id": one.id,
        "site_id": "MLA",
        "processing_mode": "aggregator",
        "merchant_account_id": "null",
    }
    return with_query(url, fields)
