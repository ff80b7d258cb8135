"""What is seen from outside: the type of a problem, the figures of an event's stock, a payment with everything that happened to it."""

from collections.abc import Mapping
from typing import Any

import httpx

from bench.people import Organizer, Sale

__all__ = ["payment_of", "places", "problem_of"]


def problem_of(answer: httpx.Response) -> str:
    """The slug of a problem document; fails where the answer is none, or does not tell its own status."""
    assert answer.headers["content-type"] == "application/problem+json", f"{answer.status_code}: {answer.text[:500]}"
    members = answer.json()
    assert members["status"] == answer.status_code
    assert members["title"]
    assert members["detail"]
    slug: str = members["type"].removeprefix("/problems/")
    return slug


def places(organizer: Organizer, sale: Sale) -> tuple[int, int, int]:
    """Held, sold and left of the event's only pool."""
    [pool] = organizer.call("GET", f"/events/{sale.event_id}/pools")
    return pool["held"], pool["sold"], pool["left"]


def payment_of(organizer: Organizer, order: Mapping[str, Any]) -> dict[str, Any]:
    """The payment of an order with its attempts, charges and refunds, as its organizer sees it."""
    payment: dict[str, Any] = organizer.call("GET", f"/payments/{order['order_id']}")
    return payment
