"""The organizer's routes of transfers and cash: who may call them, what they take, and that nothing of another organizer is there."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest_asyncio
from litestar import Litestar

from alltickets.identity.interface import Authorization, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.gateways.offline import Cash, Transfer
from alltickets.payments.offline_routes import offline_router
from alltickets.payments.routes import organizer_router
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, join, make_house, make_identity, open_browser
from tests.payments.conftest import request, start
from tests.payments.office import ASKED, TRANSFER
from tests.payments.test_routes import _answer

BASE = "/api/organizer/payments"
ACCOUNT = {"gateway": "transfer", "label": "Transferencia", "currency": "ARS", "settings": TRANSFER, "credentials": {}}


class Desk:
    """Organizers at their browsers."""

    def __init__(self, database: Database, clock: SettableClock, key_ring: KeyRing) -> None:
        self.payments = Payments(database, clock, key_ring, [Transfer(), Cash()], public_url="http://127.0.0.1:8000")
        self.identity = make_identity(database, clock, CountingHasher())
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        handlers: list[Any] = [organizer_router(self.payments), offline_router(self.payments)]
        self.app = Litestar(route_handlers=handlers, plugins=[authorization], exception_handlers={Refusal: _answer}, openapi_config=None)


@pytest_asyncio.fixture
async def desk(database: Database, clock: SettableClock, key_ring: KeyRing) -> AsyncIterator[Desk]:
    desk = Desk(database, clock, key_ring)
    yield desk
    desk.identity.close()


async def test_money_is_found_confirmed_and_given_back_over_http(desk: Desk, database: Database, clock: SettableClock) -> None:
    house = await make_house(desk.identity)
    today = clock().date()
    async with open_browser(desk.app, token=house.owner.token) as browser:
        account_id = (await browser.post(f"{BASE}/accounts", json=ACCOUNT)).json()["account_id"]
        account = f"{BASE}/accounts/{account_id}"
        one, other = (request(clock, amount=ASKED, option_id=UUID(account_id)) for _ in range(2))
        for wanted in (one, other):
            await start(database, desk.payments, house.actor.organizer_id, wanted)
        listed = (await browser.get(f"{BASE}/awaited")).json()["items"]
        by_reference = {item["reference"]: item for item in listed}
        first, second = by_reference[str(one.reference)], by_reference[str(other.reference)]
        found = await browser.get(f"{BASE}/awaited", params={"search": first["code"].lower(), "is_open": True})
        seen = {"amount_minor": ASKED.minor, "received_on": today.isoformat()}
        confirm = f"{BASE}/awaited/{first['attempt_id']}/confirm"
        short = await browser.post(confirm, json={**seen, "amount_minor": 1})
        confirmed = await browser.post(confirm, json=seen)
        undescribed = await browser.post(f"{account}/statements", content=b"x")
        await browser.put(f"{account}/statement-layout", json={"booked_on": 1, "amount": 3, "descriptions": [2]})
        layout = await browser.get(f"{account}/statement-layout")
        rows = [f"{today:%d/%m/%Y};{item['code']};24.000,00" for item in (second, second)]
        body = "\n".join(["Fecha;Concepto;Importe", *rows]).encode("latin-1")
        preview = await browser.post(f"{account}/statements/preview", content=body)
        taken = await browser.post(f"{account}/statements", content=body)
        lines = await browser.get(f"{account}/statement-lines", params={"outcome": "paid_again"})
        [refund] = (await browser.get(f"{BASE}/refunds")).json()["items"]
        settled = await browser.post(f"{BASE}/refunds/{refund['refund_id']}/settle", json={"proof": "Transferencia 17"})

    assert [item["attempt_id"] for item in found.json()["items"]] == [first["attempt_id"]]
    assert (short.status_code, short.json()["type"]) == (409, "/problems/amount-differs")
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "charged")
    assert (undescribed.status_code, undescribed.json()["type"]) == (409, "/problems/no-statement-layout")
    assert (layout.json()["separator"], layout.json()["descriptions"]) == (";", [2])
    assert [(line["number"], line["outcome"], line["act"]) for line in preview.json()["lines"]] == [
        (2, "matched", "confirm"),
        (3, "paid_again", "give_back"),
    ]
    assert taken.json()["counts"] == {"matched": 1, "paid_again": 1}
    assert [line["code"] for line in lines.json()["items"]] == [second["code"]]
    assert (settled.json()["status"], settled.json()["proof"]) == ("succeeded", "Transferencia 17")


async def test_who_runs_events_sees_what_is_awaited_and_confirms_nothing(desk: Desk) -> None:
    house = await make_house(desk.identity)
    manager = await join(desk.identity, house, Role.MANAGER)
    box_office = await join(desk.identity, house, Role.BOX_OFFICE)
    confirmation = {"amount_minor": 1, "received_on": "2026-11-27"}
    async with open_browser(desk.app, token=manager.token) as browser, open_browser(desk.app, token=box_office.token) as counter:
        seen = await browser.get(f"{BASE}/awaited")
        refused = [
            await browser.post(f"{BASE}/awaited/{new_id()}/confirm", json=confirmation),
            await browser.post(f"{BASE}/refunds/{new_id()}/settle", json={"proof": "x"}),
            await browser.post(f"{BASE}/accounts/{new_id()}/statements", content=b"x"),
            await counter.get(f"{BASE}/awaited"),
        ]

    assert (seen.status_code, seen.json()["items"]) == (200, [])
    assert [answer.status_code for answer in refused] == [403] * 4
