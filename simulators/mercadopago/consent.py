"""The page where a seller lets an application act for them, as auth.mercadopago.com.ar shows it."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect

from simulators.chassis.errors import invalid
from simulators.chassis.reading import from_texts
from simulators.mercadopago.credentials import new_user
from simulators.mercadopago.forms import ConsentForm
from simulators.mercadopago.gateway import Gateway
from simulators.mercadopago.html import html
from simulators.mercadopago.pages import fields_of, with_query

__all__ = ["handlers"]

AnyRequest = Request[Any, Any, Any]


def handlers() -> list[Any]:
    """Asking, and the answer."""
    return [show_consent, consent]


@get("/authorization", sync_to_thread=False)
def show_consent(request: AnyRequest, gateway: Gateway) -> Response[str]:
    query = fields_of(request.scope["query_string"])
    if query.get("response_type") != "code" or not query.get("client_id", "").isdigit():
        raise invalid("response_type must be code, and client_id the number of an application.")
    if not query.get("state"):
        raise invalid("state is missing: whoever comes back could not be told from a stranger.")
    if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
        raise invalid("code_challenge_method must be S256.")
    gateway.settings.require_allowed("redirect_uri", query.get("redirect_uri", ""))
    hidden = {name: query[name] for name in ("client_id", "redirect_uri", "state", "code_challenge") if query.get(name)}
    return html("consent.html", leads_to=query["redirect_uri"], hidden=hidden, client_id=query["client_id"], user=new_user())


@post("/authorization")
async def consent(request: AnyRequest, gateway: Gateway) -> Redirect:
    form = from_texts({name: text for name, text in fields_of(await request.body()).items() if text}, ConsentForm)
    gateway.settings.require_allowed("redirect_uri", form.redirect_uri)
    if form.answer == "deny":
        return Redirect(with_query(form.redirect_uri, {"error": "access_denied", "state": form.state}), status_code=303)
    code = gateway.oauth.authorize(form.client_id, form.user_id, form.redirect_uri, form.code_challenge)
    return Redirect(with_query(form.redirect_uri, {"code": code, "state": form.state}), status_code=303)
