"""A client for one request, as small as ASGI allows: what is sent, in which pieces, and what comes back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

__all__ = ["Answer", "call"]


@dataclass
class Answer:
    """What an application sent; `status` is None when it sent nothing. `read` counts the messages it took."""

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    read: int = 0

    def header(self, name: str) -> str | None:
        """The only header of that name; None when there is none."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None

    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)


async def call(
    app: Callable[[Any, Any, Any], Awaitable[None]],
    method: str,
    path: str,
    *chunks: bytes,
    headers: Sequence[tuple[str, str]] = (),
    client: str = "203.0.113.7",
    hangs_up: bool = False,
) -> Answer:
    """Send one request with its body in these pieces; a client that hangs up does so before the last piece is said to be the last."""
    pieces = chunks or (b"",)
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": piece, "more_body": hangs_up or number < len(pieces)} for number, piece in enumerate(pieces, 1)
    ]
    answer = Answer()

    async def receive() -> dict[str, object]:
        answer.read += 1
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            assert answer.status is None, "one answer to one request"
            answer.status = message["status"]
            answer.headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
        else:
            answer.body += message.get("body", b"")

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in headers],
        "client": (client, 4000),
    }
    await app(scope, receive, send)
    return answer
