"""The API for merchants, under `/v1`."""

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import Provide

from simulators.chassis.errors import Refused, invalid
from simulators.chassis.reading import from_json
from simulators.sandbox.credentials import is_merchant, same
from simulators.sandbox.gateway import Gateway
from simulators.sandbox.rules import Payment, Refund
from simulators.sandbox.sessions import Session
from simulators.sandbox.wire import Charge, RefundBody, SessionBody

__all__ = ["router", "the_query"]

AnyRequest = Request[Any, Any, Any]


def router() -> Router:
    """Every call names its merchant and proves it; `merchant` reaches the handlers only then."""
    return Router(
        "/v1",
        route_handlers=[list_payments, show_payment, refund_payment, show_refund, open_session, show_session, expire_session],
        dependencies={"merchant": Provide(authenticated, sync_to_thread=False)},
    )


def authenticated(request: AnyRequest, gateway: Gateway) -> str:
    """The merchant that signs in with its secret. Raises `Refused` 401."""
    merchant = request.headers.get("x-merchant", "")
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_merchant(merchant) or not same(secret.strip(), gateway.secret_of(merchant)):
        raise Refused(401, "unauthorized", "Send X-Merchant and the secret of that merchant as Authorization: Bearer.")
    return merchant


def the_query(request: AnyRequest, *, required: frozenset[str] = frozenset(), optional: frozenset[str] = frozenset()) -> dict[str, str]:
    """The query's fields, each at most once. Raises `Refused` 400 for one that is unknown, repeated or missing."""
    pairs = list(request.query_params.multi_items())
    fields = {name: str(value) for name, value in pairs}
    if unknown := sorted(fields.keys() - required - optional):
        raise invalid(f"Unknown query field {unknown[0]}.")
    if missing := sorted(required - fields.keys()):
        raise invalid(f"Query field {missing[0]} is missing.")
    if len(fields) != len(pairs):
        raise invalid("A query field is given twice.")
    return fields


@get("/payments", sync_to_thread=False)
def list_payments(request: AnyRequest, merchant: str, gateway: Gateway) -> dict[str, list[Payment]]:
    reference = the_query(request, required=frozenset({"reference"}))["reference"]
    return {"payments": gateway.payments.of_reference(merchant, reference)}


@get("/payments/{payment_id:str}", sync_to_thread=False)
def show_payment(request: AnyRequest, merchant: str, payment_id: str, gateway: Gateway) -> Payment:
    the_query(request)
    return gateway.payments.find(merchant, payment_id)


@post("/payments/{payment_id:str}/refunds")
async def refund_payment(request: AnyRequest, merchant: str, payment_id: str, gateway: Gateway) -> Response[bytes]:
    refund = from_json(await request.body(), request.headers.get("content-type", ""), RefundBody)
    return _once(gateway, merchant, request, refund, lambda: gateway.payments.refund(merchant, payment_id, refund.amount_minor))


@get("/payments/{payment_id:str}/refunds/{refund_id:str}", sync_to_thread=False)
def show_refund(request: AnyRequest, merchant: str, payment_id: str, refund_id: str, gateway: Gateway) -> Refund:
    the_query(request)
    return gateway.payments.find_refund(merchant, payment_id, refund_id)


@post("/sessions")
async def open_session(request: AnyRequest, merchant: str, gateway: Gateway) -> Response[bytes]:
    terms = from_json(await request.body(), request.headers.get("content-type", ""), SessionBody)
    if terms.merchant not in (None, merchant):
        raise invalid("merchant differs from X-Merchant.")
    charge = msgspec.convert({**msgspec.structs.asdict(terms), "merchant": merchant}, Charge)
    gateway.check(charge)
    return _once(gateway, merchant, request, charge, lambda: gateway.sessions.open(charge))


@get("/sessions/{session_id:str}", sync_to_thread=False)
def show_session(request: AnyRequest, merchant: str, session_id: str, gateway: Gateway) -> Session:
    the_query(request)
    return gateway.sessions.find(merchant, session_id)


@post("/sessions/{session_id:str}/expire", status_code=200, sync_to_thread=False)
def expire_session(request: AnyRequest, merchant: str, session_id: str, gateway: Gateway) -> Session:
    the_query(request)
    return gateway.sessions.expire(merchant, session_id)


def _once(gateway: Gateway, merchant: str, request: AnyRequest, body: object, decide: Callable[[], object]) -> Response[bytes]:
    answer, is_repeated = gateway.answers.once(
        merchant,
        request.headers.get("idempotency-key"),
        request.url.path.encode() + b"\n" + msgspec.json.encode(body),
        lambda: msgspec.json.encode(decide()),
    )
    headers = {"idempotent-replayed": "true"} if is_repeated else {}
    return Response(answer, status_code=201, media_type="application/json", headers=headers)
