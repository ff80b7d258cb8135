"""Every page of the shop, put together."""

from collections.abc import Sequence

from litestar import Router

from alltickets.platform.http.problems import Problems
from alltickets.storefront.assets import Assets, frontend_folder
from alltickets.storefront.files import file_pages
from alltickets.storefront.legal import legal_pages
from alltickets.storefront.pages import Page
from alltickets.storefront.serving import ErrorPages, page_router
from alltickets.storefront.templates import Templates

__all__ = ["Storefront"]


class Storefront:
    """The pages, and what serves them."""

    def __init__(self, problems: Problems, *, site_url: str) -> None:
        assets = Assets(frontend_folder())
        templates = Templates(assets, site_url=site_url)
        self.errors = ErrorPages(templates, problems)
        self.pages: Sequence[Page] = (*legal_pages(templates), *file_pages(assets))

    def router(self) -> Router:
        """All of them as routes."""
        return page_router(self.pages, self.errors)
