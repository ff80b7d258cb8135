"""An answer that goes out piece by piece, as its pieces come."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

from litestar import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

__all__ = ["Flow"]


class Flow(Response[Any]):
    """Pieces until there are no more or the client has gone, whichever is first; the generator is closed either way.

    Litestar's own stream waits for the client to go even when there are no more pieces, and so would keep a process that is to stop.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], *, status_code: int, headers: dict[str, str], media_type: str) -> None:
        super().__init__(b"", status_code=status_code, headers=headers, media_type=media_type)
        self._pieces = pieces

    def to_asgi_response(self, *_: Any, is_head_response: bool = False, **__: Any) -> ASGIResponse:
        """What Litestar sends: all that an answer of pages needs, hence no cookies and no background tasks of the framework's."""
        return _Flowing(
            self._pieces, headers=self.headers, media_type=self.media_type, status_code=self.status_code, is_head_response=is_head_response
        )


class _Flowing(ASGIResponse):
    _should_set_content_length = False

    def __init__(self, pieces: AsyncGenerator[bytes, None], **options: Any) -> None:
        super().__init__(**options)
        self._pieces = pieces

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send the pieces."""
        async with contextlib.aclosing(self._pieces):
            flowing = asyncio.create_task(self._flow(send))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait([flowing, leaving], return_when=asyncio.FIRST_COMPLETED)
                if flowing.done():
                    flowing.result()
            finally:
                flowing.cancel()
                leaving.cancel()
                await asyncio.gather(flowing, leaving, return_exceptions=True)

    async def _flow(self, send: Send) -> None:
        async for piece in self._pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
