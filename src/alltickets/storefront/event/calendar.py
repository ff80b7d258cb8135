"""Calendar files of an event's performances (RFC 5545)."""

from datetime import UTC, datetime

from alltickets.catalog.interface import EventNotFound, PerformanceNotFound
from alltickets.platform.http.lane import as_uuid
from alltickets.storefront.event.pages import PATH
from alltickets.storefront.event.sharing import place_of, plain_summary
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["calendar_page"]

LINE_BYTES_MAX = 74


def calendar_page(sources: Sources, templates: Templates) -> Page:
    """`…/calendar/{performance}`: one performance as a file that every calendar takes in."""

    async def read(request: PageRequest) -> PageAnswer:
        slug = request.params["slug"]
        event = await sources.catalog.snapshot_by_slug(slug)
        if event is None or not event.is_public:
            raise EventNotFound(slug)
        performance_id = as_uuid(request.params["performance"])
        performance = event.performances.get(performance_id)
        if performance is None:
            raise PerformanceNotFound(performance_id)
        file = templates.render(
            "calendar.ics",
            request.language,
            path=f"/e/{event.slug}",
            event=event,
            performance=performance,
            place=place_of(event.venue) if event.venue else "",
            summary=plain_summary(event),
            now=sources.clock(),
            utc=_utc,
            text=_text,
        )
        headers = (("content-disposition", f'attachment; filename="{event.slug}.ics"'),)
        return PageAnswer(200, _folded(file), "text/calendar", headers=headers)

    return Page(name="readCalendar", path=f"{PATH}/calendar/{{performance}}", handle=read, cache=SHARED)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Text as a value (section 3.3.11)."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\r\n", "\n").replace("\n", "\\n")
    return "".join(char for char in escaped if char.isprintable())


def _folded(file: bytes) -> bytes:
    """Lines of at most 75 octets (section 3.1), never cut in the middle of a character."""
    return "".join(f"{_folded_line(line)}\r\n" for line in file.decode().rstrip("\n").split("\n")).encode()


def _folded_line(line: str) -> str:
    parts, size = [""], 0
    for char in line:
        width = len(char.encode())
        if size + width > LINE_BYTES_MAX:
            parts.append("")
            size = 1
        parts[-1] += char
        size += width
    return "\r\n ".join(parts)
