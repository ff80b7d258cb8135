"""One contract over both lanes: what the hot lane answers, Litestar answers with the lane off, to the member and to the header."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pprint import pformat
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from alltickets.kernel.ids import new_id
from bench.people import Buyer, Organizer, Sale, Steward
from bench.plain import PLAIN
from bench.stack import Stack, free_port
from tests.journeys.gateway import Gateway

BODY_BYTES_MAX = 262_144
HOLDS_PER_ADDRESS_MAX = 20
ADDRESS = "203.0.113.7"
UNCOMPARED_HEADERS = {"date", "content-length", "x-request-id", "connection"}


@dataclass
class Town:
    """A shop that is open, on both lanes, and what can be asked of it."""

    lane_url: str
    framework_url: str
    organizer: Organizer
    sale: Sale
    steward: Steward
    gateway: Gateway
    held: str
    ordered: str
    order: dict[str, Any]
    ticket_code: str
    free_to_order: Iterator[str]


@dataclass(frozen=True)
class Ask:
    """A request that both lanes get."""

    method: str
    path: str
    body: object = None
    content: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, url: str) -> httpx.Response:
        headers = {"content-type": "application/json", **self.headers}
        content = json.dumps(self.body).encode() if self.content is None and self.body is not None else self.content
        return httpx.request(self.method, f"{url}{self.path}", content=content, headers=headers, timeout=30, verify=PLAIN)


@pytest.fixture(scope="module")
def town(stack: Stack) -> Iterator[Town]:
    port = free_port()
    framework = stack.serve(port=port, settings={"ALLTICKETS_HOT_LANE": "off"})
    organizer = Organizer(stack.url)
    organizer.connect_sandbox()
    sale = organizer.publish(capacity=60, ticket_type={"per_order_max": None})
    buyer = Buyer(stack.url)
    held = buyer.hold(sale, 1).json()["hold_id"]
    order = buyer.order(sale, held).json()
    buyer.pay(order)
    paid = buyer.paid(order)
    waiting = [Buyer(stack.url).hold(sale, 1).json()["hold_id"] for _ in range(4)]
    for _ in range(HOLDS_PER_ADDRESS_MAX):
        Ask("PUT", f"/api/shop/holds/{uuid4()}", _hold(sale), headers={"x-forwarded-for": ADDRESS}).send(stack.url).raise_for_status()
    yield Town(
        stack.url,
        f"http://127.0.0.1:{port}",
        organizer,
        sale,
        organizer.steward(sale),
        Gateway(organizer),
        held,
        order["order_id"],
        order,
        paid["tickets"][0]["code"],
        iter(waiting),
    )
    framework.stop()


def _hold(sale: Sale, quantity: object = 1, **more: object) -> dict[str, object]:
    return {"event_id": str(sale.event_id), "visitor_id": str(uuid4()), "lines": [{**sale.line(1), "quantity": quantity}], **more}


def _order(sale: Sale, hold_id: str, **more: object) -> dict[str, object]:
    buyer = {"name": "Julia Ríos", "mail": "julia@example.com", "document": "30123456"}
    return {"event_id": str(sale.event_id), "hold_id": hold_id, "buyer": buyer, **more}


def hold(body: Callable[[Sale], object], **more: Any) -> Callable[[Town], Ask]:
    return lambda town: Ask("PUT", f"/api/shop/holds/{new_id()}", body(town.sale), **more)


def order(body: Callable[[Town], object], order_id: Callable[[Town], object] = lambda _: new_id()) -> Callable[[Town], Ask]:
    return lambda town: Ask("PUT", f"/api/shop/orders/{order_id(town)}", body(town))


def scan(body: Callable[[Town], object], **more: Any) -> Callable[[Town], Ask]:
    return lambda town: Ask("POST", "/api/gate/scans", body(town), headers={"authorization": f"Bearer {town.steward.token}"}, **more)


def _scan(town: Town, **more: object) -> dict[str, object]:
    return {"scan_id": str(new_id()), "checkpoint_id": str(town.steward.checkpoint_id), "code": town.ticket_code, **more}


def callback(content: Callable[[Town], bytes], *, secret: str | None = None, account_id: UUID | None = None) -> Callable[[Town], Ask]:
    def ask(town: Town) -> Ask:
        body = content(town)
        path = town.gateway.path if account_id is None else f"/api/payments/callbacks/sandbox/{account_id}"
        return Ask("POST", path, content=body, headers=town.gateway.headers(body, secret=secret))

    return ask


PLACES: dict[str, tuple[str, Callable[[Town], str]]] = {
    "hold": ("PUT", lambda _: f"/api/shop/holds/{new_id()}"),
    "order": ("PUT", lambda _: f"/api/shop/orders/{new_id()}"),
    "scan": ("POST", lambda _: "/api/gate/scans"),
    "callback": ("POST", lambda town: town.gateway.path),
}
BODIES = {
    "no body": b"",
    "half a body": b'{"event_id": "',
    "two values": b"{} {}",
    "not UTF-8": b'{"event_id": "\xff"}',
    "half of a surrogate pair": b'{"event_id": "\\ud800"}',
    "a list": b"[]",
    "null": b"null",
    "a word": b'"hold"',
    "nested without end": b'{"event_id": ' + b"[" * 100_000,
    "no fields": b"{}",
    "an unknown field": b'{"event": 1}',
    "a huge body": b'{"event_id": "' + b"a" * BODY_BYTES_MAX + b'"}',
    "a form": b"event_id=1&quantity=2",
}
ASKS: dict[str, Callable[[Town], Ask]] = {
    "hold": hold(_hold),
    "hold: without a content type": hold(_hold, headers={"content-type": "text/plain"}),
    "hold: a number as text": hold(lambda sale: _hold(sale, "1")),
    "hold: a number with a point": hold(lambda sale: _hold(sale, 1.0)),
    "hold: true for one": hold(lambda sale: _hold(sale, True)),
    "hold: no places": hold(lambda sale: _hold(sale, 0)),
    "hold: absurdly many": hold(lambda sale: _hold(sale, 10**40)),
    "hold: a bad id in the body": hold(lambda sale: _hold(sale, event_id="1")),
    "hold: no line": hold(lambda sale: _hold(sale, lines=[])),
    "hold: a line twice": hold(lambda sale: _hold(sale, lines=[sale.line(1), sale.line(1)])),
    "hold: a control character": hold(lambda sale: _hold(sale, campaign="a\0b")),
    "hold: more than is left": hold(lambda sale: _hold(sale, 100)),
    "hold: another's event": hold(lambda sale: _hold(sale, event_id=str(uuid4()))),
    "hold: an id used for another": lambda town: Ask("PUT", f"/api/shop/holds/{town.held}", _hold(town.sale, 2)),
    "hold: too many of one address": hold(_hold, headers={"x-forwarded-for": ADDRESS}),
    "hold: an id that is none": lambda town: Ask("PUT", "/api/shop/holds/1", _hold(town.sale)),
    "hold: an id without its hyphens": lambda town: Ask("PUT", f"/api/shop/holds/{uuid4().hex}", _hold(town.sale)),
    "hold: an id in capitals": lambda town: Ask("PUT", f"/api/shop/holds/{str(uuid4()).upper()}", _hold(town.sale)),
    "hold: an empty id": lambda town: Ask("PUT", "/api/shop/holds/", _hold(town.sale)),
    "hold: a slash at the end": lambda town: Ask("PUT", f"/api/shop/holds/{uuid4()}/", _hold(town.sale)),
    "hold: no such method": lambda town: Ask("PATCH", f"/api/shop/holds/{uuid4()}", _hold(town.sale)),
    "hold: OPTIONS": lambda town: Ask("OPTIONS", f"/api/shop/holds/{uuid4()}"),
    "order": order(lambda town: _order(town.sale, next(town.free_to_order))),
    "order: again": order(lambda town: _order(town.sale, town.held), lambda town: town.ordered),
    "order: an id used for another": order(lambda town: _order(town.sale, str(uuid4())), lambda town: town.ordered),
    "order: in another tab": order(lambda town: _order(town.sale, town.held)),
    "order: on no hold": order(lambda town: _order(town.sale, str(uuid4()))),
    "order: a mail that is none": order(
        lambda town: _order(town.sale, next(town.free_to_order), buyer={"name": "A", "mail": "a@", "document": "1"})
    ),
    "order: too many holders": order(lambda town: _order(town.sale, next(town.free_to_order), holders=[{"name": "A"}] * 3)),
    "order: a payment option that nobody has": order(
        lambda town: _order(town.sale, next(town.free_to_order), payment_option_id=str(uuid4()))
    ),
    "order: no such event": order(lambda town: _order(town.sale, town.held, event_id=str(uuid4()))),
    "order: no such method": lambda _: Ask("POST", f"/api/shop/orders/{uuid4()}", {}),
    "availability": lambda town: Ask("GET", f"/api/shop/events/{town.sale.event_id}/availability"),
    "availability: with a question": lambda town: Ask("GET", f"/api/shop/events/{town.sale.event_id}/availability?x=1"),
    "availability: no such event": lambda _: Ask("GET", f"/api/shop/events/{uuid4()}/availability"),
    "availability: an id that is none": lambda _: Ask("GET", "/api/shop/events/1/availability"),
    "availability: HEAD": lambda town: Ask("HEAD", f"/api/shop/events/{town.sale.event_id}/availability"),
    "availability: no such method": lambda town: Ask("DELETE", f"/api/shop/events/{town.sale.event_id}/availability"),
    "scan": scan(_scan),
    "scan: what is no ticket": scan(lambda town: _scan(town, code="<script>")),
    "scan: at no checkpoint": scan(lambda town: _scan(town, checkpoint_id=str(uuid4()))),
    "scan: too long a code": scan(lambda town: _scan(town, code="A" * 1000)),
    "scan: in another age": scan(lambda town: _scan(town, scanned_at="9999-12-31T23:59:59Z")),
    "scan: without a zone": scan(lambda town: _scan(town, scanned_at="2026-01-01T00:00:00")),
    "scan: by nobody": lambda town: Ask("POST", "/api/gate/scans", _scan(town)),
    "scan: by a forged device": lambda town: Ask("POST", "/api/gate/scans", _scan(town), headers={"authorization": "Bearer atd_forged"}),
    "scan: by a person": lambda town: Ask("POST", "/api/gate/scans", _scan(town), headers={"cookie": _cookies(town)}),
    "scan: no such method": lambda _: Ask("GET", "/api/gate/scans"),
    "callback": callback(lambda town: town.gateway.event(town.gateway.payment(town.order), event_id="evt_of_both_lanes")),
    "callback: forged": callback(lambda _: b"{}", secret="0" * 64),
    "callback: signed, and no callback": callback(lambda _: b"{}"),
    "callback: for nobody": callback(lambda _: b"{}", account_id=uuid4()),
    "callback: of no gateway": lambda _: Ask("POST", f"/api/payments/callbacks/nobody/{uuid4()}", {}),
    "callback: an id that is none": lambda _: Ask("POST", "/api/payments/callbacks/sandbox/1", {}),
    "callback: no such method": lambda town: Ask("GET", town.gateway.path),
}


def _cookies(town: Town) -> str:
    return "; ".join(f"{name}={value}" for name, value in town.organizer.http.cookies.items())


def test_both_lanes_answer_alike(town: Town) -> None:
    """One test for the whole table: most rows differ, if they do, by the same cause."""
    asked = {name: ask(town) for name, ask in ASKS.items()} | _unreadable(town)

    differences = {}
    for name, ask in asked.items():
        by_lane, by_framework = seen(ask.send(town.lane_url)), seen(ask.send(town.framework_url))
        if by_lane != by_framework:
            differences[name] = (by_lane, by_framework)

    assert not differences, pformat(differences)


def test_nothing_that_either_lane_refuses_is_a_fault_of_ours(town: Town) -> None:
    statuses = {name: {ask.send(url).status_code for url in (town.lane_url, town.framework_url)} for name, ask in _unreadable(town).items()}

    assert {name: found for name, found in statuses.items() if not found <= {400, 401, 413, 422}} == {}


def test_both_lanes_take_a_request_id_that_is_plain_and_make_one_otherwise(town: Town) -> None:
    path = f"/api/shop/events/{town.sale.event_id}/availability"

    for url in (town.lane_url, town.framework_url):
        assert Ask("GET", path, headers={"x-request-id": "kassa-7"}).send(url).headers["x-request-id"] == "kassa-7"
        assert UUID(Ask("GET", path, headers={"x-request-id": "<b>"}).send(url).headers["x-request-id"])
        assert UUID(Ask("GET", path).send(url).headers["x-request-id"])


def test_both_lanes_say_how_long_an_answer_may_be_kept(town: Town) -> None:
    for url in (town.lane_url, town.framework_url):
        assert ASKS["availability"](town).send(url).headers["cache-control"] == "public, max-age=1"
        assert ASKS["availability: no such event"](town).send(url).headers["cache-control"] == "no-store"
        assert ASKS["hold"](town).send(url).headers["cache-control"] == "no-store"
        assert ASKS["hold: too many of one address"](town).send(url).headers["retry-after"] == "60"
        assert ASKS["hold: no such method"](town).send(url).headers["allow"] == "DELETE, OPTIONS, PUT"


def _unreadable(town: Town) -> dict[str, Ask]:
    headers = {"authorization": f"Bearer {town.steward.token}"}
    return {
        f"{place}: {name}": Ask(method, path(town), content=content, headers=headers)
        for place, (method, path) in PLACES.items()
        for name, content in BODIES.items()
    }


def seen(answer: httpx.Response) -> dict[str, object]:
    """What a client can tell of an answer: status, headers, and the body; a problem to the letter, anything else by its members."""
    headers = {name: value for name, value in answer.headers.items() if name not in UNCOMPARED_HEADERS}
    body: object = answer.content
    if answer.content and answer.headers["content-type"] == "application/problem+json":
        body = answer.json()
    elif answer.content:
        body = shape(answer.json())
    return {"status": answer.status_code, "headers": headers, "body": body, "has_request_id": bool(answer.headers["x-request-id"])}


def shape(value: object) -> object:
    """A JSON value without what differs from one moment to the next: members and kinds."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return type(value).__name__
