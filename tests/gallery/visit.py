"""Somebody who looks at the house with a browser."""

from dataclasses import dataclass

from playwright.async_api import Page

from tests.gallery.house import House
from tests.journeys.browser import Shopper

__all__ = ["Visit"]


@dataclass(frozen=True)
class Visit:
    """Somebody with a browser in a house. `prefix`: of the language, `/en`."""

    house: House
    shopper: Shopper
    prefix: str

    @property
    def page(self) -> Page:
        """What they look at."""
        return self.shopper.page

    async def go(self, path: str) -> None:
        """Open a path of the shop, in their language."""
        await self.page.goto(f"{self.house.stack.url}{self.prefix}{path}")

    async def arrive(self, event: str) -> None:
        """Open the checkout of an event."""
        await self.shopper.arrive(self.house.slugs[event])

    async def open_order(self, name: str, path: str = "") -> None:
        """A page of an order, as somebody who has its secret."""
        order = self.house.orders[name]
        url = f"{self.house.stack.url}{self.prefix}/o/{order['order_id']}"
        await self.page.context.add_cookies([{"name": "order", "value": order["secret"], "url": url}])
        await self.page.goto(f"{url}{path}")
