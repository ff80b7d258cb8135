"""The waiting list as its pages have it: who signs up learns nothing of others, and leaving takes more than a look."""

import re

import pytest

from alltickets.catalog.schemas.organizer import EventRead
from alltickets.kernel.ids import new_id
from alltickets.orders.service import PlaceHold
from alltickets.pricing.interface import SelectedLine
from tests.storefront.conftest import House, Site
from tests.storefront.test_event import seen


async def sold_out(house: House) -> EventRead:
    """An event of which every place is held."""
    event = await house.published(capacity=2)
    line = SelectedLine(event.performances[0].performance_id, event.ticket_types[0].ticket_type_id, 2)
    await house.site.contexts.orders.holding.place(PlaceHold(new_id(), event.event_id, new_id(), "192.0.2.7", (line,)))
    return event


def form_of(event: EventRead, **fields: str) -> dict[str, str]:
    offer = f"{event.performances[0].performance_id}.{event.ticket_types[0].ticket_type_id}"
    return {"mail": f"{new_id().hex}@example.com", "offer": offer, "quantity": "2", **fields}


@pytest.mark.parametrize(
    ("prefix", "says", "locale"),
    [("", "Estás en la lista", "es-AR"), ("/en", "You are on the list", "en"), ("/pt", "Você está na lista", "pt-BR")],
)
async def test_who_finds_nothing_left_signs_up(site: Site, house: House, prefix: str, says: str, locale: str) -> None:
    event = await sold_out(house)
    page = await seen(site, f"{prefix}/e/{event.slug}", "Waiting list" if locale == "en" else "Lista de espera")
    form = form_of(event)

    [action] = re.findall(r'<form class="stack" action="([^"]+)"', page.text)
    first = await site.browser().post(action, data=form)
    again = await site.browser().post(action, data=form)
    listed = await site.contexts.waiting_list.page(house.actor, event.event_id, cursor=None, size=10)

    assert action == f"{prefix}/e/{event.slug}/waiting-list"
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    assert says in first.text
    assert first.content == again.content
    assert [(one.mail, one.quantity, one.locale) for one in listed.items] == [(form["mail"], 2, locale)]
    assert "set-cookie" not in first.headers


async def test_the_form_stands_where_something_is_sold_out_and_nowhere_else(site: Site, house: House) -> None:
    on_sale = await house.published()
    full = await sold_out(house)

    assert 'id="waiting"' not in (await site.browser().get(f"/e/{on_sale.slug}")).text
    page = await seen(site, f"/e/{full.slug}", "Lista de espera")
    assert page.headers["cache-control"] == "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
    assert "set-cookie" not in page.headers


async def test_where_some_are_sold_out_one_waits_for_those_and_buys_the_others(site: Site, house: House) -> None:
    event = await house.draft()
    performance_id = await house.performance(event)
    gone = [await house.tickets(event, name=name, capacity=1) for name in ("Campo", "Platea")]
    left = await house.tickets(event, name="Pullman")
    event = await house.publish(event)
    lines = tuple(SelectedLine(performance_id, one, 1) for one in gone)
    await site.contexts.orders.holding.place(PlaceHold(new_id(), event.event_id, new_id(), "192.0.2.7", lines))

    page = await seen(site, f"/e/{event.slug}", "Lista de espera")

    assert '<details class="waiting" id="waiting">' in page.text
    assert re.findall(r'<option value="([0-9a-f-]{36}\.[0-9a-f-]{36})"', page.text) == [f"{performance_id}.{one}" for one in gone]
    assert f'name="t.{left}"' in page.text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("mail", "julia", "waiting-mail-fault"),
        ("mail", '"><script>alert(1)</script>', "waiting-mail-fault"),
        ("quantity", "many", "waiting-quantity-fault"),
        ("offer", "x", ""),
    ],
)
async def test_a_fault_is_told_beside_its_field_and_what_was_typed_stays(
    site: Site, house: House, field: str, value: str, told: str
) -> None:
    event = await sold_out(house)
    form = form_of(event, **{field: value})

    page = await site.browser().post(f"/e/{event.slug}/waiting-list", data=form)

    assert page.status_code == 422
    assert told in page.text
    assert "<script>alert" not in page.text
    assert form["mail"] in page.text or field == "mail"


async def test_a_look_at_the_link_of_a_mail_takes_nobody_off_the_list(site: Site, house: House) -> None:
    event = await sold_out(house)
    await site.browser().post(f"/e/{event.slug}/waiting-list", data=form_of(event))
    waiting_list = site.contexts.waiting_list
    [entry] = (await waiting_list.page(house.actor, event.event_id, cursor=None, size=10)).items
    path = f"/en/waiting-list/{waiting_list.token_of(house.actor.organizer_id, entry.entry_id)}"

    looked = await site.browser().get(path)
    kept = await waiting_list.page(house.actor, event.event_id, cursor=None, size=10)
    left = await site.browser().post(path, data={"List-Unsubscribe": "One-Click"})
    twice = await site.browser().post(path)

    assert "Leave the list" in looked.text
    assert looked.headers["x-robots-tag"] == "noindex"
    assert len(kept.items) == 1
    assert "You have left the list" in left.text
    assert (left.status_code, twice.status_code) == (200, 200)
    assert (await waiting_list.page(house.actor, event.event_id, cursor=None, size=10)).items == []


async def test_nothing_is_signed_up_for_where_there_is_nothing(site: Site, house: House) -> None:
    draft = await house.draft()

    assert (await site.browser().post(f"/e/{draft.slug}/waiting-list", data={})).status_code == 404
    assert (await site.browser().post("/waiting-list/none")).status_code == 404
    back = await site.browser().get(f"/e/{draft.slug}/waiting-list")
    assert (back.status_code, back.headers["location"]) == (303, f"/e/{draft.slug}#waiting")
