"""What people do and meet: names that look like programs, networks and scripts that are missing, phones that sleep, links that are old."""

from typing import Any

import pytest
from playwright.async_api import Route, expect

from bench.people import Organizer, Sale
from bench.stack import Stack
from tests.journeys.browser import DESK, Arrival, Shopper, fits, violations_of

SCRIPT = "<script>alert(1)</script>"
TYPED = {
    "script": SCRIPT,
    "image": '"><img src=x onerror=alert(1)>',
    "emoji": "Ñandú 🎟️👩‍👩‍👧",
    "right-to-left": "ליאור ‏عربى",
    "long": "x" * 200,
}


@pytest.fixture
def asking_slug(organizer: Organizer, sale: Sale, slug: str) -> str:
    """The sale's event, whose organizer asks each holder something that is answered in words."""
    organizer.call("POST", f"/events/{sale.event_id}/questions", {"key": "apodo", "label": SCRIPT, "kind": "text", "required": True})
    return slug


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
async def test_what_a_buyer_types_is_shown_as_typed_and_never_run(
    arrive: Arrival, organizer: Organizer, sale: Sale, asking_slug: str, text: str
) -> None:
    shopper = await arrive()
    page = shopper.page

    await shopper.arrive(asking_slug)
    await shopper.reserve(2)
    await shopper.fill(text, name=text, document="")
    for holder in (0, 1):
        await shopper.field(f"holders/{holder}/answers/apodo").fill(text)
    await shopper.go_on()
    await expect(shopper.field("consent")).to_be_visible()
    summed_up = await page.locator(".review p.wrap").first.inner_text()
    fits_everywhere = [await fits(page)]
    await shopper.pay()
    await shopper.decide("approve")
    await shopper.becomes("paid")
    fits_everywhere.append(await fits(page))
    stubs = await page.locator(".stub-name").all_inner_texts()
    await page.locator(".stub-open").first.click()
    await page.wait_for_selector("#ticket")
    fits_everywhere.append(await fits(page))

    assert [summed_up, *stubs, await page.locator(".ticket-name").inner_text()] == [text] * 4
    assert fits_everywhere == [True, True, True]
    assert holders_of(organizer, sale) == [text, text]


def holders_of(organizer: Organizer, sale: Sale) -> list[Any]:
    """Whom the organizer expects at the door."""
    return [one["holder_name"] for one in organizer.call("GET", f"/events/{sale.event_id}/tickets")["items"]]


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
async def test_what_is_typed_into_other_fields_is_taken_for_words(arrive: Arrival, stack: Stack, sale: Sale, slug: str, text: str) -> None:
    shopper = await arrive()
    page = shopper.page

    await page.goto(stack.url)
    await page.locator("#q").fill(text)
    await page.locator(".search button").click()
    searched = await page.locator("#q").input_value()
    await page.goto(f"{stack.url}/o/{sale.event_id}")
    await page.locator("#secret").fill(text)
    await page.locator("#by-hand button").click()
    no_order = await page.locator("h1").inner_text()
    await page.goto(f"{stack.url}/recover")
    await page.evaluate("document.querySelector('#mail').form.noValidate = true")
    await page.locator("#mail").fill(text)
    await page.locator("form button").click()
    await expect(page.locator("#mail-fault")).to_be_visible()

    assert searched == text[:100]
    assert no_order == "No hay nada en esta dirección"
    assert await page.locator("#mail").input_value() == text
    assert await fits(page)


@pytest.mark.parametrize("text", TYPED.values(), ids=TYPED)
async def test_what_an_organizer_types_is_shown_as_typed_and_never_run(
    arrive: Arrival, stack: Stack, organizer: Organizer, text: str
) -> None:
    sale = organizer.publish(capacity=10, ticket_type={"name": text, "description": text})
    path = f"/events/{sale.event_id}"
    event = organizer.call("GET", path)
    facts = {"version": event["version"], "title": text, "summary": text, "description": text, "category": text[:60]}
    slug = organizer.call("PATCH", path, facts)["slug"]
    shopper = await arrive()
    page = shopper.page

    await page.goto(f"{stack.url}/e/{slug}")
    shown = [await page.locator(".event-head h1").inner_text(), *await page.locator(".offers h3").all_inner_texts()]
    fits_everywhere = [await fits(page)]
    await shopper.arrive(slug)
    shown += [await page.locator("h1").inner_text(), *await page.locator(".picks h3").all_inner_texts()]
    fits_everywhere.append(await fits(page))
    await page.goto(f"{stack.url}/?city=Rosario")
    fits_everywhere.append(await fits(page))

    assert shown == [text] * 4
    assert fits_everywhere == [True, True, True]


async def test_a_phone_that_slept_through_the_hold_takes_it_again_with_all_that_was_typed(
    arrive: Arrival, organizer: Organizer, slug: str
) -> None:
    shopper = await arrive()
    page = shopper.page
    await page.clock.install()
    await shopper.arrive(slug)
    await shopper.reserve(2)
    await shopper.review("Bruno Paz")

    # A closed lid: when it opens again, what was due rings once.
    await page.clock.fast_forward("10:30")
    await expect(page.locator(".notices .notice")).to_contain_text("Se terminó el tiempo de tu reserva")
    await page.locator(".alternatives button").first.click()
    await expect(shopper.field("holders/1/name")).to_have_value("Bruno Paz")
    await shopper.go_on()
    await page.clock.resume()
    await shopper.pay()
    await shopper.decide("approve")
    await shopper.becomes("paid")

    assert [one["status"] for one in organizer.call("GET", "/orders")["items"]] == ["paid"]


async def test_a_poster_that_does_not_come_leaves_its_place_and_its_name(arrive: Arrival, stack: Stack, slug: str) -> None:
    shopper = await arrive(DESK)
    page = shopper.page
    await page.goto(f"{stack.url}/e/{slug}")
    with_it = await page.locator(".poster").bounding_box()

    async def lose(route: Route) -> None:
        await route.fulfill(status=404)

    await page.route("**/poster/**", lose)
    await page.reload()

    assert await page.locator(".poster").bounding_box() == with_it
    assert await page.locator(".poster").get_attribute("alt") == "Afiche de Noche de club"
    assert await page.locator(".offers button").is_visible()


async def test_without_scripts_events_are_found_and_read_and_checkout_says_what_it_needs(
    arrive: Arrival, stack: Stack, organizer: Organizer, sale: Sale, slug: str
) -> None:
    title = f"Peña {sale.event_id.hex[-6:]}"
    event = organizer.call("GET", f"/events/{sale.event_id}")
    organizer.call("PATCH", f"/events/{sale.event_id}", {"version": event["version"], "title": title})
    shopper = await arrive(scripts=False)
    page = shopper.page

    await page.goto(stack.url)
    await page.locator("#q").fill(title)
    await page.locator(".search button").click()
    await page.locator(".card a").click()
    read = [await page.locator("h1").inner_text(), await page.locator(".offers .amount").inner_text()]
    await page.locator("select.quantity").select_option("2")
    await page.locator("form.offers button").click()
    told = await page.locator("#checkout").inner_text()

    assert read == [title, "$\u00a010.000,00"]
    assert "Para comprar hace falta JavaScript" in told
    assert slug in page.url


async def test_an_address_that_is_old_says_so_and_leads_to_what_there_is(arrive: Arrival, stack: Stack) -> None:
    shopper: Shopper = await arrive(language="/en")
    page = shopper.page

    answer = await page.goto(f"{stack.url}/en/e/una-noche-de-hace-anos")
    told = await page.locator("h1").inner_text()
    await page.locator("main .button").click()

    assert answer is not None
    assert (answer.status, told) == (404, "There is nothing at this address")
    assert page.url == f"{stack.url}/en/"


async def test_a_checkout_whose_script_does_not_come_says_what_can_be_done(arrive: Arrival, stack: Stack, slug: str) -> None:
    shopper = await arrive()
    page = shopper.page
    told = page.locator(".checkout-late")

    async def lose(route: Route) -> None:
        await route.abort()

    await page.route("**/assets/checkout-*.js", lose)
    await page.goto(f"{stack.url}/e/{slug}/checkout")
    at_first = await told.is_visible()
    await expect(told).to_be_visible(timeout=15_000)

    assert not at_first
    assert await violations_of(page) == []
