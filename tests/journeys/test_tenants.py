"""Other tenants' ids on every route: to whoever asks, they name nothing."""

import io
from collections.abc import Iterator
from pprint import pformat
from typing import Any

import httpx
import pytest
from PIL import Image

from bench.people import Organizer
from bench.plain import PLAIN
from bench.stack import Stack
from tests.journeys.everything import Everything, make_everything
from tests.journeys.seen import problem_of

FITTING: dict[str, Any] = {
    "starts_at": "2027-03-12T21:00:00-03:00",
    "ends_at": "2027-03-13T05:00:00-03:00",
    "settings": {"merchant": "sbx_0190a5d27c117cc3"},
    "credentials": {"secret": "0" * 64},
    "received_on": "2026-11-27",
    "until": "2027-03-12",
    "descriptions": [2],
}
"""Members of which a schema cannot say enough."""
BODIES: dict[str, Any] = {"addSector": {"name": "Pista", "capacity": 10}}
"""Bodies that need more than what is required."""


@pytest.fixture(scope="module")
def theirs(stack: Stack) -> Everything:
    """What somebody has."""
    return make_everything(stack, Organizer(stack.url))


@pytest.fixture(scope="module")
def ours(stack: Stack) -> Everything:
    """What the one has who asks."""
    return make_everything(stack, Organizer(stack.url))


def test_another_organizers_ids_answer_404_on_every_route(stack: Stack, theirs: Everything, ours: Everything) -> None:
    document = httpx.get(f"{stack.url}/api/openapi.json", verify=PLAIN).json()
    asked = {}
    for path, method, operation in operations_of(document):
        names = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"]
        schemes = {name for requirement in operation.get("security", []) for name in requirement}
        if not names or not schemes:
            continue
        answer = httpx.request(
            method,
            stack.url + path.format_map(theirs.ids),
            params=params_of(document, operation),
            **body_of(document, operation),
            **credentials(ours, schemes),
            verify=PLAIN,
        )
        asked[operation["operationId"]] = answer

    assert len(asked) > 40
    found = {name: (answer.status_code, answer.text[:200]) for name, answer in asked.items() if answer.status_code != 404}
    assert not found, pformat(found)
    assert {name for name, answer in asked.items() if problem_of(answer) == "no-such-path"} == set()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/organizer/events", {"title": "Noche", "currency": "ARS", "timezone": "UTC", "venue_id": "venue_id"}),
        ("POST", "/api/organizer/events/{event_id}/ticket-types", {"sector_id": "sector_id", "name": "General", "price_minor": 1}),
    ],
)
def test_another_organizers_ids_in_a_body_answer_404(
    stack: Stack, theirs: Everything, ours: Everything, method: str, path: str, body: dict[str, Any]
) -> None:
    body = {name: theirs.ids.get(value, value) if name.endswith("_id") else value for name, value in body.items()}

    answer = httpx.request(method, stack.url + path.format_map(ours.ids), json=body, cookies=ours.session, verify=PLAIN)

    assert (answer.status_code, problem_of(answer)[-10:]) == (404, "-not-found")


def test_lists_show_nothing_of_another_organizer(stack: Stack, theirs: Everything, ours: Everything) -> None:
    with httpx.Client(base_url=f"{stack.url}/api/organizer", cookies=ours.session, verify=PLAIN) as http:
        seen = [
            http.get(path).text for path in ("/events", "/venues", "/orders", "/devices", "/api-keys", "/payments/accounts", "/members")
        ]
        filtered = http.get("/orders", params={"event_id": theirs.ids["event_id"]}).json()

    assert filtered["items"] == []
    assert [id_ for id_ in theirs.ids.values() if len(id_) == 36 and any(id_ in text for text in seen)] == []


def test_a_scanner_announced_for_another_organizers_event_opens_nothing_there(stack: Stack, theirs: Everything) -> None:
    organizer = Organizer(stack.url)
    device = organizer.call("POST", "/devices", {"name": "Teléfono", "event_id": theirs.ids["event_id"]})
    token = httpx.post(f"{stack.url}/api/gate/pair", json={"code": device["pairing_code"]}, verify=PLAIN).json()["token"]
    scan = {"scan_id": theirs.ids["hold_id"], "checkpoint_id": theirs.ids["checkpoint_id"], "code": "W509"}

    with httpx.Client(base_url=f"{stack.url}/api/gate", headers={"Authorization": f"Bearer {token}"}, verify=PLAIN) as http:
        answers = [
            http.get(f"/events/{theirs.ids['event_id']}/checkpoints"),
            http.get(f"/events/{theirs.ids['event_id']}/key"),
            http.get(f"/checkpoints/{theirs.ids['checkpoint_id']}/counters"),
            http.post("/scans", json=scan),
        ]

    assert [answer.status_code for answer in answers] == [404] * 4


def credentials(everything: Everything, schemes: set[str]) -> dict[str, Any]:
    if "session" in schemes:
        return {"cookies": everything.session}
    token = everything.device if "device" in schemes else everything.order_secret
    return {"headers": {"Authorization": f"Bearer {token}"}}


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def params_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """What the address of the operation has to say behind its "?"."""
    needed = [one for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")]
    return {one["name"]: fitting(document, one["schema"], one["name"]) for one in needed}


def body_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The smallest body that fits the operation, as httpx takes it; nothing where it takes none, a picture where it takes bytes."""
    if "requestBody" not in operation:
        return {}
    if operation["operationId"] in BODIES:
        return {"json": BODIES[operation["operationId"]]}
    kinds = operation["requestBody"]["content"]
    return {"json": fitting(document, kinds["application/json"]["schema"])} if "application/json" in kinds else {"content": a_picture()}


def a_picture() -> bytes:
    """A PNG of one colour."""
    written = io.BytesIO()
    Image.new("RGB", (800, 800), "teal").save(written, "PNG")
    return written.getvalue()


def fitting(document: dict[str, Any], schema: dict[str, Any], name: str = "") -> Any:
    """The smallest value that fits a schema."""
    if name in FITTING:
        return FITTING[name]
    if "$ref" in schema:
        return fitting(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], name)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return fitting(document, schema["anyOf"][0], name)
    match schema["type"]:
        case "object":
            return {member: fitting(document, schema["properties"][member], member) for member in schema.get("required", [])}
        case "array":
            return [fitting(document, schema["items"])] * schema.get("minItems", 0)
        case "integer":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "string" if schema.get("format") == "uuid":
            return "0190a5d2-7c11-7cc3-98c4-dc0c0c07398f"
        case "string":
            return "a" * schema.get("minLength", 1)
    raise AssertionError(f"nothing fits {schema}")
