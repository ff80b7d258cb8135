"""A mail server of the tests' own: it listens on a port, speaks SMTP, keeps what it takes, and misbehaves as it is told."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

__all__ = ["MailServerDouble"]

OK = "250 OK"


@dataclass
class MailServerDouble:
    """`says` holds, for each verb (MAIL, RCPT, DATA), what is answered to its next uses; then everything is fine again."""

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    connections: int = 0
    says: dict[str, list[str]] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _open: set[Any] = field(default_factory=set)

    @property
    def url(self) -> str:
        """As ALLTICKETS_SMTP_URL has it."""
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; after `stop`, on the same port again."""
        self._server = await asyncio.get_running_loop().create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be down: what is connected is cut off, what comes is turned away."""
        assert self._server is not None, "started"
        self._server.close()
        for protocol in list(self._open):
            if protocol.transport is not None:
                protocol.transport.abort()
        self._open.clear()

    def answer(self, verb: str, *answers: str) -> None:
        """Answer the next uses of a verb with these."""
        self.says.setdefault(verb, []).extend(answers)

    def subjects(self) -> list[str]:
        """Of the mails that were taken."""
        return [str(message["Subject"]) for message in self.taken]

    def _protocol(self) -> SMTP:
        self.connections += 1
        protocol = SMTP(self, hostname="mail.example", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._open.add(protocol)
        return protocol

    def _next(self, verb: str) -> str:
        planned = self.says.get(verb)
        return planned.pop(0) if planned else OK

    # What aiosmtpd calls.

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Iterable[str]) -> str:  # noqa: N802
        answer = self._next("MAIL")
        if answer == OK:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Iterable[str]) -> str:  # noqa: N802
        answer = self._next("RCPT")
        if answer == OK:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self._next("DATA")
        if answer == OK:
            assert isinstance(envelope.content, bytes)
            self.taken.append(message_from_bytes(envelope.content, policy=default))
            self.envelopes.append((str(envelope.mail_from), [str(one) for one in envelope.rcpt_tos]))
        return answer
