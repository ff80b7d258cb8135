"""The OpenAPI document as those read it who write clients; and text that wants to be something else."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bench.people import ZONE, Buyer, Organizer
from bench.plain import PLAIN
from bench.stack import Stack

HOT = {
    ("PUT", "/api/shop/holds/{hold_id}"): "putHold",
    ("PUT", "/api/shop/orders/{order_id}"): "putOrder",
    ("GET", "/api/shop/events/{event_id}/availability"): "readAvailability",
    ("POST", "/api/payments/callbacks/{gateway}/{account_id}"): "receiveCallback",
    ("POST", "/api/gate/scans"): "scan",
}
NASTY = [
    "Noche'; DROP TABLE orders.orders; --",
    "<script>alert('entradas')</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}} ${7*7} %s %(organizer_id)s \\' \\\\",
    "Ñandú 🎟️ \u202egnp.exe",
]

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def document(stack: Stack) -> dict[str, Any]:
    answer = httpx.get(f"{stack.url}/api/openapi.json", verify=PLAIN)
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[tuple[str, str], Operation]:
    return {(method.upper(), path): operation for path, methods in document["paths"].items() for method, operation in methods.items()}


def test_the_hot_operations_stand_in_it(operations: dict[tuple[str, str], Operation]) -> None:
    assert {key: operations[key]["operationId"] for key in HOT} == HOT


def test_each_operation_has_a_name_of_its_own_and_says_what_it_does(operations: dict[tuple[str, str], Operation]) -> None:
    names = [operation["operationId"] for operation in operations.values()]

    assert len(names) == len(set(names))
    assert [name for name in names if not name.isidentifier() or not name[0].islower()] == []
    silent = [
        operation["operationId"]
        for operation in operations.values()
        if " " not in operation["summary"] or not operation["description"].endswith(".") or not operation["tags"]
    ]
    assert silent == []


def test_every_id_says_of_what_it_is(document: dict[str, Any]) -> None:
    nameless = [name for name, schema in document["components"]["schemas"].items() if "id" in schema.get("properties", {})]

    assert nameless == []


def test_each_operation_says_who_may_call_it(operations: dict[tuple[str, str], Operation]) -> None:
    for operation in operations.values():
        is_public = operation["x-allow"]["audience"] == "anyone"
        schemes = {name for requirement in operation.get("security", []) for name in requirement}
        assert bool(schemes - {"secret"}) != is_public, operation["operationId"]


def test_each_operation_says_how_it_refuses(document: dict[str, Any], operations: dict[tuple[str, str], Operation]) -> None:
    for operation in operations.values():
        takes_something = "requestBody" in operation or bool(operation.get("parameters"))
        assert ("422" in operation["responses"]) == takes_something, operation["operationId"]
        for status, response in operation["responses"].items():
            if "$ref" in response and status >= "4":
                described = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
                assert list(described["content"]) == ["application/problem+json"]


def test_what_a_body_may_be_is_told_as_exactly_as_it_is_decoded(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["HoldWrite"]["additionalProperties"] is False
    assert schemas["HoldWrite"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/SelectedLineWrite"}
    assert schemas["SelectedLineWrite"]["properties"]["quantity"] == {"type": "integer", "minimum": 1, "maximum": 100}
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in references_in(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def references_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references_in(member)
    elif isinstance(value, list):
        for member in value:
            yield from references_in(member)


@pytest.mark.parametrize("text", NASTY)
def test_text_that_wants_to_be_sql_or_html_stays_text(stack: Stack, organizer: Organizer, text: str) -> None:
    venue = organizer.call("POST", "/venues", {"name": text, "city": text, "timezone": ZONE, "address": text})
    event = organizer.call(
        "POST",
        "/events",
        {"title": text, "description": text, "category": text[:60], "currency": "ARS", "timezone": ZONE, "venue_id": venue["venue_id"]},
    )
    read = organizer.call("GET", f"/events/{event['event_id']}")
    sale = organizer.publish(capacity=10, ticket_type={"name": text, "description": text})
    buyer = Buyer(stack.url)
    held = buyer.hold(sale, 1, campaign=text).json()
    placed = buyer.order(sale, held["hold_id"], buyer={"name": text, "mail": "julia@example.com", "document": "30123456"}).json()
    buyer.pay(placed)
    paid = buyer.paid(placed)
    admitted = organizer.steward(sale).scan(paid["tickets"][0]["code"])
    [listed] = organizer.call("GET", "/orders")["items"]

    assert [read["title"], read["description"], read["venue"]["name"], read["venue"]["address"]] == [text] * 4
    assert held["quote"]["lines"][0]["name"] == text
    assert [paid["buyer_name"], paid["tickets"][0]["holder_name"], admitted["holder_name"], listed["buyer_name"]] == [text] * 4


@pytest.mark.parametrize("text", NASTY)
def test_such_text_finds_nothing_where_something_is_looked_up(stack: Stack, organizer: Organizer, text: str) -> None:
    with httpx.Client(base_url=stack.url, cookies=dict(organizer.http.cookies), verify=PLAIN) as http:
        answers = [
            http.get(f"/api/shop/events/{text.replace('/', '')}"),
            http.get("/api/organizer/events", params={"cursor": text}),
            http.get("/api/organizer/orders", params={"event_id": text}),
            http.get("/api/shop/orders/0190a5d2-7c11-7cc3-98c4-dc0c0c07398f", headers={b"Authorization": b"Bearer " + text.encode()}),
            http.get("/api/organizer/me", headers={b"Cookie": b"alltickets_session=" + text.encode()}),
        ]

    assert [answer.status_code for answer in answers] == [404, 422, 422, 404, 401]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}
