"""Orders' pages count secrets that are not the order's, whichever of them they are tried at."""

from collections.abc import Iterable
from dataclasses import replace

from alltickets.orders.interface import Opening
from alltickets.storefront.pages import Handler, Page, PageAnswer, PageRequest
from alltickets.storefront.visits import pasted_secret, visit_of

__all__ = ["refuse_guessing"]


def refuse_guessing(pages: Iterable[Page], opening: Opening) -> list[Page]:
    """The same pages; those of an order first look at the secrets that they are shown."""
    return [replace(page, handle=_checked(page.handle, opening)) if "{order_id}" in page.path else page for page in pages]


def _checked(handle: Handler, opening: Opening) -> Handler:
    async def check(request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        for secret in (visit.secret or "", pasted_secret(request)):
            await opening.check(visit.order_id, secret, address=request.address)
        return await handle(request)

    return check
