"""Pictures: those that organizers uploaded, those that are made of events, and the colours of organizers as stylesheets."""

import asyncio
import re
from collections import OrderedDict

from alltickets.catalog.interface import EventNotFound, EventSnapshot, PictureNotFound, poster_svg, read_picture, shared_picture
from alltickets.platform.http.lane import as_uuid
from alltickets.platform.http.problems import NoSuchPath
from alltickets.storefront.colours import theme_of
from alltickets.storefront.encodings import compress
from alltickets.storefront.event.pages import PATH, poster_hash
from alltickets.storefront.formats import Formats
from alltickets.storefront.languages import Language
from alltickets.storefront.pages import IMMUTABLE, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources

__all__ = ["Pictures"]

SHARED_KEPT_MAX = 200


class Pictures:
    """Every address means the same picture for ever; one that is no longer shown is not found."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._shared: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def pages(self) -> list[Page]:
        """Them as pages."""
        return [
            Page(
                name="readPicture",
                path="/pictures/{organizer}/{picture}/{size}",
                handle=self.uploaded,
                cache=IMMUTABLE,
                is_translated=False,
            ),
            Page(name="readTheme", path="/themes/{name}", handle=self.theme, cache=IMMUTABLE, is_translated=False),
            Page(name="readPoster", path=f"{PATH}/poster/{{name}}", handle=self.poster, cache=IMMUTABLE, is_translated=False),
            Page(name="readSharedPicture", path=f"{PATH}/picture/{{name}}", handle=self.shared, cache=IMMUTABLE),
        ]

    async def uploaded(self, request: PageRequest) -> PageAnswer:
        """An uploaded picture. Raises `PictureNotFound`."""
        size = request.params["size"]
        if size not in ("large.webp", "small.webp"):
            raise PictureNotFound
        async with self._sources.database.reading(as_uuid(request.params["organizer"])) as reader:
            body = await read_picture(reader, as_uuid(request.params["picture"]), is_small=size == "small.webp")
        return PageAnswer(200, body, "image/webp")

    async def theme(self, request: PageRequest) -> PageAnswer:
        """An accent as a stylesheet that sets the tokens anew: whatever the accent, text can be read."""
        accent = re.fullmatch(r"([0-9a-f]{6})\.css", request.params["name"])
        if accent is None:
            raise NoSuchPath
        theme = theme_of(f"#{accent[1]}")
        text = (
            f":root{{--accent:{theme.accent};--on-accent:{theme.on_accent};--accent-strong:{theme.strong};"
            f"--accent-text:{theme.text};--accent-soft:{theme.soft}}}\n"
        )
        return PageAnswer(200, text.encode(), "text/css")

    async def poster(self, request: PageRequest) -> PageAnswer:
        """The poster that is made for an event which has none. Raises `EventNotFound`."""
        event = await self._event(request, "svg")
        return PageAnswer(200, compress(poster_svg(event)), "image/svg+xml")

    async def shared(self, request: PageRequest) -> PageAnswer:
        """The picture that is shown where the event is shared. Raises `EventNotFound`."""
        event = await self._event(request, "png")
        key = (request.language.tag, request.params["name"])
        body = self._shared.get(key)
        if body is None:
            poster = None
            if event.poster is not None:
                async with self._sources.database.reading(event.organizer_id) as reader:
                    poster = await read_picture(reader, event.poster.picture_id, is_small=False)
            body = await asyncio.to_thread(shared_picture, event, _lines(event, request.language), poster)
            self._shared[key] = body
            while len(self._shared) > SHARED_KEPT_MAX:
                self._shared.popitem(last=False)
        return PageAnswer(200, body, "image/png")

    async def _event(self, request: PageRequest, suffix: str) -> EventSnapshot:
        """The event whose present picture has this name: no other name makes us draw."""
        slug = request.params["slug"]
        event = await self._sources.catalog.snapshot_by_slug(slug)
        if event is None or not event.is_public or request.params["name"] != f"{poster_hash(event)}.{suffix}":
            raise EventNotFound(slug)
        return event


def _lines(event: EventSnapshot, language: Language) -> tuple[str, ...]:
    """When and where, for the shared picture."""
    formats = Formats(language)
    times = [one.starts_at for one in event.performances.values()]
    when = [f"{formats.short_date(times[0], event.timezone)} – {formats.short_date(times[-1], event.timezone)}"] if len(times) > 1 else []
    if len(times) == 1:
        when = [f"{formats.short_date(times[0], event.timezone)}, {formats.time(times[0], event.timezone)}"]
    where = [] if event.venue is None else [f"{event.venue.name} · {event.venue.city}"]
    return (*when, *where)
