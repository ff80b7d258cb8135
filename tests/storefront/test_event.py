"""The event's page: what it says in each state, how it is cached, and that nothing a person typed runs."""

import json
import re
from datetime import timedelta

import httpx
import pytest

from alltickets.catalog.interface import Visibility
from alltickets.catalog.schemas.organizer import EventChange, EventRead, PerformanceChange, VenueCreate
from alltickets.kernel.ids import new_id
from alltickets.orders.service import PlaceHold
from alltickets.pricing.interface import SelectedLine
from alltickets.pricing.rules.units import ChargeMode
from alltickets.pricing.schemas import ChargePolicyDetails
from tests.storefront.conftest import ZONE, House, Site, make_house
from tests.waiting import until

SCRIPT = "<script>alert(1)</script>"
NASTY = f"{SCRIPT}\"'><img src=x onerror=alert(2)>{{{{7*7}}}}"


async def hold(house: House, event: EventRead, quantity: int) -> None:
    """Somebody takes so many."""
    line = SelectedLine(event.performances[0].performance_id, event.ticket_types[0].ticket_type_id, quantity)
    await house.site.contexts.orders.holding.place(PlaceHold(new_id(), event.event_id, new_id(), "192.0.2.7", (line,)))


def words(page: httpx.Response) -> str:
    """What is read on a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text.replace("\N{NO-BREAK SPACE}", " ")))


async def test_the_page_says_what_when_where_who_and_the_final_price(site: Site, house: House) -> None:
    event = await house.published(title="Gala de invierno", category="Concierto", description="Primer párrafo.\n\nSegundo.")
    policy = ChargePolicyDetails(name="Cargo", mode=ChargeMode.ADDED, basis_points=1_000)
    await site.contexts.price_lists.set_policy(house.actor, event.event_id, 0, policy)

    page = await site.browser().get(f"/e/{event.slug}")

    assert page.status_code == 200
    for said in ("Gala de invierno", "Concierto", "Teatro Ópera", "Corrientes 860, Buenos Aires", "hora de Buenos Aires", "Casa de prueba"):
        assert said in words(page)
    assert '<p dir="auto">Primer párrafo.</p>' in page.text
    assert "$ 13.750,00" in words(page)
    assert "$ 12.500,00" not in words(page)
    assert "https://www.google.com/maps/search/?api=1&amp;query=Teatro+%C3%93pera" in page.text


@pytest.mark.parametrize(("prefix", "says"), [("", "Entradas"), ("/en", "Tickets"), ("/pt", "Ingressos")])
async def test_the_page_speaks_every_language(site: Site, house: House, prefix: str, says: str) -> None:
    event = await house.published()

    page = await site.browser().get(f"{prefix}/e/{event.slug}")

    assert says in words(page)
    assert f'action="{prefix}/e/{event.slug}/checkout"' in page.text
    assert f'rel="alternate" hreflang="x-default" href="http://tickets.example/e/{event.slug}"' in page.text


async def test_quantities_are_chosen_by_a_plain_form(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"per_order_max": 4})

    page = await site.browser().get(f"/e/{event.slug}")

    [form] = re.findall(r"<form class=\"offers\".*?</form>", page.text, re.DOTALL)
    assert 'method="get"' in form
    assert f'name="performance" value="{event.performances[0].performance_id}"' in form
    assert f'name="t.{event.ticket_types[0].ticket_type_id}"' in form
    assert re.findall(r"<option value=\"(\d+)\"", form) == ["0", "1", "2", "3", "4"]


async def test_before_the_sale_the_page_says_when_it_opens(site: Site, house: House) -> None:
    opens_at = site.clock.now + timedelta(days=2)
    event = await house.published(ticket_type={"sales_from": opens_at})

    before = await site.browser().get(f"/e/{event.slug}")
    site.clock.advance(days=2, seconds=1)
    after = await seen(site, f"/e/{event.slug}", "Continuar")

    assert "Todavía no está a la venta" in words(before)
    assert "La venta abre el" in words(before)
    assert f'data-opens-at="{opens_at.isoformat()}"' in before.text
    assert "<select" not in before.text
    assert "Todavía no está a la venta" not in words(after)
    assert 'id="opening' not in after.text
    assert "<select" in after.text


async def seen(site: Site, path: str, says: str) -> httpx.Response:
    """The page once it says that: copies are at most a second old, and sooner dropped when a change is announced."""
    pages: list[httpx.Response] = []

    async def says_it() -> bool:
        pages.append(await site.browser().get(path))
        return says in words(pages[-1])

    await until(says_it)
    return pages[-1]


async def test_few_left_is_said_only_when_it_is_true(site: Site, house: House) -> None:
    many, few = await house.published(capacity=100), await house.published(capacity=10)
    await hold(house, many, 5)
    await hold(house, few, 9)

    pages = [await site.browser().get(f"/e/{event.slug}") for event in (many, few)]

    assert ["Quedan pocas" in words(page) for page in pages] == [False, True]


async def test_sold_out_is_said_and_nothing_can_be_chosen(site: Site, house: House) -> None:
    event = await house.published(capacity=3)
    await hold(house, event, 3)

    page = await site.browser().get(f"/e/{event.slug}")

    assert "Agotado" in words(page)
    assert "<select" not in page.text
    assert "Continuar" not in words(page)


@pytest.mark.parametrize(("move", "says"), [("cancel", "Este evento no se hace"), ("postpone", "Todavía no hay nueva fecha")])
async def test_an_event_that_does_not_take_place_as_told_says_so(site: Site, house: House, move: str, says: str) -> None:
    event = await house.published()
    await site.browser().get(f"/e/{event.slug}")

    await getattr(site.contexts.catalog_service.events, move)(house.actor, event.event_id, "")
    page = await seen(site, f"/e/{event.slug}", says)

    assert page.status_code == 200
    assert "<form" not in page.text


async def test_an_event_that_is_over_says_so(site: Site, house: House) -> None:
    event = await house.published()

    site.clock.advance(days=31)
    page = await site.browser().get(f"/e/{event.slug}")

    assert page.status_code == 200
    assert "Este evento ya pasó" in words(page)
    assert "<form" not in page.text


async def test_performances_are_chosen_one_by_one_and_past_ones_are_gone(site: Site, house: House) -> None:
    event = await house.draft()
    past, soon, later = [await house.performance(event, in_days=days) for days in (1, 5, 6)]
    await house.tickets(event)
    await house.publish(event)
    await site.contexts.catalog_service.performances.cancel(house.actor, event.event_id, later, "")

    site.clock.advance(days=3)
    page = await site.browser().get(f"/e/{event.slug}")

    assert str(past) not in page.text
    assert page.text.count('<details class="performance"') == 2
    assert page.text.count('class="performance" name="performance" open') == 1
    assert f'value="{soon}"' in page.text
    assert f'value="{later}"' not in page.text
    assert "Cancelada" in words(page)


async def test_what_is_hidden_or_sold_by_code_is_not_told(site: Site, house: House) -> None:
    event = await house.draft()
    await house.performance(event)
    await house.tickets(event)
    await house.tickets(event, name="Prensa", visibility=Visibility.HIDDEN)
    await house.publish(event)

    page = await site.browser().get(f"/e/{event.slug}")

    assert "General" in words(page)
    assert "Prensa" not in page.text


async def test_a_draft_and_an_archived_event_have_no_page(either_site: Site) -> None:
    house = await make_house(either_site)
    draft = await house.draft(title="Secreto de estado")
    archived = await house.published()
    await either_site.contexts.catalog_service.events.archive(house.actor, archived.event_id)

    for slug in (draft.slug, archived.slug, "no-such-event", "x" * 300, "%00", "..%2f"):
        page = await either_site.browser().get(f"/e/{slug}")
        assert page.status_code == 404
        assert "Secreto" not in page.text
        assert "No hay nada en esta dirección" in page.text
        assert page.headers["cache-control"] == "no-store"
    for path in ("/poster/0.svg", "/picture/0.png", f"/calendar/{new_id()}"):
        assert (await either_site.browser().get(f"/e/{draft.slug}{path}")).status_code == 404


async def test_a_former_address_leads_to_the_present_one(either_site: Site) -> None:
    house = await make_house(either_site)
    event = await house.published()
    moved = f"nuevo-{new_id().hex[-8:]}"
    await either_site.contexts.catalog_service.events.change(house.actor, event.event_id, EventChange(version=event.version, slug=moved))

    page = await either_site.browser().get(f"/en/e/{event.slug}")

    assert (page.status_code, page.headers["location"]) == (301, f"/en/e/{moved}")


async def test_the_page_is_the_same_for_everybody_and_kept_in_front_of_us(either_site: Site) -> None:
    house = await make_house(either_site)
    event = await house.published()
    browser = either_site.browser(cookie="session=1", **{"accept-encoding": "br"})

    first = await browser.get(f"/e/{event.slug}")
    again = await browser.get(f"/e/{event.slug}", headers={"if-none-match": f'"other", {first.headers["etag"]}'})

    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
    assert first.headers["content-encoding"] == "br"
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in first.headers["content-security-policy"]
    assert "set-cookie" not in first.headers
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert "content-length" not in again.headers or again.headers["content-length"] == "0"


async def test_a_change_is_seen_and_changes_the_tag(site: Site, house: House) -> None:
    event = await house.published()
    before = await site.browser().get(f"/e/{event.slug}")

    await site.contexts.catalog_service.events.change(house.actor, event.event_id, EventChange(version=event.version, title="Otro título"))
    await seen(site, f"/e/{event.slug}", "Otro título")
    after = await site.browser(**{"if-none-match": before.headers["etag"]}).get(f"/e/{event.slug}")

    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]


async def test_just_before_something_changes_caches_keep_the_page_for_a_second(site: Site, house: House) -> None:
    event = await house.published(ticket_type={"sales_from": site.clock.now + timedelta(seconds=30)})

    page = await site.browser().get(f"/e/{event.slug}")

    assert page.headers["cache-control"] == "public, max-age=0, s-maxage=1"


async def test_nothing_that_a_person_typed_runs(site: Site) -> None:
    house = await make_house(site, name=NASTY)
    venue = VenueCreate(name=NASTY, address=NASTY, city=NASTY, timezone=ZONE)
    event = await house.draft(title=NASTY, category=SCRIPT, description=NASTY, summary=NASTY, venue=venue)
    await house.performance(event)
    await house.performance(event, in_days=40)
    await house.tickets(event, name=NASTY, description=NASTY)
    await house.publish(event)

    for path in (f"/e/{event.slug}", f"/en/e/{event.slug}", f"/?q={SCRIPT}&city={NASTY}", "/", f"/?q={event.slug}"):
        page = await site.browser().get(path)
        assert page.status_code == 200
        assert "<script>" not in page.text
        assert "<img src=x" not in page.text
        assert "49" not in re.sub(r"[0-9a-f-]{12,}", "", page.text.partition("alert(2)")[2][:40])
    listed = await site.browser().get("/", params={"q": "alert"})
    assert "&lt;script&gt;" in listed.text


async def test_search_engines_read_the_event_as_data(site: Site, house: House) -> None:
    event = await house.published(title="Gala </script><b>", description="Con orquesta.")

    page = await site.browser().get(f"/e/{event.slug}")

    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page.text, re.DOTALL)
    data = json.loads(block)
    assert data["@type"] == "Event"
    assert data["name"] == "Gala </script><b>"
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["location"]["address"]["addressLocality"] == "Buenos Aires"
    assert data["organizer"]["name"] == "Casa de prueba"
    [offer] = data["offers"]
    assert (offer["price"], offer["priceCurrency"], offer["availability"]) == ("12500.00", "ARS", "https://schema.org/InStock")


async def test_a_shared_link_has_a_picture_made_for_the_event(site: Site, house: House) -> None:
    event = await house.published()
    page = await site.browser().get(f"/e/{event.slug}")

    [picture_url] = re.findall(r'<meta property="og:image" content="http://tickets.example([^"]+)"', page.text)
    picture = await site.browser().get(picture_url)
    stale = await site.browser().get(f"/e/{event.slug}/picture/000000000000.png")

    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"].endswith("immutable")
    assert picture.content.startswith(b"\x89PNG")
    assert int.from_bytes(picture.content[16:20]) == 1200
    assert stale.status_code == 404


async def test_the_calendar_file_holds_the_performance(site: Site, house: House) -> None:
    event = await house.published(title="Gala; con, comas\\ y " + "ñ" * 80)
    performance = event.performances[0]

    file = await site.browser().get(f"/e/{event.slug}/calendar/{performance.performance_id}")

    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert f'filename="{event.slug}.ics"' in file.headers["content-disposition"]
    assert all(len(line) <= 75 for line in file.content.split(b"\r\n"))
    unfolded = file.text.replace("\r\n ", "")
    assert f"DTSTART:{performance.starts_at:%Y%m%dT%H%M%SZ}" in unfolded
    assert "SUMMARY:Gala\\; con\\, comas\\\\ y ñññ" in unfolded
    assert (await site.browser().get(f"/e/{event.slug}/calendar/{new_id()}")).status_code == 404


async def test_a_moved_performance_is_seen(site: Site, house: House) -> None:
    event = await house.published()
    performance = event.performances[0]
    change = PerformanceChange(version=performance.version, ends_at=performance.ends_at + timedelta(minutes=30))

    await site.contexts.catalog_service.performances.change(house.actor, event.event_id, performance.performance_id, change)
    file = await site.browser().get(f"/e/{event.slug}/calendar/{performance.performance_id}")

    assert f"DTEND:{change.ends_at:%Y%m%dT%H%M%SZ}" in file.text
