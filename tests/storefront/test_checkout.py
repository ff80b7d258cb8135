"""The checkout's page: the same for everybody, with all that its island has to know."""

import re
from typing import Any

import msgspec
import pytest

from alltickets.catalog.interface import Visibility
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import connect_sandbox


def data_in(page: str) -> dict[str, Any]:
    """What the island is told."""
    found = re.search(r'<script type="application/json" id="checkout-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = msgspec.json.decode(found[1])
    return told


async def test_it_carries_what_can_be_bought_with_final_prices_and_ways_to_pay(site: Site, house: House) -> None:
    await connect_sandbox(house)
    event = await house.published(ticket_type={"name": "Platea", "per_order_max": 4})
    async with site.browser() as browser:
        page = await browser.get(f"/en/e/{event.slug}/checkout")

    told = data_in(page.text)
    [performance], [ticket_type] = told["performances"], told["ticket_types"]
    offer = {"performance_id": performance["performance_id"], "ticket_type_id": ticket_type["ticket_type_id"]}
    assert (ticket_type["name"], ticket_type["per_order_max"]) == ("Platea", 4)
    assert told["prices"] == [{**offer, "final": {"minor": 1_250_000, "currency": "ARS"}}]
    assert [one["label"] for one in told["payment_options"]] == ["Pasarela de prueba"]
    assert (told["language"], told["language_prefix"], told["paths"]["order"], told["has_codes"]) == ("en", "/en", "/en/o", False)


async def test_it_is_nobodys_and_may_be_kept_by_caches(site: Site, house: House) -> None:
    event = await house.published()
    async with site.browser() as browser:
        page = await browser.get(f"/e/{event.slug}/checkout")
        again = await browser.get(f"/e/{event.slug}/checkout", headers={"if-none-match": page.headers["etag"]})

    assert "s-maxage" in page.headers["cache-control"]
    assert "set-cookie" not in page.headers
    assert again.status_code == 304


async def test_no_text_ends_the_element_that_carries_it(site: Site, house: House) -> None:
    nasty = "</script><script>alert(1)</script>"
    event = await house.published(title=nasty, ticket_type={"name": nasty, "description": nasty})
    async with site.browser() as browser:
        page = await browser.get(f"/e/{event.slug}/checkout")

    assert data_in(page.text)["ticket_types"][0]["name"] == nasty
    assert "<script>alert" not in page.text


async def test_a_type_that_is_sold_by_code_is_not_told_but_that_there_is_one(site: Site, house: House) -> None:
    event = await house.draft()
    await house.performance(event)
    await house.tickets(event)
    await house.tickets(event, name="Invitados", visibility=Visibility.CODE, codes=("amigos27",))
    published = await house.publish(event)
    async with site.browser() as browser:
        page = await browser.get(f"/e/{published.slug}/checkout")

    told = data_in(page.text)
    assert [one["name"] for one in told["ticket_types"]] == ["General"]
    assert told["has_codes"] is True
    assert "Invitados" not in page.text


@pytest.mark.parametrize("slug", ["no-such-event", "%00"])
async def test_what_is_no_event_has_no_checkout(site: Site, slug: str) -> None:
    async with site.browser() as browser:
        page = await browser.get(f"/e/{slug}/checkout")

    assert page.status_code == 404


async def test_what_is_not_sold_sends_to_the_page_that_says_why(site: Site, house: House) -> None:
    event = await house.published()
    await site.contexts.catalog_service.events.postpone(house.actor, event.event_id, "lluvia")
    async with site.browser() as browser:
        page = await browser.get(f"/en/e/{event.slug}/checkout")

    assert (page.status_code, page.headers["location"]) == (303, f"/en/e/{event.slug}")
