"""Calendar files of an event's performances."""

from alltickets.catalog.interface import EventNotFound, EventStatus, PerformanceNotFound, PerformanceStatus
from alltickets.orders.interface import CalendarEntry, ics_of
from alltickets.platform.http.lane import as_uuid
from alltickets.storefront.event.pages import PATH
from alltickets.storefront.event.sharing import place_of, plain_summary
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources

__all__ = ["calendar_page"]


def calendar_page(sources: Sources, *, site_url: str) -> Page:
    """`…/calendar/{performance}`: one performance as a file that every calendar takes in; bought later, the order's entry replaces it."""

    async def read(request: PageRequest) -> PageAnswer:
        slug = request.params["slug"]
        event = await sources.catalog.snapshot_by_slug(slug)
        if event is None or not event.is_public:
            raise EventNotFound(slug)
        performance_id = as_uuid(request.params["performance"])
        performance = event.performances.get(performance_id)
        if performance is None:
            raise PerformanceNotFound(performance_id)
        is_off = event.status == EventStatus.CANCELLED or performance.status == PerformanceStatus.CANCELLED
        entry = CalendarEntry(
            uid=f"{performance_id}@alltickets",
            revision=event.version,
            starts_at=performance.starts_at,
            ends_at=performance.ends_at,
            title=event.title,
            location=place_of(event.venue) if event.venue else "",
            description=plain_summary(event),
            url=site_url + request.language.path(f"/e/{event.slug}"),
            status="CANCELLED" if is_off else "TENTATIVE" if event.status == EventStatus.POSTPONED else "CONFIRMED",
        )
        headers = (("content-disposition", f'attachment; filename="{event.slug}.ics"'),)
        return PageAnswer(200, ics_of([entry], now=sources.clock()), "text/calendar", headers=headers)

    return Page(name="readCalendar", path=f"{PATH}/calendar/{{performance}}", handle=read, cache=SHARED)
