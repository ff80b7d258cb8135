"""What is known of every request: its id, its time, its outcome; and the headers that every answer carries."""

import time
from collections.abc import Mapping
from typing import Any

import structlog
from prometheus_client import Histogram

from alltickets.kernel.ids import new_id_text

__all__ = ["SECURITY_HEADERS", "Edge", "observe_request", "request_id_of"]

# Nothing from another origin, nothing inline, not in anybody's frame: for pages, and no harm to anything else.
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"content-security-policy", b"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"),
    (b"x-frame-options", b"DENY"),
)
# What does not say how long it may be kept is kept by nobody: it is somebody's, or changes.
_DEFAULT_HEADERS = (*SECURITY_HEADERS, (b"cache-control", b"no-store"))
_STREAM = b"text/event-stream"
_REQUEST_ID_LENGTH_MAX = 64
_SLOW_SECONDS = 1.0

_log = structlog.get_logger()
_seconds = Histogram(
    "alltickets_http_seconds",
    "Time from request to answer",
    ["operation", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_children: dict[tuple[str, int], Any] = {}


def observe_request(operation: str, status: int, seconds: float) -> None:
    """Count a request of this operation id."""
    child = _children.get((operation, status))
    if child is None:
        child = _children[(operation, status)] = _seconds.labels(operation, str(status))
    child.observe(seconds)


def request_id_of(scope: Mapping[str, Any]) -> bytes:
    """The request's id: the caller's X-Request-Id if it is a short plain word, otherwise a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: bytes = value
            if 0 < len(given) <= _REQUEST_ID_LENGTH_MAX and given.replace(b"-", b"").isalnum():
                return given
    return new_id_text().encode()


class Edge:
    """ASGI round the application: gives every request an id for its logs and answer, measures it, and adds the headers that are missing."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        status = 500
        stream_seconds: float | None = None

        async def send_on(message: Any) -> None:
            nonlocal status, stream_seconds
            if message["type"] == "http.response.start":
                status = message["status"]
                if any(name.lower() == b"content-type" and value.startswith(_STREAM) for name, value in message["headers"]):
                    # Answered as soon as it begins: for how long somebody listens then is up to them.
                    stream_seconds = time.perf_counter() - started
                given = {name.lower() for name, _ in message["headers"]}
                added = [(name, value) for name, value in _DEFAULT_HEADERS if name not in given]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id), *added]
            await send(message)

        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id.decode(), path=scope["path"]):
            await self._app(scope, receive, send_on)
        seconds = stream_seconds if stream_seconds is not None else time.perf_counter() - started
        handler = scope.get("route_handler")
        observe_request(getattr(handler, "operation_id", None) or "unrouted", status, seconds)
        if seconds > _SLOW_SECONDS:
            _log.info("slow request", path=scope["path"], seconds=round(seconds, 3), request_id=request_id.decode())
