"""Which sites may frame an organizer's tickets: pure."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from alltickets.marketing.refusals import OriginRefused

__all__ = ["ORIGINS_MAX", "frame_origins"]

ORIGINS_MAX = 20

# What stands in a header must be nothing else: letters, digits and hyphens between dots, as DNS has them (RFC 1123), two parts at least.
_HOST = re.compile(r"(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LOOPBACK = ("localhost", "127.0.0.1")


def frame_origins(texts: Iterable[str], *, allows_loopback: bool) -> tuple[str, ...]:
    """The origins of these sites as browsers compare them, each once, in order. Raises `OriginRefused` for the first that is none.

    `https://WWW.Café.example:443/` is `https://www.xn--caf-dma.example`. `allows_loopback`: also a site on the machine of whoever looks
    at it, without https: for development.
    """
    return tuple(dict.fromkeys(_origin(text.strip(), allows_loopback=allows_loopback) for text in texts))


def _origin(text: str, *, allows_loopback: bool) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError) as fault:
        raise OriginRefused(text) from fault
    is_bare = (
        not (parts.username or parts.password or parts.query or parts.fragment)
        and parts.path in ("", "/")
        and not text.endswith(("?", "#"))
    )
    is_loopback = allows_loopback and parts.scheme == "http" and host in _LOOPBACK
    is_site = parts.scheme == "https" and _HOST.fullmatch(host) is not None
    if not is_bare or not (is_site or is_loopback) or port == 0:
        raise OriginRefused(text)
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" + ("" if port in (None, default) else f":{port}")
