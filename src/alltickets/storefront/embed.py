"""An event's tickets in a frame on its organizer's own site, and the script that puts them there.

The page is the same for everybody, like the event's own, and only sites that its organizer has named may frame it: browsers hold
`frame-ancestors` against the site around it. Whatever leads on from here leaves the frame, as third-party frames have no storage.
"""

from uuid import UUID

import msgspec

from alltickets.catalog.interface import EVENT_TOPIC, EventNotFound
from alltickets.marketing.interface import EMBEDDING_TOPIC, read_frame_origins
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database
from alltickets.platform.http.problems import NoSuchPath
from alltickets.platform.http.telemetry import SECURITY_HEADERS
from alltickets.platform.notify import Listener
from alltickets.storefront.assets import Assets
from alltickets.storefront.encodings import Compressed, compress
from alltickets.storefront.event.kept import BY_TAG, Key, dropping, find_event
from alltickets.storefront.event.pages import EventPages
from alltickets.storefront.event.view import EventView
from alltickets.storefront.languages import Language
from alltickets.storefront.pages import SHARED, SHARED_BRIEFLY, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["EmbedPages"]

SCRIPT_SOURCE = "shop/embed/embed.ts"
SCRIPT_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
"""Organizers write the script's address into their pages once: it stays, and a new version is with everybody within an hour."""
PAGES_KEPT_MAX = 2_000
_NOBODY = "frame-ancestors 'none'"
_POLICY = dict(SECURITY_HEADERS)[b"content-security-policy"].decode()


class _Framed(msgspec.Struct, frozen=True):
    """What the page shows, and to the visitors of which sites."""

    view: EventView
    origins: tuple[str, ...]


class _Ready(msgspec.Struct, frozen=True):
    """The page as it goes out."""

    body: Compressed
    cache: str
    policy: str


class EmbedPages:
    """Pages to be framed, kept ready like those of events."""

    def __init__(self, sources: Sources, events: EventPages, templates: Templates, assets: Assets) -> None:
        self._sources = sources
        self._events = events
        self._templates = templates
        self._assets = assets
        self._origins: Snapshots[UUID, tuple[str, ...]] = Snapshots(self._load_origins)
        self._ready: Snapshots[Key, _Ready] = Snapshots(self._load, version_of=self._current, kept_max=PAGES_KEPT_MAX)

    def follow(self, listener: Listener) -> None:
        """Drop what was kept as soon as its change is announced."""
        self._origins.follow(listener, EMBEDDING_TOPIC, UUID)
        listener.on(EVENT_TOPIC, dropping(self._ready))
        listener.on(EMBEDDING_TOPIC, lambda _: self._ready.drop_all())

    def pages(self) -> list[Page]:
        """The frame's page in every language, and the script in none."""
        return [
            Page(name="showEmbed", path="/embed/{slug}", handle=self._show, cache=SHARED),
            Page(name="readEmbedScript", path="/embed.js", handle=self._script, cache=SCRIPT_CACHE, is_translated=False),
        ]

    async def _show(self, request: PageRequest) -> PageAnswer:
        event = await find_event(self._sources.catalog, request, "/embed")
        if isinstance(event, PageAnswer):
            return event
        ready = await self._ready.get((request.language.tag, event.event_id))
        if ready is None:
            raise EventNotFound(event.slug)
        return PageAnswer(200, ready.body, cache=ready.cache, headers=(("content-security-policy", ready.policy),))

    async def _script(self, _: PageRequest) -> PageAnswer:
        url = self._assets.built_url(SCRIPT_SOURCE)
        found = None if url is None else self._assets.find(url.rpartition("/")[2])
        if found is None:
            raise NoSuchPath
        # Sites that are isolated from others (COEP) take only what says that it is for them.
        headers = (("cross-origin-resource-policy", "cross-origin"), ("access-control-allow-origin", "*"))
        return PageAnswer(200, found.body, media_type="text/javascript", headers=headers)

    async def _load_origins(self, organizer_id: UUID) -> tuple[tuple[str, ...], object]:
        return await _origins_of(self._sources.database, organizer_id), None

    async def _load(self, key: Key) -> tuple[_Ready | None, object]:
        framed = await self._current(key)
        if framed is None:
            return None, None
        body = self._render(framed, BY_TAG[key[0]])
        cache = SHARED_BRIEFLY if framed.view.is_near_change else SHARED
        return _Ready(compress(body), cache, policy_of(framed.origins)), framed

    async def _current(self, key: Key) -> _Framed | None:
        event = await self._sources.catalog.snapshot(key[1])
        if event is None or not event.is_public:
            return None
        return _Framed(await self._events.view(event), await self._origins.get(event.organizer_id) or ())

    def _render(self, framed: _Framed, language: Language) -> bytes:
        event = framed.view.event
        return self._templates.render(
            "embed.html", language, path=f"/e/{event.slug}", view=framed.view, event=event, origins=framed.origins
        )


def policy_of(origins: tuple[str, ...]) -> str:
    """The policy of every page, but for whom may frame it."""
    assert _NOBODY in _POLICY, "no page is framed unless somebody said so"
    return _POLICY.replace(_NOBODY, f"frame-ancestors {' '.join(origins)}") if origins else _POLICY


async def _origins_of(database: Database, organizer_id: UUID) -> tuple[str, ...]:
    async with database.reading(organizer_id) as reader:
        return await read_frame_origins(reader)
