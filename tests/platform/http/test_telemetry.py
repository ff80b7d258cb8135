"""What every request gets: an id, a measure, and the security headers."""

from typing import Any

import pytest
import structlog
from prometheus_client import REGISTRY

from alltickets.kernel.ids import UUID
from alltickets.platform.http.telemetry import Edge, observe_request
from tests.platform.http.asgi import call


class Handler:
    """What the framework leaves in the scope of a request that it routed."""

    def __init__(self, operation_id: str) -> None:
        self.operation_id = operation_id


def app_answering(status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = (), operation_id: str | None = None) -> Any:
    """An application with one answer, which says in its body which id its logs carry."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if operation_id is not None:
            scope["route_handler"] = Handler(operation_id)
        logged = structlog.contextvars.get_contextvars()
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": f"{logged['request_id']} {logged['path']}".encode()})

    return app


def counted(operation: str, status: int) -> float:
    """How many requests were measured."""
    labels = {"operation": operation, "status": str(status)}
    return REGISTRY.get_sample_value("alltickets_http_seconds_count", labels) or 0.0


async def test_a_request_keeps_the_id_that_it_came_with() -> None:
    answer = await call(Edge(app_answering()), "GET", "/e/gala", headers=[("x-request-id", "7f3a-11")])

    assert answer.header("x-request-id") == "7f3a-11"
    assert answer.body == b"7f3a-11 /e/gala"


@pytest.mark.parametrize("given", ["", "-", "a b", "a\r\nset-cookie: x", "é", "x" * 65, "{json}"])
async def test_an_id_that_is_no_short_plain_word_is_replaced(given: str) -> None:
    answer = await call(Edge(app_answering()), "GET", "/", headers=[("x-request-id", given)])

    request_id = answer.header("x-request-id")
    assert request_id is not None
    assert UUID(request_id).version == 7
    assert answer.body.startswith(request_id.encode())


async def test_an_id_does_not_outlive_its_request() -> None:
    await call(Edge(app_answering()), "GET", "/")

    assert structlog.contextvars.get_contextvars() == {}


async def test_every_answer_carries_the_security_headers() -> None:
    answer = await call(Edge(app_answering()), "GET", "/")

    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("referrer-policy") == "strict-origin-when-cross-origin"
    policy = answer.header("content-security-policy") or ""
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy


async def test_a_header_that_the_application_chose_stands() -> None:
    chosen = ((b"Content-Security-Policy", b"default-src 'none'"),)

    answer = await call(Edge(app_answering(headers=chosen)), "GET", "/")

    assert [value for name, value in answer.headers if name.lower() == "content-security-policy"] == ["default-src 'none'"]


async def test_a_request_is_measured_under_its_operation_and_status() -> None:
    before = counted("sell_doors", 409)

    await call(Edge(app_answering(409, operation_id="sell_doors")), "PUT", "/api/doors/1")

    assert counted("sell_doors", 409) == before + 1


async def test_paths_that_nothing_answers_to_share_one_measure() -> None:
    before = counted("unrouted", 404)

    await call(Edge(app_answering(404)), "GET", "/wp-login.php")
    await call(Edge(app_answering(404)), "GET", "/.env")

    assert counted("unrouted", 404) == before + 2


async def test_what_is_no_request_passes_untouched() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    connection = ({"type": "lifespan"}, object(), object())
    await Edge(app)(*connection)

    assert seen == [connection]


def test_requests_add_up() -> None:
    before = counted("adding_up", 200)

    observe_request("adding_up", 200, 0.1)
    observe_request("adding_up", 200, 0.2)

    assert counted("adding_up", 200) == before + 2
