"""The API: card tokens with a site's public key, everything else with its private one."""

from datetime import UTC, datetime
from typing import Any

from litestar import MediaType, Request, Response, Router, delete, get, post, put, route
from litestar.di import Provide
from litestar.enums import HttpMethod

from simulators.payway.cards import BRANDS
from simulators.payway.errors import Failed, invalid
from simulators.payway.gateway import Gateway
from simulators.payway.payments import Page
from simulators.payway.refunds import History
from simulators.payway.rules import Payment
from simulators.payway.tokens import TokenShown
from simulators.payway.wire import AMOUNT_MAX, amount_of, card_of, document_of, payment_of

__all__ = ["routers"]

AnyRequest = Request[Any, Any, Any]

PAGE_SIZE = 50
PAGE_SIZE_MAX = 100
CORS = {"access-control-allow-origin": "*"}
PREFLIGHT = {
    **CORS,
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "apikey, content-type, cache-control, x-source",
    "access-control-max-age": "600",
}


def routers() -> list[Router]:
    """Version 2, and the batch close of version 1. Every call but the browsers' preflight proves whose it is."""
    dependencies = {"site": Provide(private_site, sync_to_thread=False)}
    private = [list_payments, charge, show_payment, capture, refund, list_refunds, cancel_refund]
    return [
        Router("/api/v2", route_handlers=[allow_tokens, make_token, health]),
        Router("/api/v2", route_handlers=private, dependencies=dependencies),
        Router("/api/v1", route_handlers=[close_batch], dependencies=dependencies),
    ]


def private_site(request: AnyRequest, gateway: Gateway) -> str:
    """The site whose private key was sent. Raises `Failed` 401 or 403."""
    return gateway.sites.of_key(request.headers.get("apikey"), "private")


@route("/tokens", http_method=HttpMethod.OPTIONS, status_code=204, sync_to_thread=False)
def allow_tokens() -> Response[None]:
    """The preflight of a browser: tokens are made from any site's page."""
    return Response(None, status_code=204, headers=PREFLIGHT)


@post("/tokens")
async def make_token(request: AnyRequest, gateway: Gateway) -> Response[TokenShown]:
    site = gateway.sites.of_key(request.headers.get("apikey"), "public")
    gateway.switchboard.require("tokens")
    card = card_of(document_of(await request.body()), now=datetime.now(UTC))
    shown = gateway.tokens.make(site, card, lasts_seconds=gateway.sites.find(site).token_seconds)
    return Response(shown, status_code=201, headers=CORS)


@get("/healthcheck", media_type=MediaType.TEXT, sync_to_thread=False)
def health() -> str:
    """JSON, but not said to be: its clients decode it themselves."""
    return '{"name":"Payway simulator","version":"2.0","buildTime":"2026-01-01T00:00:00Z"}'


@post("/payments")
async def charge(request: AnyRequest, site: str, gateway: Gateway) -> Response[Payment]:
    gateway.switchboard.require("charges")
    order = payment_of(document_of(await request.body()))
    dials = gateway.switchboard.now
    payment = gateway.payments.charge(site, gateway.sites.find(site), order, dials)
    await gateway.pause(dials.answer_after_ms)
    if gateway.switchboard.take_loss():
        await gateway.keep_silent()
    if gateway.switchboard.take_conflict():
        raise Failed(409, {"error_type": "api_error"})
    return Response(payment, status_code=402 if payment.status == "rejected" else 201)


@get("/payments", sync_to_thread=False)
def list_payments(request: AnyRequest, site: str, gateway: Gateway) -> Page:
    """Of all its payments, or of those of one reference. Another site's number finds nothing."""
    gateway.switchboard.require("queries")
    query = request.query_params
    offset, size = _whole(query.get("offset"), "offset", 0), _whole(query.get("pageSize"), "pageSize", PAGE_SIZE)
    wanted = query.get("merchantId") or query.get("siteId") or site
    if wanted != site:
        return Page(size, offset, [], False)
    return gateway.payments.page(site, reference=query.get("siteOperationId"), offset=offset, limit=min(max(size, 1), PAGE_SIZE_MAX))


@get("/payments/{payment_id:str}", sync_to_thread=False)
def show_payment(request: AnyRequest, site: str, payment_id: str, gateway: Gateway) -> Payment:
    gateway.switchboard.require("queries")
    payment = gateway.payments.find(site, payment_id)
    return gateway.payments.with_card(payment) if request.query_params.get("expand") == "card_data" else payment


@put("/payments/{payment_id:str}")
async def capture(request: AnyRequest, site: str, payment_id: str, gateway: Gateway) -> Payment:
    gateway.switchboard.require("captures")
    taken = gateway.payments.capture(site, payment_id, amount_of(document_of(await request.body()), most=AMOUNT_MAX))
    if gateway.switchboard.take_loss():
        await gateway.keep_silent()
    return taken


@post("/payments/{payment_id:str}/refunds")
async def refund(request: AnyRequest, site: str, payment_id: str, gateway: Gateway) -> Response[Any]:
    gateway.switchboard.require("refunds")
    amount = amount_of(document_of(await request.body()), most=AMOUNT_MAX)
    made = gateway.refunds.make(site, payment_id, amount)
    if gateway.switchboard.take_loss():
        await gateway.keep_silent()
    return Response(made, status_code=201)


@get("/payments/{payment_id:str}/refunds", sync_to_thread=False)
def list_refunds(site: str, payment_id: str, gateway: Gateway) -> History:
    gateway.switchboard.require("queries")
    return gateway.refunds.history(site, payment_id)


@delete("/payments/{payment_id:str}/refunds/{refund_id:str}", status_code=200, sync_to_thread=False)
def cancel_refund(site: str, payment_id: str, refund_id: str, gateway: Gateway) -> Any:
    gateway.switchboard.require("refunds")
    return gateway.refunds.cancel(site, payment_id, refund_id)


@post("/closures/batchclosure", status_code=200)
async def close_batch(request: AnyRequest, site: str, gateway: Gateway) -> dict[str, Any]:
    document = document_of(await request.body())
    missing = [("missing", name) for name in ("username", "site_id", "payment_method_id") if not document.get(name)]
    if missing:
        raise invalid(missing)
    method = int(document["payment_method_id"]) if str(document["payment_method_id"]).isdigit() else 0
    if str(document["site_id"]) != site or method not in BRANDS:
        raise invalid([("invalid_param", "site_id" if str(document["site_id"]) != site else "payment_method_id")])
    return {"site_id": site, "payment_method_id": method, "closed": gateway.payments.close_batch(site, method)}


def _whole(text: str | None, name: str, default: int) -> int:
    if text is None or text == "":
        return default
    if not text.isdigit():
        raise invalid([("invalid_param", name)])
    return int(text)
