"""The event's page, kept ready to be sent: built when what it shows has changed, otherwise the same bytes for everybody."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from alltickets.catalog.interface import EVENT_TOPIC, EventNotFound, EventSnapshot, Offer, visible_ticket_types
from alltickets.kernel.money import Money
from alltickets.marketing.interface import PLACES_MAX
from alltickets.platform.cache import Snapshots
from alltickets.platform.http.lane import HotRoute, LaneAnswer, LaneRequest
from alltickets.platform.notify import Listener
from alltickets.pricing.interface import SelectedLine
from alltickets.storefront.colours import theme_of
from alltickets.storefront.encodings import Compressed, compress
from alltickets.storefront.event.kept import BY_TAG, Key, dropping, find_event
from alltickets.storefront.event.sharing import mail_url, map_url, plain_summary, structured_data, whatsapp_url
from alltickets.storefront.event.view import EventView, lowest_price, view_of
from alltickets.storefront.languages import LANGUAGES, Language
from alltickets.storefront.pages import SHARED, SHARED_BRIEFLY, Page, PageAnswer, PageRequest, etag_of
from alltickets.storefront.serving import ErrorPages, operation_id
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["PATH", "EventPages", "poster_hash"]

PATH = "/e/{slug}"
PAGES_KEPT_MAX = 2_000
SLUGS_KEPT_MAX = 20_000

_Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class _Ready:
    """A page as it goes out, with the headers of each encoding."""

    slug: str
    body: Compressed
    cache: str
    etag: bytes
    headers: dict[bytes | None, _Headers]
    unchanged: _Headers


class EventPages:
    """Event pages of all organizers in every language."""

    def __init__(self, sources: Sources, templates: Templates, errors: ErrorPages, *, site_url: str) -> None:
        self._sources = sources
        self._templates = templates
        self._errors = errors
        self._site_url = site_url
        self._ready: Snapshots[Key, _Ready] = Snapshots(self._load, version_of=self._version_of, kept_max=PAGES_KEPT_MAX)
        # A slug never changes its event, so what was found once stays.
        self._events: dict[str, UUID] = {}

    def follow(self, listener: Listener) -> None:
        """Drop an event's pages as soon as its change is announced."""
        listener.on(EVENT_TOPIC, dropping(self._ready))

    def page(self) -> Page:
        """The page as a route."""
        return Page(name="showEvent", path=PATH, handle=self.show, cache=SHARED)

    def hot_routes(self) -> list[HotRoute]:
        """The same on the hot lane."""
        return [self._hot_route(language) for language in LANGUAGES]

    async def show(self, request: PageRequest) -> PageAnswer:
        """The event's page; a former address leads to the present one. Raises `EventNotFound`, also for what is not public."""
        event = await find_event(self._sources.catalog, request, "/e")
        if isinstance(event, PageAnswer):
            return event
        ready = await self._ready.get((request.language.tag, event.event_id))
        if ready is None:
            raise EventNotFound(event.slug)
        self._remember(event.slug, event.event_id)
        return PageAnswer(200, ready.body, cache=ready.cache)

    async def view(self, event: EventSnapshot) -> EventView:
        """What the event's page shows now."""
        sources = self._sources
        availability = await sources.orders.shop.availability(event.event_id)
        prices: dict[Offer, Money] = {}
        for performance_id in event.performances:
            for ticket_type in visible_ticket_types(event, None):
                line = SelectedLine(performance_id, ticket_type.ticket_type_id, 1)
                quote = await sources.pricing.quote(event, [line], at=availability.at)
                prices[performance_id, ticket_type.ticket_type_id] = quote.totals.total
        face = await sources.organizers.face(event.organizer_id)
        return view_of(event, face, availability.offers, prices, availability.at)

    def render(self, view: EventView, language: Language) -> bytes:
        """The page's HTML."""
        event = view.event
        path = f"/e/{event.slug}"
        page_url = self._site_url + language.path(path)
        look = poster_hash(event)
        picture_url = f"{self._site_url}{language.path(path)}/picture/{look}.png"
        text = f"{event.title}: {page_url}"
        return self._templates.render(
            "event.html",
            language,
            path=path,
            view=view,
            event=event,
            theme=theme_of(view.face.accent),
            generated_poster=f"{path}/poster/{look}.svg",
            picture_url=picture_url,
            summary=plain_summary(event),
            lowest_price=lowest_price(view),
            map_url=map_url(event.venue) if event.venue else None,
            whatsapp_url=whatsapp_url(text),
            mail_url=mail_url(event.title, text),
            structured_data=structured_data(view, page_url=page_url, picture_url=picture_url),
            places_max=PLACES_MAX,
        )

    def _hot_route(self, language: Language) -> HotRoute:
        tag = language.tag
        events, peek = self._events, self._ready.peek

        async def show(request: LaneRequest) -> LaneAnswer:
            slug = request.params[0]
            event_id = events.get(slug)
            ready = None if event_id is None else peek((tag, event_id))
            if ready is None or ready.slug != slug:
                try:
                    answer = await self.show(PageRequest(language, f"/e/{slug}", {"slug": slug}, "", {}))
                except Exception as fault:
                    answer = self._errors.of(fault, language, instance=request.scope["path"])
                if answer.status != 200:
                    return _plain(answer)
                ready = await self._ready.get((tag, events[slug]))
                assert ready is not None, "what was just shown is at hand"
            return _answer(ready, request)

        return HotRoute(operation_id("showEvent", language), "GET", language.path(PATH), show)

    def _remember(self, slug: str, event_id: UUID) -> None:
        if len(self._events) >= SLUGS_KEPT_MAX:
            self._events.clear()
        self._events[slug] = event_id

    async def _load(self, key: Key) -> tuple[_Ready | None, object]:
        view = await self._current(key)
        if view is None:
            return None, None
        body = self.render(view, BY_TAG[key[0]])
        return _ready(view, body), view

    async def _version_of(self, key: Key) -> object:
        return await self._current(key)

    async def _current(self, key: Key) -> EventView | None:
        event = await self._sources.catalog.snapshot(key[1])
        return None if event is None or not event.is_public else await self.view(event)


def poster_hash(event: EventSnapshot) -> str:
    """Names what the event's pictures show: another title, date or place is another picture."""
    shown = (
        event.title,
        event.category,
        event.poster,
        event.venue,
        event.timezone,
        *(one.starts_at for one in event.performances.values()),
    )
    return hashlib.blake2b(repr(shown).encode(), digest_size=6).hexdigest()


def _ready(view: EventView, body: bytes) -> _Ready:
    compressed = compress(body)
    cache = SHARED_BRIEFLY if view.is_near_change else SHARED
    etag = etag_of(body).encode()
    common = ((b"cache-control", cache.encode()), (b"etag", etag), (b"vary", b"Accept-Encoding"))
    html = (*common, (b"content-type", b"text/html; charset=utf-8"))
    return _Ready(
        slug=view.event.slug,
        body=compressed,
        cache=cache,
        etag=etag,
        headers={None: html, **{name: (*html, (b"content-encoding", name)) for name in (b"br", b"gzip")}},
        unchanged=common,
    )


def _answer(ready: _Ready, request: LaneRequest) -> LaneAnswer:
    accepted = b""
    for name, value in request.scope["headers"]:
        if name == b"accept-encoding":
            accepted = value
        elif name == b"if-none-match" and ready.etag in value:
            return LaneAnswer(304, b"", ready.unchanged)
    body, encoding = ready.body.best(accepted)
    return LaneAnswer(200, body, ready.headers[encoding])


def _plain(answer: PageAnswer) -> LaneAnswer:
    """An error or a redirection."""
    assert isinstance(answer.body, bytes)
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers += [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", (answer.cache or SHARED).encode())]
    return LaneAnswer(answer.status, answer.body, headers)
