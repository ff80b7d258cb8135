"""The API for sellers. Every answer's numbers keep their decimals, so bodies are encoded here and not by the framework."""

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import UploadFile
from litestar.di import Provide

from simulators.chassis.errors import Refused, invalid
from simulators.mercadopago import documents
from simulators.mercadopago.codec import dumps, minor_of, reading
from simulators.mercadopago.contract import body_faults, query_faults
from simulators.mercadopago.credentials import Seller
from simulators.mercadopago.errors import declined, not_found
from simulators.mercadopago.gateway import Gateway
from simulators.mercadopago.methods import METHODS
from simulators.mercadopago.payments import payments_between
from simulators.mercadopago.rules import Payment
from simulators.mercadopago.times import unix_of

__all__ = ["PREFIXES", "AnyRequest", "JsonAnswer", "answer", "authenticated", "router", "token_router"]

PREFIXES = ("/checkout/preferences", "/v1/", "/merchant_orders", "/oauth/token", "/users/")
LIMIT, LIMIT_MAX = 30, 1_000
DOCUMENT_TYPES = ("application/pdf", "image/jpeg", "image/png")
DOCUMENTS_BYTES_MAX = 10_000_000

AnyRequest = Request[Any, Any, Any]
JsonAnswer = Response[bytes]


def router() -> Router:
    """Every call proves whose it is; `seller` reaches the handlers only then."""
    return Router(
        "/",
        route_handlers=[
            *(create_preference, search_preferences, show_preference, update_preference),
            *(search_payments, show_payment, update_payment, cancel_payment),
            *(refund_payment, list_refunds, show_refund),
            *(search_merchant_orders, show_merchant_order, search_chargebacks, show_chargeback),
            *(document_chargeback, list_payment_methods, show_user),
        ],
        dependencies={"seller": Provide(authenticated, sync_to_thread=False)},
    )


def token_router() -> Router:
    """The call that gives out tokens, which needs none."""
    return Router("/", route_handlers=[issue_token])


def authenticated(request: AnyRequest, gateway: Gateway) -> Seller:
    """The seller whose token came. Raises `Refused` 401."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    seller = gateway.oauth.seller_of(token.strip()) if scheme.lower() == "bearer" else None
    if seller is None:
        raise Refused(401, "unauthorized", "The access token is invalid")
    return seller


def answer(document: object, status: int = 200) -> JsonAnswer:
    """A document as the API sends it."""
    return Response(dumps(document), status_code=status, media_type="application/json")


# --- preferences


@post("/checkout/preferences", status_code=201)
async def create_preference(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("create")
    one = gateway.preferences.create(seller, await _body(request))
    return answer(documents.preference(one, gateway.settings.public_url), 201)


@get("/checkout/preferences/search", sync_to_thread=False)
def search_preferences(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    query = _query(request, gateway, "/checkout/preferences/search")
    found = gateway.preferences.search(seller.user, reference=query.get("external_reference"))
    page, offset, limit = _page(found, query)
    shown = [documents.preference(one, gateway.settings.public_url) for one in page]
    return answer({"elements": shown, "next_offset": offset + limit, "total": len(found)})


@get("/checkout/preferences/{preference_id:str}", sync_to_thread=False)
def show_preference(preference_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    return answer(documents.preference(gateway.preferences.find(seller.user, preference_id), gateway.settings.public_url))


@put("/checkout/preferences/{preference_id:str}")
async def update_preference(request: AnyRequest, preference_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("create")
    one = gateway.preferences.update(seller, preference_id, await _body(request))
    return answer(documents.preference(one, gateway.settings.public_url))


# --- payments


@get("/v1/payments/search", sync_to_thread=False)
def search_payments(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    query = _query(request, gateway, "/v1/payments/search")
    found = gateway.payments.search(seller.user, reference=query.get("external_reference"), status=query.get("status"))
    if "range" in query:
        begin, end = (unix_of(query[name]) * 1000 if name in query else None for name in ("begin_date", "end_date"))
        found = payments_between(found, by=query["range"], begin_ms=begin, end_ms=end)
    page, offset, limit = _page(found if query["criteria"] == "asc" else found[::-1], query)
    paging = {"total": len(found), "limit": limit, "offset": offset}
    return answer({"paging": paging, "results": [_shown(gateway, one) for one in page]})


@get("/v1/payments/{payment_id:str}", sync_to_thread=False)
def show_payment(payment_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    return answer(_shown(gateway, gateway.payments.find(seller.user, _number(payment_id))))


@put("/v1/payments/{payment_id:str}")
async def update_payment(request: AnyRequest, payment_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    body = await _body(request)
    if faults := body_faults("/v1/payments/{id}", "put", body):
        raise invalid(f"{'; '.join(faults)}.")
    payment = gateway.payments.find(seller.user, _number(payment_id))
    if "capture" in body:
        raise declined(2063, f"The action requested is not valid for the current payment state: {payment.status}.")
    if body.get("status") != "cancelled":
        raise declined(1, "Nothing to change: status may be set to cancelled.")
    return answer(_shown(gateway, gateway.payments.cancel(seller.user, payment.id)))


@put("/v1/payments/{payment_id:str}/cancellations")
async def cancel_payment(request: AnyRequest, payment_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    if (await _body(request)).get("status") != "cancelled":
        raise declined(1, "status must be cancelled.")
    return answer(_shown(gateway, gateway.payments.cancel(seller.user, _number(payment_id))))


# --- refunds


@post("/v1/payments/{payment_id:str}/refunds", status_code=201)
async def refund_payment(request: AnyRequest, payment_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("refund")
    key = request.headers.get("x-idempotency-key")
    if not key:
        raise declined(4292, "Header X-Idempotency-Key can't be null")
    body = await _body(request)
    amount_minor = _refunded(body)

    def refund() -> bytes:
        return dumps(documents.refund(gateway.payments.refund(seller.user, _number(payment_id), amount_minor)))

    return _once(gateway, seller, key, f"{payment_id}\n{amount_minor}".encode(), refund)


@get("/v1/payments/{payment_id:str}/refunds", sync_to_thread=False)
def list_refunds(payment_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    payment = gateway.payments.find(seller.user, _number(payment_id))
    # The schema says an object; a list is what comes, as its name says.
    return answer([documents.refund(one) for one in gateway.payments.refunds_of(payment.id)])


@get("/v1/payments/{payment_id:str}/refunds/{refund_id:str}", sync_to_thread=False)
def show_refund(payment_id: str, refund_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    payment = gateway.payments.find(seller.user, _number(payment_id))
    for one in gateway.payments.refunds_of(payment.id):
        if str(one.id) == refund_id:
            return answer(documents.refund(one))
    raise not_found("Refund not found", cause=2032)


# --- merchant orders, chargebacks, methods, tokens


@get("/merchant_orders/search", sync_to_thread=False)
def search_merchant_orders(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    query = _query(request, gateway, "/merchant_orders/search")
    wanted = {"reference": query.get("external_reference"), "preference_id": query.get("preference_id")}
    orders = [gateway.order_of(one) for one in gateway.preferences.search(seller.user, **wanted)]
    orders = [one for one in orders if query.get("status") in (None, one.status)]
    page, offset, limit = _page(orders, query)
    return answer({"elements": [documents.merchant_order(one) for one in page], "next_offset": offset + limit, "total": len(orders)})


@get("/merchant_orders/{order_id:str}", sync_to_thread=False)
def show_merchant_order(order_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    one = gateway.preferences.of_order(seller.user, _number(order_id))
    if one is None:
        raise not_found(f"The merchant order with id {order_id} was not found.")
    return answer(documents.merchant_order(gateway.order_of(one)))


@get("/v1/chargebacks/search", sync_to_thread=False)
def search_chargebacks(request: AnyRequest, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    query = {name: str(value) for name, value in request.query_params.items()}
    found = gateway.payments.chargebacks.of_payment(seller.user, query.get("payment_id"))
    page, offset, limit = _page(found, query)
    return answer({"paging": {"total": len(found), "limit": limit, "offset": offset}, "results": page})


@get("/v1/chargebacks/{chargeback_id:str}", sync_to_thread=False)
def show_chargeback(chargeback_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    return answer(gateway.payments.chargebacks.find(seller.user, str(_number(chargeback_id))))


@post("/v1/chargebacks/{chargeback_id:str}/documentation", status_code=200, request_max_body_size=12 * 1024 * 1024)
async def document_chargeback(request: AnyRequest, chargeback_id: str, seller: Seller, gateway: Gateway) -> JsonAnswer:
    """Files of a dispute, in `files[]`: pictures and PDFs, of 10 MB together at most."""
    gateway.outage.require("query")
    files = []
    for upload in (await request.form()).getall("files[]", []):
        if not isinstance(upload, UploadFile) or upload.content_type not in DOCUMENT_TYPES:
            raise invalid("files[]: .jpg, .png or .pdf")
        files.append((upload.filename, len(await upload.read())))
    if not files or sum(size for _, size in files) > DOCUMENTS_BYTES_MAX:
        raise invalid("files[]: at least one file, and 10 MB at most")
    document = gateway.payments.chargebacks.document(seller.user, str(_number(chargeback_id)), files)
    gateway.payments.tell_chargeback(document["payments"][0], int(document["id"]))
    return answer(document)


@get("/v1/payment_methods", sync_to_thread=False)
def list_payment_methods(seller: Seller, gateway: Gateway) -> JsonAnswer:  # noqa: ARG001 - named, so that it is proven
    gateway.outage.require("query")
    return answer(METHODS)


@get("/users/me", sync_to_thread=False)
def show_user(seller: Seller, gateway: Gateway) -> JsonAnswer:
    gateway.outage.require("query")
    return answer(documents.user(seller.user))


@post("/oauth/token", status_code=200)
async def issue_token(request: AnyRequest, gateway: Gateway) -> JsonAnswer:
    return answer(gateway.oauth.token(await _body(request)))


async def _body(request: AnyRequest) -> dict[str, Any]:
    return reading(await request.body(), request.headers.get("content-type", ""))


def _query(request: AnyRequest, gateway: Gateway, path: str) -> dict[str, str]:
    """The query of a search, as its contract wants it. Raises `Refused` 400, or 503 while questions are not answered."""
    gateway.outage.require("query")
    query = {name: str(value) for name, value in request.query_params.items()}
    if faults := query_faults(path, "get", query):
        raise invalid(f"{'; '.join(faults)}.")
    return query


def _page(found: list[Any], query: Mapping[str, str]) -> tuple[list[Any], int, int]:
    offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", LIMIT)), LIMIT_MAX)
    return found[offset : offset + limit], offset, limit


def _shown(gateway: Gateway, payment: Payment) -> dict[str, Any]:
    return documents.payment(payment, gateway.payments.refunds_of(payment.id))


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise declined(1, "The id must be a number.")
    return int(text)


def _refunded(body: Mapping[str, Any]) -> int | None:
    amount = body.get("amount")
    if amount is None:
        return None
    minor = minor_of(amount)
    if minor is None:
        raise declined(4041, "The amount must be numeric, with at most two decimals.")
    if minor <= 0:
        raise declined(4040, "The amount must be positive.")
    return minor


def _once(gateway: Gateway, seller: Seller, key: str, request: bytes, decide: Callable[[], bytes]) -> JsonAnswer:
    """The answer to a key, the first one again when the call is repeated."""
    try:
        given, _ = gateway.answers.once(str(seller.user), key, request, decide)
    except Refused as refusal:
        if refusal.code != "idempotency_conflict":
            raise
        raise declined(2032, "This X-Idempotency-Key was used for another request.", status=409) from None
    return Response(given, status_code=201, media_type="application/json")
