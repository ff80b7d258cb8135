"""Pricing over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.catalog.api import Api, make_api
from tests.conftest import SettableClock


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    """One for all of these tests, as they share an application."""
    return SettableClock()


@pytest.fixture(scope="module")
def api(database: Database, clock: SettableClock) -> Api:
    """The application that all of these tests share, each with an organizer of its own: it takes longer to build than they take."""
    return make_api(database, clock)


async def published_event(organizer: httpx.AsyncClient, clock: SettableClock, **ticket_type: object) -> dict[str, Any]:
    """An event with one ticket type at $ 10.000."""
    root = "/api/organizer"
    venue = (await organizer.post(f"{root}/venues", json={"name": "Ópera", "city": "Salta", "timezone": "America/Argentina/Salta"})).json()
    event = (
        await organizer.post(
            f"{root}/events",
            json={"title": "Peña", "currency": "ARS", "timezone": "America/Argentina/Salta", "venue_id": venue["venue_id"]},
        )
    ).json()
    parts = f"{root}/events/{event['event_id']}"
    starts_at = clock.now + timedelta(days=9)
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=2)).isoformat()}
    await organizer.post(f"{parts}/performances", json=times)
    sector = (await organizer.post(f"{parts}/sectors", json={"name": "Patio", "capacity": 90})).json()
    body = {"sector_id": sector["sector_id"], "name": "General", "price_minor": 1_000_000, **ticket_type}
    await organizer.post(f"{parts}/ticket-types", json=body)
    published = await organizer.post(f"{parts}/publish")
    assert published.status_code == 200, published.text
    read: dict[str, Any] = published.json()
    return read


def quote_body(event: dict[str, Any], quantity: object = 2, **fields: object) -> dict[str, object]:
    line = {
        "performance_id": event["performances"][0]["performance_id"],
        "ticket_type_id": event["ticket_types"][0]["ticket_type_id"],
        "quantity": quantity,
    }
    return {"event_id": event["event_id"], "lines": [line], **fields}


async def test_prices_are_decided_and_quoted_with_every_rule_that_made_them(api: Api, clock: SettableClock) -> None:
    organizer = await api.organizer()
    event = await published_event(organizer, clock)
    path = f"/api/organizer/events/{event['event_id']}"
    policy = {
        "name": "Cargo por servicio",
        "mode": "added",
        "basis_points": 1000,
        "charge_taxes": [{"name": "IVA", "basis_points": 2100}],
    }

    decided = await organizer.put(f"{path}/charge-policy", json={"version": 0, "policy": policy})
    phased = await organizer.put(
        f"{path}/ticket-types/{event['ticket_types'][0]['ticket_type_id']}/price-phases",
        json={
            "version": 1,
            "phases": [{"name": "Preventa", "price_minor": 800_000, "ends_at": (clock.now + timedelta(days=1)).isoformat()}],
        },
    )
    async with api.client() as anybody:
        answer = await anybody.post("/api/shop/quotes", json=quote_body(event))

    assert (decided.status_code, phased.status_code, answer.status_code) == (200, 200, 200), answer.text
    quote = answer.json()
    [line] = quote["lines"]
    [part] = line["parts"]
    assert quote["totals"]["total"] == {"minor": 1_760_000, "currency": "ARS"}
    assert [(one["rule"], one["name"], one["amount"]["minor"]) for one in part["unit"]["adjustments"]] == [
        ("price_phase", "Preventa", -200_000),
        ("service_charge", "Cargo por servicio", 80_000),
    ]
    assert (part["unit"]["base"]["minor"], part["unit"]["final"]["minor"], part["unit"]["net"]["minor"]) == (1_000_000, 880_000, 866_116)
    assert part["unit"]["taxes"] == [
        {"name": "IVA", "basis_points": 2100, "part": "charge", "amount": {"minor": 13_884, "currency": "ARS"}}
    ]


async def test_what_is_not_public_has_no_price(api: Api, clock: SettableClock) -> None:
    organizer = await api.organizer()
    event = await published_event(organizer, clock)
    locked = await published_event(organizer, clock, visibility="code", codes=["amigos26"])
    await organizer.post(f"/api/organizer/events/{event['event_id']}/archive")

    async with api.client() as anybody:
        archived = await anybody.post("/api/shop/quotes", json=quote_body(event))
        unknown = await anybody.post("/api/shop/quotes", json={**quote_body(event), "event_id": str(new_id())})
        without_code = await anybody.post("/api/shop/quotes", json=quote_body(locked))
        with_code = await anybody.post("/api/shop/quotes", json=quote_body(locked, code="Amigos26"))

    assert (archived.status_code, unknown.status_code) == (404, 404)
    assert (without_code.status_code, without_code.json()["type"]) == (403, "/problems/access-code-needed")
    assert with_code.status_code == 200


@pytest.mark.parametrize("quantity", [0, -1, 1_001, 10**30, 1.5, "dos", None])
async def test_absurd_quantities_are_refused(api: Api, clock: SettableClock, quantity: object) -> None:
    event = await published_event(await api.organizer(), clock)

    async with api.client() as anybody:
        answer = await anybody.post("/api/shop/quotes", json=quote_body(event, quantity))

    assert answer.status_code in (400, 422), answer.text


async def test_selections_that_do_not_fit_are_refused_by_name(api: Api, clock: SettableClock) -> None:
    event = await published_event(await api.organizer(), clock)
    body = quote_body(event)
    lines = body["lines"]
    assert isinstance(lines, list)

    async with api.client() as anybody:
        nothing = await anybody.post("/api/shop/quotes", json={**body, "lines": []})
        seats = await anybody.post("/api/shop/quotes", json={**body, "lines": [{**lines[0], "seats": ["A-1"]}]})
        stranger = await anybody.post("/api/shop/quotes", json={**body, "lines": [{**lines[0], "ticket_type_id": str(new_id())}]})
        unknown = await anybody.post("/api/shop/quotes", json={**body, "promo": "x"})

    assert [answer.status_code for answer in (nothing, seats, stranger, unknown)] == [422, 422, 404, 422]
    assert seats.json()["type"] == "/problems/seats-mismatched"


async def test_prices_are_decided_by_those_who_may(api: Api) -> None:
    reader = await api.organizer(Permission.EVENTS_READ)
    path = f"/api/organizer/events/{new_id()}"

    answers = [await reader.get(f"{path}/prices"), await reader.put(f"{path}/charge-policy", json={"version": 0, "policy": None})]

    assert [answer.status_code for answer in answers] == [403, 403]


@pytest.mark.parametrize(
    "policy",
    [
        {"name": "", "mode": "added"},
        {"name": "a\x00", "mode": "added"},
        {"name": "Cargo", "mode": "borrowed"},
        {"name": "Cargo", "mode": "added", "basis_points": 10_001},
        {"name": "Cargo", "mode": "added", "fixed_minor": -1},
        {"name": "Cargo", "mode": "added", "rounding_step_minor": 0},
        {"name": "Cargo", "mode": "added", "minimum_minor": 2, "maximum_minor": 1},
        {"name": "Cargo", "mode": "added", "fixed_minor": 10**40},
    ],
)
async def test_policies_that_make_no_sense_are_refused(api: Api, clock: SettableClock, policy: dict[str, object]) -> None:
    organizer = await api.organizer()
    event = await published_event(organizer, clock)

    answer = await organizer.put(f"/api/organizer/events/{event['event_id']}/charge-policy", json={"version": 0, "policy": policy})

    assert answer.status_code == 422, answer.text
