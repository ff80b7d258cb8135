"""Who comes to the pages of an order: somebody who has shown its secret, or has not yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from alltickets.orders.interface import OrderNotFound
from alltickets.storefront.pages import PageRequest

__all__ = ["PRIVATE", "Visit", "pasted_secret", "uuid_of", "visit_of"]

PRIVATE = (("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex"))
"""Headers of everything that an order's pages answer."""


@dataclass(frozen=True)
class Visit:
    """Somebody at an order's page. `secret` None: they have not shown it."""

    order_id: UUID
    secret: str | None


def visit_of(request: PageRequest) -> Visit:
    """Who asks. Raises `OrderNotFound` where the path names no order."""
    return Visit(uuid_of(request.params["order_id"]), _cookies(request.headers).get("order"))


def pasted_secret(request: PageRequest) -> str:
    """What somebody pasted into a form: a secret, or the whole link that ends with it; empty where there is none."""
    return request.form.get("secret", "").strip().rpartition("#")[2]


def uuid_of(text: str) -> UUID:
    """An id in a path or a form. Raises `OrderNotFound`."""
    try:
        return UUID(text)
    except ValueError:
        raise OrderNotFound from None


def _cookies(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}
