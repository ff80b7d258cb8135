"""The API under `/v1`: who calls, what they may send, and which act that is."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, route

from simulators.stripe import parameters as p
from simulators.stripe.documents import Document, new_id
from simulators.stripe.errors import ApiError, invalid
from simulators.stripe.events import DEFAULT_VERSION
from simulators.stripe.forms import nested
from simulators.stripe.gateway import Gateway
from simulators.stripe.idempotency import Answer
from simulators.stripe.keys import Account
from simulators.stripe.shapes import Fields, read

__all__ = ["answer_call", "refusal"]

AnyRequest = Request[Any, Any, Any]

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z_]+)?")


@dataclass(frozen=True)
class Call:
    """A call that was understood."""

    account: Account
    id: str
    params: dict[str, Any]
    path: str

    @property
    def owner(self) -> str:
        return self.account.owner


Act = Callable[[Gateway, Call], dict[str, Any]]


def _listed(kind: str, *names: str) -> Act:
    """A list of that kind, narrowed by the parameters of these names."""
    return lambda g, c: g.lists.page(c.owner, kind, c.path, c.params, **{name: c.params.get(name) for name in names})


def _retrieved(kind: str, param: str = "id") -> Act:
    return lambda g, c: g.documents.get(c.owner, kind, c.id, param)


def _transactions(g: Gateway, c: Call) -> dict[str, Any]:
    narrowed = {name: c.params.get(name) for name in ("source", "type", "currency")}
    return g.lists.page(c.owner, "balance_transaction", c.path, c.params, **narrowed, _payout=c.params.get("payout"))


_ROUTES: tuple[tuple[str, str, Fields, Act], ...] = (
    ("POST", "/checkout/sessions", p.CREATE_SESSION, lambda g, c: g.sessions.create(c.owner, c.params)),
    ("GET", "/checkout/sessions", p.LIST_SESSIONS, _listed("checkout.session", "payment_intent", "status")),
    ("GET", "/checkout/sessions/{id}", p.RETRIEVE, _retrieved("checkout.session", "session")),
    ("POST", "/checkout/sessions/{id}/expire", p.EXPIRE_SESSION, lambda g, c: g.sessions.expire(c.owner, c.id)),
    (
        "GET",
        "/checkout/sessions/{id}/line_items",
        p.LIST_LINE_ITEMS,
        lambda g, c: g.lists.of(c.owner, c.path, g.sessions.line_items(c.owner, c.id), c.params),
    ),
    ("GET", "/payment_intents/search", p.SEARCH_INTENTS, lambda g, c: g.lists.search(c.owner, c.path, c.params)),
    ("GET", "/payment_intents/{id}", p.RETRIEVE, _retrieved("payment_intent", "intent")),
    ("POST", "/payment_intents/{id}/capture", p.CAPTURE_INTENT, lambda g, c: g.paying.capture(c.owner, c.id, c.params)),
    ("POST", "/payment_intents/{id}/cancel", p.CANCEL_INTENT, lambda g, c: g.paying.cancel(c.owner, c.id, c.params)),
    ("GET", "/charges", p.LIST_CHARGES, _listed("charge", "payment_intent")),
    ("GET", "/charges/{id}", p.RETRIEVE, _retrieved("charge")),
    ("GET", "/balance", p.RETRIEVE, lambda g, c: g.balance.standing(c.owner)),
    ("GET", "/balance_transactions", p.LIST_BALANCE_TRANSACTIONS, _transactions),
    ("GET", "/balance_transactions/{id}", p.RETRIEVE, _retrieved("balance_transaction")),
    ("POST", "/refunds", p.CREATE_REFUND, lambda g, c: g.refunds.create(c.owner, c.params)),
    ("GET", "/refunds", p.LIST_REFUNDS, _listed("refund", "charge", "payment_intent")),
    ("GET", "/refunds/{id}", p.RETRIEVE, _retrieved("refund")),
    ("GET", "/disputes", p.LIST_DISPUTES, _listed("dispute", "charge", "payment_intent")),
    ("GET", "/disputes/{id}", p.RETRIEVE, _retrieved("dispute")),
    ("POST", "/disputes/{id}", p.UPDATE_DISPUTE, lambda g, c: g.disputes.update(c.owner, c.id, c.params)),
    ("POST", "/disputes/{id}/close", p.CLOSE_DISPUTE, lambda g, c: g.disputes.close(c.owner, c.id)),
    ("GET", "/events", p.LIST_EVENTS, _listed("event", "type")),
    ("GET", "/events/{id}", p.RETRIEVE, _retrieved("event")),
    ("GET", "/payouts", p.LIST_PAYOUTS, _listed("payout", "status")),
    ("GET", "/payouts/{id}", p.RETRIEVE, _retrieved("payout")),
    ("POST", "/webhook_endpoints", p.CREATE_ENDPOINT, lambda g, c: g.endpoints.create(c.account, c.params)),
    ("GET", "/webhook_endpoints", p.LIST_ENDPOINTS, _listed("webhook_endpoint")),
    ("GET", "/webhook_endpoints/{id}", p.RETRIEVE, _retrieved("webhook_endpoint")),
    ("POST", "/webhook_endpoints/{id}", p.UPDATE_ENDPOINT, lambda g, c: g.endpoints.update(c.account, c.id, c.params)),
)
_COMPILED = [
    (method, re.compile("/v1" + path.replace("{id}", r"(?P<id>[A-Za-z0-9_]{1,255})")), shape, act) for method, path, shape, act in _ROUTES
]


@route("/v1/{path:path}", http_method=["GET", "POST"])
async def answer_call(request: AnyRequest, gateway: Gateway) -> Response[bytes]:
    """Every call of the API."""
    request_id = new_id("req_", 14)
    headers = {"request-id": request_id, "stripe-version": request.headers.get("stripe-version", DEFAULT_VERSION)}
    key = request.headers.get("idempotency-key")
    if key is not None and request.method == "POST":
        headers["idempotency-key"] = key
    answer = await _answer(request, gateway, request_id, key)
    if answer.is_replayed:
        headers["idempotent-replayed"] = "true"
    if answer.status == 401:
        headers["www-authenticate"] = 'Basic realm="Stripe"'
    gateway.outgoing.wake()
    return Response(answer.body, status_code=answer.status, media_type="application/json", headers=headers)


def refusal(error: ApiError) -> Answer:
    """An error as it is answered."""
    return Answer(error.status, msgspec.json.encode(error.body))


async def _answer(request: AnyRequest, gateway: Gateway, request_id: str, key: str | None) -> Answer:
    path, method = request.url.path, request.method
    body = await request.body()
    try:
        account = _authenticated(request, gateway)
        _check_headers(request, gateway, path)
        shape, act, id_ = _route(method, path)
        params = read(shape, nested(body if method == "POST" else request.scope["query_string"]))
        call = Call(account, id_, params, path)

        def carry_out() -> Document:
            gateway.events.request = (request_id, key if method == "POST" else None)
            document = act(gateway, call)
            is_list = document["object"] in ("list", "search_result")
            return document if is_list else gateway.lists.expanded(call.owner, document, params)

        if method == "POST":
            return await gateway.keys.once(call.owner, key, path.encode() + b"\n" + body, carry_out)
        return Answer(200, msgspec.json.encode(carry_out()))
    except ApiError as error:
        return refusal(error)
    finally:
        gateway.events.request = (None, None)


def _authenticated(request: AnyRequest, gateway: Gateway) -> Account:
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    key = proof.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    elif scheme.lower() != "bearer":
        raise ApiError(status=401, message="You did not provide an API key.")
    account = gateway.account_of(key)
    if account is None:
        raise ApiError(status=401, message=f"Invalid API Key provided: {key[:8]}****")
    return account


def _check_headers(request: AnyRequest, gateway: Gateway, path: str) -> None:
    version = request.headers.get("stripe-version")
    if version is not None and _VERSION.fullmatch(version) is None:
        raise invalid(f"Invalid Stripe API version: {version}")
    if "stripe-account" in request.headers:
        raise ApiError(status=403, message="The provided key does not have access to that account.", code="account_invalid")
    behaviour = gateway.behaviours.now
    if any(path.startswith(prefix) for prefix in behaviour.outage):
        status = behaviour.outage_status
        type_ = "rate_limit_error" if status == 429 else "api_error"
        raise ApiError(
            status=status, type=type_, message="Stripe is out of order here for a moment.", code="rate_limit" if status == 429 else None
        )
    content_type = request.headers.get("content-type", "application/x-www-form-urlencoded").partition(";")[0].strip().lower()
    if request.method == "POST" and content_type != "application/x-www-form-urlencoded":
        raise invalid("Send the parameters as application/x-www-form-urlencoded.")


def _route(method: str, path: str) -> tuple[Fields, Act, str]:
    for of_method, pattern, shape, act in _COMPILED:
        match = pattern.fullmatch(path)
        if match is not None and of_method == method:
            return shape, act, match.groupdict().get("id", "")
    raise ApiError(status=404, message=f"Unrecognized request URL ({method}: {path}).")
