"""What the pages that are kept ready of an event have in common: found by its slug, forgotten in every language when it changes."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from alltickets.catalog.interface import Catalog, EventNotFound, EventSnapshot
from alltickets.platform.cache import Snapshots
from alltickets.storefront.languages import LANGUAGES
from alltickets.storefront.pages import PageAnswer, PageRequest, redirect

__all__ = ["BY_TAG", "Key", "dropping", "find_event"]

Key = tuple[str, UUID]
"""A language's tag, and an event."""
BY_TAG = {language.tag: language for language in LANGUAGES}


async def find_event(catalog: Catalog, request: PageRequest, folder: str) -> EventSnapshot | PageAnswer:
    """The event of the request's slug, or the way to its present address in this folder. Raises `EventNotFound`, also for no public one."""
    slug = request.params["slug"]
    event = await catalog.snapshot_by_slug(slug)
    if event is None or not event.is_public:
        raise EventNotFound(slug)
    return event if event.slug == slug else redirect(request.language.path(f"{folder}/{event.slug}"), status=301)


def dropping(kept: Snapshots[Key, Any]) -> Callable[[str | None], None]:
    """Forgets an event's pages when its change is announced; all of them when it is not known what has changed."""

    def drop(announced: str | None) -> None:
        if announced is None:
            kept.drop_all()
            return
        for language in LANGUAGES:
            kept.drop((language.tag, UUID(announced)))

    return drop
