"""Terms and privacy."""

from alltickets.storefront.pages import SHARED, Page, PageAnswer, PageRequest, html
from alltickets.storefront.templates import Templates

__all__ = ["legal_pages"]

NAMES = ("terms", "privacy")


def legal_pages(templates: Templates) -> list[Page]:
    """One page each, at its name."""
    return [_page(name, templates) for name in NAMES]


def _page(name: str, templates: Templates) -> Page:
    async def show(request: PageRequest) -> PageAnswer:
        return html(templates.render(f"legal/{name}.html", request.language, path=f"/{name}"))

    return Page(name=f"show{name.capitalize()}", path=f"/{name}", handle=show, cache=SHARED)
