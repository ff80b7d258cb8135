"""Every page of the shop, put together."""

from collections.abc import Sequence

from litestar import Router

from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.lane import HotRoute
from alltickets.platform.http.problems import Problems
from alltickets.platform.notify import Listener
from alltickets.storefront.assets import Assets, frontend_folder
from alltickets.storefront.checkout import CheckoutPages
from alltickets.storefront.embed import EmbedPages
from alltickets.storefront.event.calendar import calendar_page
from alltickets.storefront.event.pages import EventPages
from alltickets.storefront.files import file_pages
from alltickets.storefront.guessing import refuse_guessing
from alltickets.storefront.legal import legal_pages
from alltickets.storefront.listing import listing_page
from alltickets.storefront.orders import OrderPages
from alltickets.storefront.pages import Page
from alltickets.storefront.pictures import Pictures
from alltickets.storefront.recovery import AskRecovery, recovery_pages
from alltickets.storefront.robots import robot_pages
from alltickets.storefront.self_service import SelfServicePages
from alltickets.storefront.serving import ErrorPages, page_router
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates
from alltickets.storefront.waiting import waiting_pages
from alltickets.storefront.withdrawal import WithdrawalPages

__all__ = ["Storefront"]


class Storefront:
    """The pages, and what serves them. `site_url`: where they stand for the world. `ask_recovery`: has lost links sent again."""

    def __init__(self, sources: Sources, problems: Problems, addresses: AddressReader, ask_recovery: AskRecovery, *, site_url: str) -> None:
        assets = Assets(frontend_folder())
        templates = Templates(assets, site_url=site_url)
        self.errors = ErrorPages(templates, problems)
        self._sources = sources
        self.events = EventPages(sources, templates, self.errors, site_url=site_url)
        self._embeds = EmbedPages(sources, self.events, templates, assets)
        self._addresses = addresses
        is_secure = site_url.startswith("https://")
        orders = OrderPages(sources, templates, assets, is_secure=is_secure)
        self.pages: Sequence[Page] = (
            listing_page(sources, self.events, templates),
            self.events.page(),
            *self._embeds.pages(),
            calendar_page(sources, site_url=site_url),
            *CheckoutPages(sources, templates).pages(),
            *refuse_guessing(
                (*orders.pages(), *SelfServicePages(sources, templates).pages(), *WithdrawalPages(sources, templates).pages()),
                sources.orders.opening,
            ),
            *recovery_pages(templates, ask_recovery),
            *waiting_pages(sources, self.events, templates),
            *Pictures(sources).pages(),
            *legal_pages(templates),
            *robot_pages(sources, site_url=site_url),
            *file_pages(assets),
        )

    def follow(self, listener: Listener) -> None:
        """Drop what was kept as soon as its change is announced."""
        self._sources.organizers.follow(listener)
        self.events.follow(listener)
        self._embeds.follow(listener)

    def router(self) -> Router:
        """All pages as routes."""
        return page_router(self.pages, self.errors, self._addresses)

    def hot_routes(self) -> list[HotRoute]:
        """The event's page, on the hot lane."""
        return self.events.hot_routes()
