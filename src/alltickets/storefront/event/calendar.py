"""Calendar files of an event's performances."""

from alltickets.catalog.interface import EventNotFound, PerformanceNotFound
from alltickets.platform.http.lane import as_uuid
from alltickets.storefront.event.pages import PATH
from alltickets.storefront.event.sharing import calendar_file
from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest
from alltickets.storefront.sources import Sources

__all__ = ["calendar_page"]


def calendar_page(sources: Sources, *, site_url: str) -> Page:
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
        page_url = site_url + request.language.path(f"/e/{event.slug}")
        body = calendar_file(event, performance, page_url=page_url, now=sources.clock())
        headers = (("content-disposition", f'attachment; filename="{event.slug}.ics"'),)
        return PageAnswer(200, body, "text/calendar", headers=headers)

    return Page(name="readCalendar", path=f"{PATH}/calendar/{{performance}}", handle=read, cache=SHARED)
