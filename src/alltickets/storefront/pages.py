"""What a page is: a path, a handler, and how long its answer may be kept."""

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from alltickets.storefront.encodings import Compressed
from alltickets.storefront.languages import Language

__all__ = [
    "IMMUTABLE",
    "NO_STORE",
    "SHARED",
    "SHARED_BRIEFLY",
    "Handler",
    "Page",
    "PageAnswer",
    "PageRequest",
    "etag_of",
    "html",
    "redirect",
]

NO_STORE = "no-store"
"""Somebody's, or different each time."""
SHARED = "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
"""The same for everybody. Browsers ask each time, caches in front of us every ten seconds."""
SHARED_BRIEFLY = "public, max-age=0, s-maxage=1"
"""The same, while something is about to change by the clock."""
IMMUTABLE = "public, max-age=31536000, immutable"
"""Named by its content: it never changes."""

HTML = "text/html"
"""Litestar says the character set of what is text."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page. `path` has no language in front, header names are in lower case, `address` is where the reader comes from."""

    language: Language
    path: str
    params: Mapping[str, str]
    query_string: str
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""

    @property
    def query(self) -> dict[str, str]:
        """The query's fields."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True, max_num_fields=400))

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form that was sent as the body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=400))


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What goes out. A plain body is compressed on its way, if that helps; a generator's goes out piece by piece as it comes.

    `cache` None: what the page says.
    """

    status: int
    body: bytes | Compressed | AsyncGenerator[bytes, None]
    media_type: str = HTML
    cache: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[PageRequest], Awaitable[PageAnswer]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page at `path` in every language, or in none: `/e/{slug}`, its parameters single parts of the path.

    `name` is its operation id, in figures and logs. Its handler may raise what its contexts raise: that becomes an error page.
    """

    name: str
    path: str
    handle: Handler
    cache: str = NO_STORE
    method: str = "GET"
    is_translated: bool = True
    why_anyone: str = field(default="a public page")


def html(body: bytes, *, status: int = 200, cache: str | None = None) -> PageAnswer:
    """A page's HTML."""
    return PageAnswer(status, body, cache=cache)


def redirect(location: str, *, status: int = 303) -> PageAnswer:
    """To another address."""
    return PageAnswer(status, b"", headers=(("location", location),))


def etag_of(body: bytes) -> str:
    """Names a body whatever its encoding: weak (RFC 9110 section 8.8.1)."""
    return f'W/"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
