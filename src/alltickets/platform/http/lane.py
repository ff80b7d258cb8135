"""The hot lane: a handful of endpoints served by plain ASGI functions in front of Litestar.

A framework's routing, injection and response objects cost two thirds of a hold (design section 4, measured). So the busiest operations
have a twin here, of the same operation id, declared permission, structs and problem documents as their Litestar route, which
describes them in OpenAPI and serves them where the lane is off. A test runs one contract over both. It is a lane, not a framework.
"""

import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.problems import InvalidBody, MalformedBody, NoSuchPath, PayloadTooLarge, Problems
from alltickets.platform.http.telemetry import SECURITY_HEADERS, observe_request, request_id_of

__all__ = ["HotRoute", "Lane", "LaneAnswer", "LaneRequest", "as_uuid", "decode_body"]

Body = TypeVar("Body")
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

_uuid_decoder = msgspec.json.Decoder(UUID)
_PATH = re.compile(r"(/[^/{}]*)*(/\{[a-z_]+\})*(/[^/{}]*)*")


class _ClientGone(Exception):
    """The client hung up before its request was whole: there is nobody to answer, and half a body is no body."""


@dataclass(slots=True)
class LaneRequest:
    """A request on the lane: path parameters in their order, the whole body, the address to count by."""

    scope: Any
    params: tuple[str, ...]
    body: bytes
    addresses: AddressReader

    @property
    def address(self) -> str:
        """See `AddressReader.of`."""
        return self.addresses.of(self.scope)

    def header(self, name: bytes) -> str | None:
        """The first header of that lower-case name."""
        for key, value in self.scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return None


@dataclass(slots=True)
class LaneAnswer:
    """An answer on the lane; `body` is JSON unless `headers` say otherwise."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()


@dataclass(frozen=True)
class HotRoute:
    """One endpoint of the lane. `path` as in `/api/shop/holds/{hold}`, its parameters side by side; `operation_id` names its twin.

    `beside`: words that make the path another route's, behind the lane, where they stand for the last parameter.
    """

    operation_id: str
    method: str
    path: str
    handle: Callable[[LaneRequest], Awaitable[LaneAnswer]]
    beside: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        assert _PATH.fullmatch(self.path), f"the parameters of {self.path} do not stand side by side"

    @property
    def prefix(self) -> str:
        """The path before its first parameter."""
        return self.path.partition("{")[0]

    @property
    def suffix(self) -> str:
        """The path after its last parameter."""
        return self.path.rpartition("}")[2]

    @property
    def params_count(self) -> int:
        """How many parameters stand between prefix and suffix."""
        return self.path.count("{")


class Lane:
    """ASGI: hot routes served here, everything else handed on."""

    def __init__(
        self, routes: Sequence[HotRoute], rest: AsgiApp, *, problems: Problems, addresses: AddressReader, body_bytes_max: int
    ) -> None:
        self._by_method: dict[str, list[tuple[str, str, int, HotRoute]]] = {}
        for route in routes:
            self._by_method.setdefault(route.method, []).append((route.prefix, route.suffix, route.params_count, route))
        self._rest = rest
        self._problems = problems
        self._addresses = addresses
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection event."""
        if scope["type"] == "http":
            path: str = scope["path"]
            for prefix, suffix, params_count, route in self._by_method.get(scope["method"], ()):
                if path.startswith(prefix) and path.endswith(suffix):
                    between = path[len(prefix) : len(path) - len(suffix)]
                    params = tuple(between.split("/")) if between else ()
                    if len(params) == params_count and not (params and params[-1] in route.beside):
                        await self._serve(route, params, scope, receive, send)
                        return
        await self._rest(scope, receive, send)

    async def _serve(self, route: HotRoute, params: tuple[str, ...], scope: Any, receive: Any, send: Any) -> None:
        started = time.perf_counter()
        try:
            body = await self._read(receive)
            answer = await route.handle(LaneRequest(scope, params, body, self._addresses))
        except _ClientGone:
            return
        except Exception as fault:
            document = self._problems.document(fault, instance=scope["path"])
            headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
            headers += [(name.lower().encode(), value.encode()) for name, value in document.headers.items()]
            answer = LaneAnswer(document.status, document.body, headers)
        observe_request(route.operation_id, answer.status, time.perf_counter() - started)
        await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer, scope)})
        await send({"type": "http.response.body", "body": answer.body})

    async def _read(self, receive: Any) -> bytes:
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _ClientGone
            part: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(part)
            if size > self._body_bytes_max:
                raise PayloadTooLarge(self._body_bytes_max)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def decode_body(decoder: "msgspec.json.Decoder[Body]", body: bytes) -> Body:
    """The body as the struct of the decoder. Raises `MalformedBody` or `InvalidBody`."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise InvalidBody((str(fault),)) from fault
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise MalformedBody(str(fault) if body else "there is none") from fault


def as_uuid(text: str) -> UUID:
    """A path parameter as an id. Raises `NoSuchPath`: what is not an id names nothing."""
    try:
        # As JSON: the constructor of UUID is written in Python and takes six times as long.
        return _uuid_decoder.decode(f'"{text}"')
    except msgspec.DecodeError:
        raise NoSuchPath from None


def _headers(answer: LaneAnswer, scope: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-request-id", request_id_of(scope)), *SECURITY_HEADERS]
    # Without a body, a length would be that of the body which is not sent (RFC 9110 section 8.6).
    if answer.status != 304:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    if answer.headers:
        headers += answer.headers
    else:
        headers += [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    return headers
