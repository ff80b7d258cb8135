"""The organizer's tickets and the doors' keys by HTTP."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alltickets.catalog.schemas.organizer import EventCreate
from alltickets.identity.interface import Permission
from alltickets.kernel.ids import UUID, new_id
from alltickets.tickets.interface import SignedToken, Ticket, issue, read_code
from tests.conftest import SettableClock
from tests.serving import Served, serving
from tests.tickets.conftest import MakeRequest
from tests.tickets.verification import is_genuine


@dataclass
class Office:
    """An event with tickets, whoever works on them, and a door."""

    served: Served
    event_id: UUID
    issued: list[Ticket]
    client: httpx.AsyncClient
    device: httpx.AsyncClient


@pytest_asyncio.fixture(scope="module")
async def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """The application that all of these tests share, each with an organizer of its own: it takes longer to build than they take."""
    async with serving(database_url, tmp_path_factory.mktemp("office"), SettableClock(), hot_lane=True) as served:
        yield served


@pytest_asyncio.fixture
async def office(built: Served, make_request: MakeRequest) -> AsyncIterator[Office]:
    served = await built.with_another_owner()
    body = EventCreate(title="Noche de prueba", currency="ARS", timezone="America/Argentina/Buenos_Aires")
    event_id = (await served.contexts.catalog_service.events.create(served.owner, body)).event_id
    async with served.contexts.database.transaction(served.owner.organizer_id) as tx:
        requests = [make_request(event_id=event_id, number=number) for number in (1, 2, 3)]
        issued = await issue(tx, requests, now=served.contexts.clock())
    key = await served.api_key(Permission.TICKETS_READ, Permission.TICKETS_WRITE, Permission.EVENTS_WRITE)
    async with served.client(key) as client, served.client(await served.device()) as device:
        yield Office(served, event_id, issued, client, device)


async def test_the_events_tickets_are_listed_in_pages(office: Office) -> None:
    address = f"/api/organizer/events/{office.event_id}/tickets"

    first = (await office.client.get(address, params={"size": 2})).json()
    rest = (await office.client.get(address, params={"size": 2, "cursor": first["next"]})).json()

    assert [one["ticket_id"] for one in first["items"] + rest["items"]] == [str(ticket.ticket_id) for ticket in office.issued]
    assert rest["next"] is None
    assert first["items"][0]["holder_name"] == "Ana Paz"


async def test_a_ticket_is_revoked_for_a_reason(office: Office) -> None:
    address = f"/api/organizer/tickets/{office.issued[0].ticket_id}/revoke"

    revoked = await office.client.post(address, json={"reason": "fraud"})
    listed = (await office.client.get(f"/api/organizer/events/{office.event_id}/tickets", params={"status": "revoked"})).json()

    assert (revoked.status_code, revoked.json()["status"], revoked.json()["revoked_reason"]) == (200, "revoked", "fraud")
    assert listed["items"] == [revoked.json()]
    assert (await office.client.post(address, json={"reason": "because"})).status_code == 422


async def test_a_ticket_is_reissued_once_per_serial(office: Office) -> None:
    address = f"/api/organizer/tickets/{office.issued[0].ticket_id}/reissue"

    again = [await office.client.post(address, json={"serial": 1, "reason": "lost"}) for _ in range(2)]

    assert [(one.status_code, one.json()["serial"]) for one in again] == [(200, 2), (200, 2)]


async def test_what_cannot_be_done_is_a_problem(office: Office) -> None:
    revoked = office.issued[0].ticket_id
    await office.client.post(f"/api/organizer/tickets/{revoked}/revoke", json={"reason": "fraud"})
    answers = [
        await office.client.post(f"/api/organizer/tickets/{revoked}/reissue", json={"serial": 1, "reason": "lost"}),
        await office.client.post(f"/api/organizer/tickets/{new_id()}/reissue", json={"serial": 1, "reason": "lost"}),
        await office.client.post(f"/api/organizer/tickets/{office.issued[1].ticket_id}/reissue", json={"serial": 65535, "reason": "lost"}),
        await office.client.post(f"/api/organizer/events/{new_id()}/key/replace", json={"number": 1}),
        await office.device.get(f"/api/gate/events/{new_id()}/key"),
    ]

    assert [(one.status_code, one.json()["type"]) for one in answers] == [
        (409, "/problems/ticket-revoked"),
        (404, "/problems/ticket-not-found"),
        (409, "/problems/replaced-too-often"),
        (404, "/problems/event-not-found"),
        (404, "/problems/event-not-found"),
    ]


async def test_a_door_verifies_with_the_public_key_it_was_given(office: Office) -> None:
    ticket = office.issued[0]
    shown = await office.served.contexts.tickets.shown(office.served.owner.organizer_id, ticket.order_id, ticket.ticket_id)

    keys = (await office.device.get(f"/api/gate/events/{office.event_id}/key")).json()

    [key] = keys["keys"]
    read = read_code(shown.code or "")
    assert isinstance(read, SignedToken)
    assert (key["number"], key["retired"]) == (read.token.key_number, False)
    assert is_genuine(read, Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["public_key"] + "=")))


async def test_a_replaced_key_is_shown_as_retired(office: Office) -> None:
    await office.device.get(f"/api/gate/events/{office.event_id}/key")

    replaced = await office.client.post(f"/api/organizer/events/{office.event_id}/key/replace", json={"number": 1})

    assert (replaced.status_code, replaced.json()["number"]) == (200, 2)
    keys = (await office.device.get(f"/api/gate/events/{office.event_id}/key")).json()["keys"]
    assert [(one["number"], one["retired"]) for one in keys] == [(1, True), (2, False)]
    assert "private" not in str(keys)
