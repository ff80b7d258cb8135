"""A merchant's server that remembers the callbacks it gets and answers them as the test wants."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Received", "Receiver"]


@dataclass(frozen=True)
class Received:
    """One request as it arrived. Header names are in lower case."""

    signature: str
    raw_body: bytes
    query: str
    headers: Mapping[str, str]

    @property
    def event(self) -> dict[str, Any]:
        """The body, read."""
        event: dict[str, Any] = json.loads(self.raw_body)
        return event

    @property
    def payment(self) -> dict[str, Any]:
        """The payment that it tells about."""
        payment: dict[str, Any] = self.event["payment"]
        return payment


class Receiver:
    """Listens on loopback until closed. Each path is a mailbox of its own: one for each test."""

    def __init__(self) -> None:
        self._arrived = threading.Condition()
        self._received: dict[str, list[Received]] = defaultdict(list)
        self._answers: dict[str, Callable[[int], int]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                raw_body = self.rfile.read(length)
                if len(raw_body) < length:
                    # The sender was killed in the middle of it.
                    self.close_connection = True
                    return
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver._take(path, Received(headers.get("x-sandbox-signature", ""), raw_body, query, headers))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_request(self, code: object = "-", size: object = "-") -> None:
                """Say nothing: the tests' output is not the place."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def url(self, path: str) -> str:
        """Where that mailbox is."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def answer(self, path: str, status_of: Callable[[int], int]) -> None:
        """Answer that mailbox's n-th request (from 1) with `status_of(n)`; else it is 200. It may block, to answer late."""
        self._answers[path] = status_of

    def wait_for(self, path: str, count: int, seconds: float = 8.0) -> list[Received]:
        """The mailbox's content once it holds at least that many. Fails after so many seconds."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self._received[path]) >= count, seconds), (
                f"{len(self._received[path])} of {count} came"
            )
            return list(self._received[path])

    def received(self, path: str) -> list[Received]:
        """The mailbox's content now."""
        with self._arrived:
            return list(self._received[path])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _take(self, path: str, received: Received) -> int:
        with self._arrived:
            self._received[path].append(received)
            number = len(self._received[path])
            self._arrived.notify_all()
        answer = self._answers.get(path)
        return 200 if answer is None else answer(number)
