"""A buyer's orders for the tests of pages, made through the shop's API."""

from typing import Any

import httpx

from alltickets.catalog.schemas.organizer import EventRead
from alltickets.kernel.ids import new_id
from simulators.sandbox.credentials import secret_of
from tests.payments.office import CASH, TRANSFER
from tests.storefront.conftest import House

__all__ = ["connect_offline", "connect_sandbox", "place_order", "with_secret"]


async def connect_sandbox(house: House) -> None:
    """A gateway account, so that what costs something can be ordered."""
    merchant = f"sbx_{new_id().hex[:16]}"
    await house.site.contexts.payments.accounts.connect(
        house.actor,
        "sandbox",
        label="Pasarela de prueba",
        currency="ARS",
        settings={"merchant": merchant, "mode": "link"},
        credentials={"secret": secret_of(merchant)},
    )


async def connect_offline(house: House) -> None:
    """Accounts for transfers and cash, in this order."""
    accounts = house.site.contexts.payments.accounts
    for gateway, label, settings in (("transfer", "Transferencia bancaria", TRANSFER), ("cash", "Efectivo en boletería", CASH)):
        await accounts.connect(house.actor, gateway, label=label, currency="ARS", settings=settings, credentials={})


async def place_order(browser: httpx.AsyncClient, event: EventRead, *, places: int = 1, name: str = "Julia Ríos") -> dict[str, Any]:
    """An order of the event's first ticket type: paid at once when it is free."""
    shown = (await browser.get(f"/api/shop/events/{event.event_id}")).json()
    line = {
        "performance_id": shown["performances"][0]["performance_id"],
        "ticket_type_id": shown["ticket_types"][0]["ticket_type_id"],
        "quantity": places,
    }
    hold_id = new_id()
    hold = {"event_id": str(event.event_id), "visitor_id": str(new_id()), "lines": [line]}
    (await browser.put(f"/api/shop/holds/{hold_id}", json=hold)).raise_for_status()
    body = {"event_id": str(event.event_id), "hold_id": str(hold_id), "buyer": {"name": name, "mail": "julia@example.com"}}
    answer = await browser.put(f"/api/shop/orders/{new_id()}", json=body)
    answer.raise_for_status()
    placed: dict[str, Any] = answer.json()
    return placed


def with_secret(order: dict[str, Any]) -> dict[str, str]:
    """The header of whoever has opened the order's page."""
    return {"cookie": f"order={order['secret']}"}
