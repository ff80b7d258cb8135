"""The list of events: what is in it, how it is searched and paged, and what robots are told."""

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from alltickets.catalog.schemas.organizer import VenueCreate
from alltickets.kernel.ids import new_id
from tests.storefront.conftest import ZONE, House, Site
from tests.storefront.test_event import words


async def titles(site: Site, **query: Any) -> list[str]:
    """The titles on the first page of a search."""
    page = await site.browser().get("/", params=query)
    assert page.status_code == 200
    return re.findall(r"<h2 dir=\"auto\">([^<]*)</h2>", page.text)


async def test_cards_say_what_when_where_and_from_what_price(site: Site, house: House) -> None:
    word = f"palabra{new_id().hex[-8:]}"
    event = await house.published(title=f"Gala {word}")

    page = await site.browser().get("/", params={"q": word.upper()})

    [card] = re.findall(r"<li class=\"card\">.*?</li>", page.text, re.DOTALL)
    assert f'href="/e/{event.slug}"' in card
    assert f"/e/{event.slug}/poster/" in card
    assert "Teatro Ópera · Buenos Aires" in card
    assert "desde" in card
    assert "$\N{NO-BREAK SPACE}12.500,00" in card


async def test_events_are_found_by_city_day_and_price(site: Site, house: House) -> None:
    word = f"palabra{new_id().hex[-8:]}"
    city = f"Ciudad {word}"
    event = await house.published(title=word, venue=VenueCreate(name="Sala", city=city, timezone=ZONE))
    day = event.performances[0].starts_at.astimezone(ZoneInfo(ZONE)).date()

    assert await titles(site, q=word) == [word]
    assert await titles(site, city=city) == [word]
    assert await titles(site, city=city, q="otra") == []
    assert await titles(site, q=word, **{"from": day, "to": day}) == [word]
    assert await titles(site, q=word, to=day - timedelta(days=1)) == []
    assert await titles(site, q=word, price="12500") == [word]
    assert await titles(site, q=word, price="12499,99") == []
    assert f"<option selected>{city}</option>" in (await site.browser().get("/", params={"city": city})).text


@pytest.mark.parametrize(
    "query",
    [
        {"from": "ayer"},
        {"to": "9999-99-99"},
        {"price": "NaN"},
        {"price": "gratis"},
        {"q": "\0"},
        {"city": "\0x"},
        {"from": "0001-01-01"},
    ],
    ids=str,
)
async def test_what_is_not_understood_is_not_looked_for(site: Site, query: dict[str, str]) -> None:
    page = await site.browser().get("/", params=query)

    assert page.status_code == 200


async def test_a_long_list_is_paged_by_key_with_the_search_kept(site: Site, house: House) -> None:
    word = f"palabra{new_id().hex[-8:]}"
    for number in range(26):
        await house.published(title=f"{word} {number}")

    first = await site.browser().get("/en/", params={"q": word})
    [link] = re.findall(r'href="([^"]+)" rel="next"', first.text)
    second = await site.browser().get(link.replace("&amp;", "&"))

    assert link.startswith(f"/en/?q={word}&amp;after=")
    pages = [re.findall(r"<h2 dir=\"auto\">([^<]*)</h2>", page.text) for page in (first, second)]
    assert [len(page) for page in pages] == [24, 2]
    assert len({*pages[0], *pages[1]}) == 26
    assert 'rel="next"' not in second.text


async def test_a_cursor_that_nobody_gave_out_is_refused_as_a_page(site: Site) -> None:
    page = await site.browser().get("/?after=nonsense")

    assert page.status_code == 422
    assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_nothing_found_says_what_to_do_next(site: Site) -> None:
    page = await site.browser().get("/", params={"q": "nadabuscaestapalabra"})

    assert "No encontramos nada así" in words(page)
    assert '<meta name="robots" content="noindex, follow">' in page.text


async def test_drafts_and_what_is_over_are_not_listed(site: Site, house: House) -> None:
    word = f"palabra{new_id().hex[-8:]}"
    await house.draft(title=f"{word} borrador")
    cancelled = await house.published(title=f"{word} cancelado")
    await site.contexts.catalog_service.events.cancel(house.actor, cancelled.event_id, "")
    await house.published(title=f"{word} pasado")

    site.clock.advance(days=31)
    await house.published(title=f"{word} por venir")

    assert await titles(site, q=word) == [f"{word} por venir"]


async def test_robots_are_told_where_not_to_look_and_where_everything_is(site: Site, house: House) -> None:
    event = await house.published()
    draft = await house.draft()

    robots = await site.browser().get("/robots.txt")
    sitemap = await site.browser().get("/sitemap.xml")

    assert "Disallow: /api/" in robots.text
    assert "Sitemap: http://tickets.example/sitemap.xml" in robots.text
    places = [element.text for element in ElementTree.fromstring(sitemap.content).iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    for prefix in ("", "/en", "/pt"):
        assert f"http://tickets.example{prefix}/e/{event.slug}" in places
    assert not any(str(place).endswith(draft.slug) for place in places)
