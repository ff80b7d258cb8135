"""What the product is compared with in the same run: the bare server, and the same hold with a row lock per request."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from alltickets.main import build_asgi, build_contexts
from alltickets.platform import logs
from alltickets.platform.settings import Settings

Key = TypeVar("Key", bound=Hashable)
Request = TypeVar("Request")
Outcome = TypeVar("Outcome")

_BODY = b'{"status":"echo"}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """The least that the server can do: read a request, answer with a constant."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _BODY})


def echo_factory() -> Any:
    """For the server, which asks for a factory."""
    return echo


class _OneByOne(Generic[Key, Request, Outcome]):
    """In the place of the coalescer: each request is a transaction of its own, which waits for the pool's row lock."""

    def __init__(self, flush: Callable[[Key, Sequence[Request]], Awaitable[Sequence[Outcome | Exception]]]) -> None:
        self._flush = flush

    async def submit(self, key: Key, request: Request) -> Outcome:
        """As the coalescer's."""
        [outcome] = await self._flush(key, [request])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def drained(self) -> None:
        """As the coalescer's."""


def row_lock_factory() -> Any:
    """The product, its holds carried out one by one."""
    settings = Settings.from_environment()
    logs.set_up(settings.log_format, settings.log_level)
    contexts = build_contexts(settings)
    holding = contexts.orders.holding
    holding.coalescer = _OneByOne(holding._flush)  # type: ignore[assignment]
    return build_asgi(contexts, settings.surface)


async def _live(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
