"""Pages whose state a running shop is not brought to for a picture: faults, refusals, an empty house. The real templates, rendered here."""

from collections.abc import Mapping

from playwright.async_api import Page, Route

from alltickets.storefront.assets import Assets, frontend_folder
from alltickets.storefront.languages import LANGUAGES, Language
from alltickets.storefront.listing import Asked
from alltickets.storefront.templates import Templates

__all__ = ["ERRORS", "show_plate"]

ERRORS = (400, 410, 429, 500, 503)
_EMPTY_LIST: Mapping[str, object] = {
    "asked": Asked.of({}),
    "cities": [],
    "cards": [],
    "is_whole": True,
    "is_first": True,
    "first_url": "/",
    "next_url": None,
}


async def show_plate(page: Page, site_url: str, prefix: str, name: str) -> None:
    """Show `empty` (nothing is on sale) or an error by its status, at an address of the shop, so that its assets are served."""
    language = next(one for one in LANGUAGES if one.prefix == prefix)
    body = _rendered(language, site_url, name)

    async def answer(route: Route) -> None:
        await route.fulfill(status=200 if name == "empty" else int(name), content_type="text/html; charset=utf-8", body=body)

    address = f"{site_url}{prefix}/plate-{name}"
    await page.route(address, answer)
    await page.goto(address)


def _rendered(language: Language, site_url: str, name: str) -> bytes:
    templates = Templates(Assets(frontend_folder()), site_url=site_url)
    if name == "empty":
        return templates.render("listing.html", language, path="/", **_EMPTY_LIST)
    return templates.render("error.html", language, path="/", status=int(name))
