"""What the buyer sees: the hosted page of a session, their bank's page, and refusals. And the page where an account begins."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect
from msgspec import Meta

from simulators.chassis.errors import Refused, invalid
from simulators.chassis.faults import NoticeDials
from simulators.chassis.reading import from_texts
from simulators.stripe.cards import is_card_number
from simulators.stripe.documents import Document
from simulators.stripe.gateway import Gateway
from simulators.stripe.html import html
from simulators.stripe.keys import new_account, secret_key

__all__ = ["handlers", "refusal_page"]

AnyRequest = Request[Any, Any, Any]

FORM_TYPE = "application/x-www-form-urlencoded"
FIELDS_MAX = 40

_EXPIRY = re.compile(r"(0[1-9]|1[0-2]) ?/ ?(\d{2})")
_DECLINES = {
    "insufficient_funds": "La tarjeta no tiene fondos suficientes. Probá con otra.",
    "expired_card": "La tarjeta está vencida. Probá con otra.",
    "incorrect_cvc": "El código de seguridad no es correcto.",
    "authentication_required": "Tu banco no pudo confirmar que sos vos. Probá de nuevo o con otra tarjeta.",
}
_DECLINED = "Tu banco rechazó el pago. Probá con otra tarjeta."
_REFUSALS = {
    "expired": ("Esta página de pago venció", "No se te cobró nada. Volvé al comercio para empezar de nuevo."),
    "already_paid": ("Este pago ya está hecho", "No hace falta que pagues otra vez. Volvé al comercio para ver tu compra."),
    "not_found": ("No encontramos esta página", "Revisá que la dirección esté completa, o volvé al comercio y empezá de nuevo."),
    "admin_from_loopback_only": ("Acceso restringido", "La administración solo se puede abrir desde la máquina donde corre el simulador."),
}
_OTHER_REFUSAL = ("No pudimos procesar este pedido", "No se te cobró nada. Volvé al comercio y empezá el pago de nuevo.")


class PayForm(NoticeDials, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The form of the hosted page: a card, or the bank account of the test bank; and the dials of the payment's notices."""

    method: Literal["card", "us_bank_account"] = "card"
    card_number: Annotated[str, Meta(max_length=30)] = ""
    card_expiry: Annotated[str, Meta(max_length=7)] = ""
    card_cvc: Annotated[str, Meta(max_length=4)] = ""
    email: Annotated[str, Meta(max_length=800)] | None = None


class AuthenticateForm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the buyer does at their bank."""

    outcome: Literal["complete", "fail"]


def handlers() -> list[Any]:
    """The pages outside of the administration."""
    return [start, new_account_page, show_page, pay, show_bank, authenticate]


@get("/", sync_to_thread=False)
def start() -> Redirect:
    return Redirect("/accounts/new", status_code=302)


@get("/accounts/new", sync_to_thread=False)
def new_account_page(gateway: Gateway) -> Response[str]:
    account = new_account()
    return html(
        "account.html", account=account, key=secret_key(account, master_key=gateway.master_key), public_url=gateway.settings.public_url
    )


@get("/c/pay/{session_id:str}", sync_to_thread=False)
def show_page(session_id: str, gateway: Gateway) -> Response[str]:
    _, session = gateway.sessions.on_page(session_id)
    _require_open(gateway, session)
    return _page(session)


@post("/c/pay/{session_id:str}")
async def pay(request: AnyRequest, session_id: str, gateway: Gateway) -> Response[Any]:
    form = from_texts({name: text for name, text in (await _fields(request)).items() if text}, PayForm)
    owner, session = gateway.sessions.on_page(session_id)
    _require_open(gateway, session)
    if form.method not in session["payment_method_types"]:
        raise invalid(f"The session does not take {form.method}.")
    dials = {name: value for name, value in msgspec.structs.asdict(form).items() if name in NoticeDials.__struct_fields__}
    number = re.sub(r"[ -]", "", form.card_number)
    fault = _fault_of(form, number) if form.method == "card" else None
    if fault is not None:
        return _page(session, fault=fault, status=422)
    with gateway.database.transaction():
        if form.method == "card":
            outcome = gateway.paying.by_card(owner, session, number, form.email, dials)
        else:
            outcome = gateway.paying.by_bank_account(owner, session, form.email, dials)
    gateway.outgoing.wake()
    if outcome == "authenticate":
        return Redirect(f"/c/pay/{session_id}/bank", status_code=303)
    return _after(gateway, session_id, outcome)


@get("/c/pay/{session_id:str}/bank", sync_to_thread=False)
def show_bank(session_id: str, gateway: Gateway) -> Response[str]:
    _, session = gateway.sessions.on_page(session_id)
    return html("bank.html", session=session, leads_to=session["success_url"])


@post("/c/pay/{session_id:str}/bank")
async def authenticate(request: AnyRequest, session_id: str, gateway: Gateway) -> Response[Any]:
    form = from_texts(await _fields(request), AuthenticateForm)
    owner, session = gateway.sessions.on_page(session_id)
    _require_open(gateway, session)
    with gateway.database.transaction():
        outcome = gateway.paying.authenticated(owner, session, is_done=form.outcome == "complete")
    gateway.outgoing.wake()
    return _after(gateway, session_id, outcome)


def refusal_page(refused: Refused) -> Response[str]:
    """A refusal in the buyer's language, its technical cause below for whoever looks after the merchant's software."""
    title, text = _REFUSALS.get(refused.code, _OTHER_REFUSAL)
    return html("refusal.html", status=refused.status, title=title, text=text, refusal=refused)


def _after(gateway: Gateway, session_id: str, outcome: str) -> Response[Any]:
    _, session = gateway.sessions.on_page(session_id)
    if outcome == "declined":
        intent = gateway.documents.anyones(session["payment_intent"])
        assert intent is not None, "a declined session has an intent"
        error = intent[1]["last_payment_error"]
        return _page(session, fault=_DECLINES.get(error["decline_code"], _DECLINED), status=402)
    return Redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), status_code=303)


def _page(session: Document, *, fault: str | None = None, status: int = 200) -> Response[str]:
    return html("pay.html", status=status, session=session, items=session["_items"], fault=fault, leads_to=session["success_url"])


def _require_open(gateway: Gateway, session: Document) -> None:
    back_to = session["cancel_url"] or session["success_url"]
    if session["status"] == "complete":
        raise Refused(409, "already_paid", f"The session {session['id']} is complete.", back_to=back_to)
    if session["status"] == "expired" or session["expires_at"] <= gateway.behaviours.time():
        raise Refused(410, "expired", f"The session {session['id']} has expired.", back_to=back_to)


def _fault_of(form: PayForm, number: str) -> str | None:
    if not is_card_number(number):
        return "El número de la tarjeta no es válido."
    if _EXPIRY.fullmatch(form.card_expiry) is None:
        return "Escribí el vencimiento como MM/AA."
    if not (form.card_cvc.isascii() and form.card_cvc.isdecimal() and len(form.card_cvc) in (3, 4)):
        return "El código de seguridad tiene 3 o 4 números."
    return None


async def _fields(request: AnyRequest) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused(415, "unsupported_media_type", f"Send the form as {FORM_TYPE}.")
    try:
        pairs = parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise invalid("The fields are not URL-encoded UTF-8.") from None
    return dict(pairs)
