"""Mail handed to a mail server: taken, refused for good, or not taken now.

Trouble
├── MailNotTaken   the server is away, busy or asks to come later: the same mail may be sent again
└── MailRefused    the server will not take this mail, whenever it is sent
"""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import aiosmtplib
import structlog

from alltickets.kernel.errors import Trouble
from alltickets.kernel.time import Clock
from alltickets.platform.mail.message import Mail, message_of, single_line
from alltickets.platform.mail.server import MailServer

__all__ = ["SEND_SECONDS_MAX", "MailNotTaken", "MailRefused", "Outlet", "Smtp"]

ANSWER_SECONDS_MAX = 15
"""What one answer of the server may take, the connection among them."""
SEND_SECONDS_MAX = 60
"""What handing one mail in may take altogether."""
IDLE_SECONDS_MAX = 20
"""How long a connection is kept for the next mail: servers drop what is silent, and a rush has the next one within milliseconds."""
AWAY_SECONDS = 30
"""How long a server that could not be reached is left alone. Without this each of ten thousand mails would wait for it in vain."""
FAULT_CHARACTERS_MAX = 500

_log = structlog.get_logger()


@dataclass(eq=False)
class MailNotTaken(Trouble):
    """Nothing is wrong with the mail."""


@dataclass(eq=False)
class MailRefused(Trouble):
    """The server's own words say why: no such mailbox, or content that it does not take."""


class Outlet(Protocol):
    """What mail leaves by."""

    async def send(self, mail: Mail) -> None:
        """Hand the mail on; when this returns it is somebody else's. Raises `MailNotTaken` or `MailRefused`."""

    async def close(self) -> None:
        """Let go of connections."""


class Smtp:
    """A mail server. Connections are kept for a moment: greeting, encryption and signing in cost more than the mail itself."""

    def __init__(self, server: MailServer, clock: Clock, *, own_name: str) -> None:
        """own_name: how we greet; the host that this installation is known by."""
        self._server = server
        self._clock = clock
        self._own_name = own_name
        self._idle: list[tuple[datetime, aiosmtplib.SMTP]] = []
        self._away: tuple[datetime, str] | None = None

    async def send(self, mail: Mail) -> None:
        """Hand the mail in. Raises `MailNotTaken` or `MailRefused`."""
        message = message_of(mail)
        async with self._connection() as client:
            try:
                await client.send_message(message, sender=mail.sender, recipients=[mail.to])
            except aiosmtplib.SMTPRecipientsRefused as fault:
                raise _answered(fault.recipients[0]) from fault
            except aiosmtplib.SMTPDataError as fault:
                raise _answered(fault) from fault
            except (aiosmtplib.SMTPNotSupported, ValueError) as fault:
                raise MailRefused(f"The mail server cannot be given such an address: {_words(fault)}") from fault

    async def check(self, sender: str) -> None:
        """Go as far as naming the sender, as for a mail. Raises `MailNotTaken`."""
        async with self._connection() as client:
            await client.mail(sender)
            await client.rset()

    async def close(self) -> None:
        """Say goodbye."""
        while self._idle:
            _, client = self._idle.pop()
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()
            client.close()

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection to the server, kept for the next mail if all goes well. Whatever fails beyond what the block judges is trouble.

        A server that does not take us (greeting, certificate, password, sender) is away as well: that is not the mail's fault, and when
        whoever runs it has mended it the mail is sent.
        """
        client = None
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                client = await self._kept() or await self._connect()
                yield client
        except Trouble:
            # The server has answered, so the connection is in order; what it was told of this mail is taken back.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                if client is not None:
                    await client.rset()
                    self._keep(client)
            raise
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as fault:
            if client is not None:
                client.close()
            raise MailNotTaken(f"{self._server.host} does not take mail: {_words(fault)}") from fault
        except BaseException:
            if client is not None:
                client.close()
            raise
        self._keep(client)

    async def _connect(self) -> aiosmtplib.SMTP:
        now = self._clock()
        if self._away is not None and now < self._away[0]:
            raise MailNotTaken(self._away[1])
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._own_name,
            timeout=ANSWER_SECONDS_MAX,
            use_tls=server.encryption == "tls",
            start_tls={"starttls": True, "if_offered": None}.get(server.encryption, False),
            tls_context=_trusted(),
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as fault:
            client.close()
            words = f"{server.host} does not take mail: {_words(fault)}"
            self._away = (now + timedelta(seconds=AWAY_SECONDS), words)
            _log.warning("the mail server does not take mail", host=server.host, fault=_words(fault))
            raise MailNotTaken(words) from fault
        self._away = None
        return client

    async def _kept(self) -> aiosmtplib.SMTP | None:
        """A connection that still answers, or None."""
        while self._idle:
            since, client = self._idle.pop()
            if self._clock() - since < timedelta(seconds=IDLE_SECONDS_MAX):
                with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                    await client.rset()
                    return client
            client.close()
        return None

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if client.is_connected:
            self._idle.append((self._clock(), client))


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, read once a process: that takes 50 ms, and nothing else is done meanwhile."""
    return ssl.create_default_context()


def _answered(fault: aiosmtplib.SMTPResponseException) -> Trouble:
    """What a refusal of recipient or content means: 5xx is for good, anything else is for now (RFC 5321, 4.2.1)."""
    return MailRefused(_words(fault)) if fault.code >= 500 else MailNotTaken(_words(fault))


def _words(fault: BaseException) -> str:
    """What happened, in one line; the server's own words come with their number."""
    if isinstance(fault, aiosmtplib.SMTPResponseException):
        return single_line(f"{fault.code} {fault.message}", FAULT_CHARACTERS_MAX)
    return single_line(str(fault) or type(fault).__name__, FAULT_CHARACTERS_MAX)
