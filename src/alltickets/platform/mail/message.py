"""A mail as it goes out: what somebody typed can change neither its headers nor its parts."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

__all__ = ["Attachment", "Mail", "message_of", "single_line"]

NAME_CHARACTERS_MAX = 70
SUBJECT_CHARACTERS_MAX = 150
FILENAME_CHARACTERS_MAX = 80

# Controls that turn the direction of what follows (UAX #9): with them a name could rewrite the sentence that it stands in. Letters of
# right-to-left scripts need none of them.
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail. `media_type`: such as `application/pdf`, or `text/calendar`."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to one person. `sender_name` and `subject` may hold whatever somebody typed; the addresses are addresses."""

    message_id: str
    """Without its angle brackets. The same mail sent again has the same: mail programs then show it once."""
    date: datetime
    sender: str
    sender_name: str
    reply_to: str | None
    to: str
    language: str
    """BCP 47."""
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[Attachment, ...] = ()
    unsubscribe_url: str | None = None
    """Where a POST ends mails of this kind, for mail programs that offer it beside the mail (RFC 8058)."""


def message_of(mail: Mail) -> EmailMessage:
    """The mail as RFC 5322 and MIME have it, text first, HTML as its alternative. All 7-bit: it passes through any server."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Date"] = mail.date
    message["From"] = Address(_header(mail.sender_name, NAME_CHARACTERS_MAX), *_parts_of(mail.sender))
    message["To"] = Address("", *_parts_of(mail.to))
    if mail.reply_to is not None:
        message["Reply-To"] = Address("", *_parts_of(mail.reply_to))
    message["Subject"] = _header(mail.subject, SUBJECT_CHARACTERS_MAX)
    # RFC 3834: no out-of-office reply comes back to what a machine sent.
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    for attachment in mail.attachments:
        maintype, _, subtype = attachment.media_type.partition("/")
        filename = _header(attachment.filename, FILENAME_CHARACTERS_MAX)
        message.add_attachment(attachment.content, maintype=maintype, subtype=subtype, filename=filename)
    # Last: what is set before belongs to the first part once there are several.
    message["Content-Language"] = mail.language
    return message


def single_line(text: str, characters_max: int | None = None) -> str:
    """What somebody typed as part of a line: without controls, with single blanks, at most so long (`…` says that it was longer).

    `single_line("Ana\\r\\nBcc: all@example.com")` is `Ana Bcc: all@example.com`.
    """
    plain = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in _DIRECTION.sub("", text))
    line = " ".join(plain.split())
    if characters_max is None or len(line) <= characters_max:
        return line
    return line[: characters_max - 1].rstrip() + "…"


def _header(text: str, characters_max: int) -> str:
    """What somebody typed as part of a header. An encoded word (RFC 2047) would be decoded, to line ends too: it is taken apart."""
    return single_line(text, characters_max).replace("=?", "=\N{WORD JOINER}?")


def _parts_of(address: str) -> tuple[str, str]:
    """What stands before and after the last @; a domain with letters beyond ASCII as DNS has it."""
    local, _, domain = address.rpartition("@")
    try:
        return local, domain.encode("idna").decode()
    except UnicodeError:
        return local, domain
