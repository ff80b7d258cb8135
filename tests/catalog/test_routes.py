"""Catalog over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from alltickets.identity.interface import Permission
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database
from tests.catalog.api import Api, make_api
from tests.conftest import SettableClock

TROUBLEMAKERS = ["", " ", "\x00", "a\x00b", "\n", "x" * 30_000, 7, None, ["x"], {"x": 1}]


@pytest.fixture(scope="module")
def clock() -> SettableClock:
    """One for all of these tests, as they share an application."""
    return SettableClock()


@pytest.fixture(scope="module")
def api(database: Database, clock: SettableClock) -> Api:
    """The application that all of these tests share, each with an organizer of its own: it takes longer to build than they take."""
    return make_api(database, clock)


@pytest.fixture
async def organizer(api: Api) -> httpx.AsyncClient:
    return await api.organizer()


def event_body(**fields: object) -> dict[str, object]:
    return {"title": "Noche de prueba", "currency": "ARS", "timezone": "America/Argentina/Buenos_Aires", **fields}


async def created(organizer: httpx.AsyncClient, path: str, body: dict[str, object]) -> dict[str, Any]:
    answer = await organizer.post(f"/api/organizer{path}", json=body)
    assert answer.status_code == 201, answer.text
    read: dict[str, Any] = answer.json()
    return read


async def test_an_organizer_prepares_publishes_and_shows_an_event(api: Api, organizer: httpx.AsyncClient, clock: SettableClock) -> None:
    starts_at = clock.now + timedelta(days=30)
    venue = await created(organizer, "/venues", {"name": "Ópera", "city": "Buenos Aires", "timezone": "America/Argentina/Buenos_Aires"})
    event = await created(organizer, "/events", event_body(venue_id=venue["venue_id"], slug=f"noche-{new_id().hex}"))
    parts = f"/events/{event['event_id']}"

    refused = await organizer.post(f"/api/organizer{parts}/publish")
    performance: dict[str, object] = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=2)).isoformat()}
    await created(organizer, f"{parts}/performances", performance)
    sector = await created(organizer, f"{parts}/sectors", {"name": "Platea", "rows": [{"label": "A", "first": 1, "last": 20}]})
    general = await created(
        organizer, f"{parts}/ticket-types", {"sector_id": sector["sector_id"], "name": "General", "price_minor": 1_000_000}
    )
    press = await created(
        organizer,
        f"{parts}/ticket-types",
        {"sector_id": sector["sector_id"], "name": "Prensa", "price_minor": 0, "visibility": "code", "codes": ["diario26"]},
    )
    await created(organizer, f"{parts}/questions", {"key": "dni", "label": "DNI", "kind": "document", "required": True})
    published = await organizer.post(f"/api/organizer{parts}/publish")

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/not-publishable"
    assert [one["code"] for one in refused.json()["blockers"]] == ["performance_missing", "sector_missing", "ticket_type_missing"]
    assert published.status_code == 200, published.text
    assert published.json()["status"] == "published"
    async with api.client() as anybody:
        page = (await anybody.get(f"/api/shop/events/{event['slug']}")).json()
        unlocked = (await anybody.get(f"/api/shop/events/{event['event_id']}?code=DIARIO26")).json()
    assert [one["ticket_type_id"] for one in page["ticket_types"]] == [general["ticket_type_id"]]
    assert [one["ticket_type_id"] for one in unlocked["ticket_types"]] == [general["ticket_type_id"], press["ticket_type_id"]]
    assert "diario26" not in published.text
    assert "diario26" not in str(unlocked).casefold()
    assert (page["sectors"][0]["is_numbered"], page["questions"][0]["kind"]) == (True, "document")


async def test_a_change_names_only_what_changes_and_the_version_it_was_made_on(organizer: httpx.AsyncClient) -> None:
    event = await created(organizer, "/events", event_body(description="Dos horas."))
    path = f"/api/organizer/events/{event['event_id']}"

    changed = await organizer.patch(path, json={"version": 1, "title": "Otra noche"})
    late = await organizer.patch(path, json={"version": 1, "title": "La mía"})
    unversioned = await organizer.patch(path, json={"title": "La mía"})

    assert (changed.json()["title"], changed.json()["description"], changed.json()["version"]) == ("Otra noche", "Dos horas.", 2)
    assert (late.status_code, late.json()["type"], late.json()["version"]) == (409, "/problems/version-conflict", 2)
    assert unversioned.status_code == 422


async def test_null_clears_what_may_be_empty(organizer: httpx.AsyncClient) -> None:
    venue = await created(
        organizer, "/venues", {"name": "Ópera", "city": "Rosario", "timezone": "America/Argentina/Cordoba", "capacity": 9}
    )

    cleared = await organizer.patch(f"/api/organizer/venues/{venue['venue_id']}", json={"version": 1, "capacity": None})
    refused = await organizer.patch(f"/api/organizer/venues/{venue['venue_id']}", json={"version": 2, "name": None})

    assert (cleared.json()["capacity"], cleared.json()["name"]) == (None, "Ópera")
    assert refused.status_code == 422


async def test_lists_are_read_page_by_page(organizer: httpx.AsyncClient) -> None:
    for _ in range(3):
        await created(organizer, "/events", event_body())

    first = (await organizer.get("/api/organizer/events?size=2&status=draft")).json()
    second = (await organizer.get("/api/organizer/events", params={"size": 2, "cursor": first["next"]})).json()
    nonsense = await organizer.get("/api/organizer/events?cursor=nonsense")
    absurd = await organizer.get("/api/organizer/events?size=0")

    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)
    assert len({one["event_id"] for one in first["items"] + second["items"]}) == 3
    assert (nonsense.status_code, absurd.status_code) == (422, 422)


async def test_who_may_only_read_changes_nothing_and_sees_no_codes(api: Api) -> None:
    reader = await api.organizer(Permission.EVENTS_READ)
    codes = f"/api/organizer/events/{new_id()}/ticket-types/{new_id()}/codes"

    assert (await reader.get("/api/organizer/events")).status_code == 200
    assert (await reader.post("/api/organizer/events", json=event_body())).status_code == 403
    assert (await reader.get(codes)).status_code == 403
    async with api.client() as nobody:
        assert (await nobody.get("/api/organizer/events")).status_code == 401


async def test_another_organizers_things_answer_404(api: Api, organizer: httpx.AsyncClient) -> None:
    event = await created(organizer, "/events", event_body())
    venue = await created(organizer, "/venues", {"name": "Ópera", "city": "Rosario", "timezone": "America/Argentina/Cordoba"})
    stranger = await api.organizer()

    answers = [
        await stranger.get(f"/api/organizer/events/{event['event_id']}"),
        await stranger.patch(f"/api/organizer/events/{event['event_id']}", json={"version": 1, "title": "Mía"}),
        await stranger.delete(f"/api/organizer/events/{event['event_id']}"),
        await stranger.get(f"/api/organizer/venues/{venue['venue_id']}"),
        await stranger.delete(f"/api/organizer/venues/{venue['venue_id']}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5


async def test_what_is_deleted_is_gone(organizer: httpx.AsyncClient) -> None:
    event = await created(organizer, "/events", event_body())
    path = f"/api/organizer/events/{event['event_id']}"

    first, second = await organizer.delete(path), await organizer.delete(path)

    assert (first.status_code, second.status_code) == (204, 404)


@pytest.mark.parametrize("value", TROUBLEMAKERS)
@pytest.mark.parametrize("field", ["title", "slug", "category", "timezone", "currency", "venue_id", "unknown"])
async def test_troublesome_fields_never_break_anything(organizer: httpx.AsyncClient, field: str, value: object) -> None:
    answer = await organizer.post("/api/organizer/events", json=event_body(**{field: value}))

    assert answer.status_code in (201, 400, 422), answer.text


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-12-01T20:00:00", "mañana", 5])
async def test_instants_that_make_no_sense_are_refused(organizer: httpx.AsyncClient, at: object) -> None:
    event = await created(organizer, "/events", event_body())

    answer = await organizer.post(
        f"/api/organizer/events/{event['event_id']}/performances", json={"starts_at": at, "ends_at": "2026-12-01T22:00:00Z"}
    )

    assert answer.status_code == 422


@pytest.mark.parametrize("address", ["%00", "a%00b", "..", "%2e%2e", "'; DROP TABLE catalog.events;--", "x" * 81, "événement"])
async def test_strange_addresses_lead_nowhere(api: Api, address: str) -> None:
    async with api.client() as anybody:
        answer = await anybody.get(f"/api/shop/events/{address}")

    assert answer.status_code in (404, 422), answer.text


async def test_strange_codes_open_nothing(api: Api) -> None:
    async with api.client() as anybody:
        for code in ("%00", "x" * 65, "%F0%9F%98%80", "%ff"):
            assert (await anybody.get(f"/api/shop/events/nothing?code={code}")).status_code in (404, 422)


async def test_the_openapi_document_describes_bodies_with_their_bounds(api: Api) -> None:
    async with api.client() as anybody:
        document = (await anybody.get("/api/openapi.json")).json()

    ids = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids)
    assert {"createEvent", "publishEvent", "readPublicEvent", "setPricePhases", "quote"} <= set(ids)
    event = document["components"]["schemas"]["EventCreate"]
    assert set(event["required"]) == {"title", "currency", "timezone"}
    assert event["properties"]["title"]["maxLength"] == 200
