"""The development mailbox: mail is kept in a folder instead of being sent."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from alltickets.platform.mail.message import Attachment, Mail, message_of

__all__ = ["KeptMail", "Mailbox"]

KEPT_MAX = 500
_NAME = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail as it was sent."""

    name: str
    at: datetime
    sender: str
    reply_to: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()


class Mailbox:
    """A folder of mails, each a file `<name>.eml` that any mail program opens. The oldest go when there are too many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: Mail) -> None:
        """Keep the mail. Sent again it takes the place of the former one."""
        await asyncio.to_thread(self._write, mail.message_id.partition("@")[0], bytes(message_of(mail)))

    async def close(self) -> None:
        """Nothing is held."""

    async def newest(self) -> list[KeptMail]:
        """All that are kept, the newest first."""
        return await asyncio.to_thread(lambda: [_read(path) for path in reversed(self._paths())])

    async def read(self, name: str) -> KeptMail | None:
        """One of them; None when there is none of that name."""
        path = self._folder / f"{name}.eml"
        if not _NAME.fullmatch(name) or not await asyncio.to_thread(path.exists):
            return None
        return await asyncio.to_thread(_read, path)

    def _write(self, name: str, content: bytes) -> None:
        assert _NAME.fullmatch(name), "mails are named by their ids"
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self._folder / f"{name}.eml")
        for path in self._paths()[:-KEPT_MAX]:
            path.unlink(missing_ok=True)

    def _paths(self) -> Sequence[Path]:
        """The files, oldest first: mails are named by ids that sort by time."""
        return sorted(self._folder.glob("*.eml"))


def _read(path: Path) -> KeptMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    return KeptMail(
        path.stem,
        message["Date"].datetime,
        message["From"],
        message["Reply-To"] or "",
        message["To"],
        message["Subject"],
        _part_of(message, "plain"),
        _part_of(message, "html"),
        tuple(_attachment_of(part) for part in message.iter_attachments()),
    )


def _part_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


def _attachment_of(part: EmailMessage) -> Attachment:
    content = part.get_content()
    return Attachment(part.get_filename() or "", part.get_content_type(), content.encode() if isinstance(content, str) else content)
