"""Where mail is handed in, as `ALLTICKETS_SMTP_URL` says it."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

__all__ = ["Encryption", "MailServer"]

Encryption = Literal[
    "tls",  # from the first byte
    "starttls",  # before anything is said that matters, or not at all
    "if_offered",
    "none",
]
_PORTS: dict[Encryption, int] = {"tls": 465, "starttls": 587, "if_offered": 587, "none": 25}
_STARTTLS: dict[str, Encryption] = {"auto": "if_offered", "required": "starttls", "off": "none"}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server, and how to speak to it."""

    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @staticmethod
    def parse(url: str) -> "MailServer":
        """`smtps://user:word@host:465`, or `smtp://host:587` with `?starttls=auto`, `required` or `off`.

        auto: encrypted where the server offers it. With a password it is `required`, unless `off` is said: a password is not sent in clear
        by accident. Raises ValueError, which quotes nothing of the URL.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("cannot be read as a URL; percent-encode what is not a letter or a digit in its parts") from None
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        wish = options.pop("starttls", "auto")
        if not parts.hostname:
            raise ValueError("names no host: smtp://host:port")
        if parts.path.strip("/") or parts.fragment or options:
            raise ValueError("has more than host, port, user and ?starttls=…; percent-encode what is not a letter or a digit in its parts")
        if wish not in _STARTTLS:
            raise ValueError("starttls must be one of auto, required, off")
        if (parts.username is None) != (parts.password is None):
            raise ValueError("needs both a user and a password, or neither")
        encryption: Encryption = "tls" if parts.scheme == "smtps" else _STARTTLS[wish]
        if parts.username is None or parts.password is None:
            return MailServer(parts.hostname, port or _PORTS[encryption], encryption)
        if encryption == "if_offered":
            encryption = "starttls"
        return MailServer(parts.hostname, port or _PORTS[encryption], encryption, unquote(parts.username), unquote(parts.password))
