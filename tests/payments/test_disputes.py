"""Disputes that only a letter or a payment's status tells of, over HTTP: recorded, listed by deadline, concluded, and kept from others."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from litestar import Litestar

from alltickets.identity.interface import Authorization, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.disputes.routes import router
from alltickets.payments.events import DisputeClosed, DisputeOpened
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import GatewayPayment
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from bench.plain import PLAIN
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, connect, request, start
from tests.payments.payway import METHODS
from tests.payments.sandbox import Merchant
from tests.payments.test_routes import _answer
from tests.stream import events_of

BASE = "/api/organizer/payments"
NOBODY = "http://127.0.0.1:9"


class Desk:
    """Payments of accounts whose gateways nobody has to reach, and whoever works with them."""

    def __init__(self, database: Database, clock: SettableClock, key_ring: KeyRing) -> None:
        client = httpx.AsyncClient(verify=PLAIN)
        self.database, self.clock = database, clock
        self.payments = Payments(
            database, clock, key_ring, [Sandbox(NOBODY, client), Payway(NOBODY, client, developer_url=NOBODY)], public_url=NOBODY
        )
        self.follower = Follower(database, subscriptions(self.payments))
        self.identity = make_identity(database, clock, CountingHasher())
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        handlers: list[Any] = [router(self.payments.disputes)]
        self.app = Litestar(route_handlers=handlers, plugins=[authorization], exception_handlers={Refusal: _answer}, openapi_config=None)

    async def paid_by_card(self, house: House) -> UUID:
        """A payment of 100.00 that an account at Payway took; its reference."""
        account = await self.payments.accounts.connect(
            house.actor,
            "payway",
            label="Tarjeta",
            currency="ARS",
            settings={"public_key": "a" * 32, "methods": METHODS},
            credentials={"private_key": "b" * 32},
        )
        one = request(self.clock, option_id=account.id)
        started = await start(self.database, self.payments, house.actor.organizer_id, one)
        async with self.database.transaction(house.actor.organizer_id) as tx:
            taken = GatewayPayment(
                provider_payment_id="77001", reference=str(started.attempt_id), status="charged", amount=ASKED, raw_status="approved"
            )
            await apply_reports(tx, [Report(account.id, taken)], cause="call", now=self.clock())
        return one.reference

    async def balances(self, house: House) -> dict[str, int]:
        await self.follower.catch_up()
        found = await self.payments.ledger.balances(house.actor.organizer_id)
        return {one.account.partition(":")[0]: one.balance_minor for one in found if one.balance_minor}


@pytest_asyncio.fixture
async def desk(database: Database, clock: SettableClock, key_ring: KeyRing) -> AsyncIterator[Desk]:
    desk = Desk(database, clock, key_ring)
    yield desk
    desk.identity.close()


async def test_letters_are_recorded_listed_by_deadline_and_concluded(desk: Desk) -> None:
    house = await make_house(desk.identity)
    reference = await desk.paid_by_card(house)
    path, soon = f"{BASE}/{reference}/disputes", desk.clock() + timedelta(days=5)
    letter = {"number": "CB-1", "amount_minor": 30_00, "reason": "not_received", "due_at": (soon + timedelta(days=1)).isoformat()}
    async with open_browser(desk.app, token=house.owner.token) as browser:
        first, again = [(await browser.post(path, json=letter)).json() for _ in range(2)]
        second = (await browser.post(path, json={"number": "CB-2", "amount_minor": 20_00, "due_at": soon.isoformat()})).json()
        third = (await browser.post(path, json={"number": "CB-3", "amount_minor": 50_00})).json()
        beyond = await browser.post(path, json={"number": "CB-4", "amount_minor": 1})
        never = await browser.post(path, json={"number": "CB-5", "amount_minor": 1, "due_at": "0001-01-01T00:00:00+14:00"})
        pages = [(await browser.get(f"{BASE}/disputes", params={"size": 2})).json()]
        pages.append((await browser.get(f"{BASE}/disputes", params={"size": 2, "cursor": pages[0]["next"]})).json())
        held = await desk.balances(house)
        outcome = f"{BASE}/disputes/{first['dispute_id']}/outcome"
        handed_in = await browser.post(outcome, json={"outcome": "under_review"})
        lost = [(await browser.post(outcome, json={"outcome": "lost"})).json() for _ in range(2)]
        refused = await browser.post(outcome, json={"outcome": "won"})
        for one in (second, third):
            await browser.post(f"{BASE}/disputes/{one['dispute_id']}/outcome", json={"outcome": "won"})
        open_ones = (await browser.get(f"{BASE}/disputes", params={"in_state": "needs_response"})).json()
        said = await browser.put(f"{BASE}/disputes/{first['dispute_id']}/statement", json={"statement": "Vino.\nTenemos la lectura."})

    assert first["dispute_id"] == again["dispute_id"]
    assert never.status_code == 400
    assert (beyond.status_code, beyond.json()["type"], beyond.json()["left_minor"]) == (409, "/problems/dispute-too-large", 0)
    assert [[one["provider_dispute_id"] for one in page["items"]] for page in pages] == [["CB-2", "CB-1"], ["CB-3"]]
    assert (held["dispute_reserve"], "gateway_receivable" in held) == (100_00, False)
    assert (handed_in.json()["state"], lost[0]) == ("under_review", lost[1])
    assert [move["state"] for move in lost[0]["history"]] == ["needs_response", "under_review", "lost"]
    assert {move["cause"] for move in lost[0]["history"]} == {"person"}
    assert (refused.status_code, refused.json()["type"], refused.json()["standing"]) == (409, "/problems/dispute-not-open", "lost")
    assert open_ones["items"] == []
    assert said.json()["statement"] == "Vino.\nTenemos la lectura."
    assert await desk.balances(house) == {"gateway_receivable": 70_00, "organizer_payable": -70_00}
    assert (await desk.payments.details(house.actor.organizer_id, reference)).status == "charged_back"
    verified = await desk.payments.ledger.verify(house.actor.organizer_id, lambda _what, _count: None, patience_seconds=5)
    assert verified.is_right


async def test_where_only_the_status_tells_of_it_there_is_one_dispute_and_nobody_records_more(desk: Desk) -> None:
    """Also when its notices come twice, and the newest first."""
    house, merchant = await make_house(desk.identity), Merchant.fresh()
    organizer_id = house.actor.organizer_id
    account = await connect(desk.payments, organizer_id, merchant)
    one = request(desk.clock, option_id=account.id)
    started = await start(desk.database, desk.payments, organizer_id, one)
    paid = SandboxPayment.of(started.attempt_id)
    disputed = paid.changed("charged_back")
    for told in (disputed, paid, disputed):
        await desk.payments.inbox.receive("sandbox", account.id, callback(merchant, told, desk.clock()))
    await desk.follower.catch_up()
    async with open_browser(desk.app, token=house.owner.token) as browser:
        [opened] = (await browser.get(f"{BASE}/disputes")).json()["items"]
        by_hand = [
            await browser.post(f"{BASE}/{one.reference}/disputes", json={"number": "CB-1", "amount_minor": 1}),
            await browser.post(f"{BASE}/disputes/{opened['dispute_id']}/outcome", json={"outcome": "won"}),
        ]
        await desk.payments.inbox.receive("sandbox", account.id, callback(merchant, disputed.changed("approved"), desk.clock()))
        await desk.follower.catch_up()
        won = (await browser.get(f"{BASE}/disputes/{opened['dispute_id']}")).json()

    assert (opened["state"], opened["amount_minor"], opened["due_at"]) == ("needs_response", ASKED.minor, None)
    assert [(answer.status_code, answer.json()["type"]) for answer in by_hand] == [(409, "/problems/dispute-not-by-hand")] * 2
    assert [move["state"] for move in won["history"]] == ["needs_response", "won"]
    assert len(await events_of(desk.database, organizer_id, DisputeOpened)) == 1
    assert [getattr(event, "outcome", None) for event in await events_of(desk.database, organizer_id, DisputeClosed)] == ["won"]


async def test_who_runs_events_sees_disputes_and_decides_nothing_and_others_see_none(desk: Desk) -> None:
    house, other = await make_house(desk.identity), await make_house(desk.identity)
    reference = await desk.paid_by_card(house)
    manager, finance = [await join(desk.identity, house, role) for role in (Role.MANAGER, Role.FINANCE)]
    letter = {"number": "CB-1", "amount_minor": 30_00}
    async with open_browser(desk.app, token=finance.token) as desk_browser:
        recorded = (await desk_browser.post(f"{BASE}/{reference}/disputes", json=letter)).json()
    one = f"{BASE}/disputes/{recorded['dispute_id']}"
    async with open_browser(desk.app, token=manager.token) as browser:
        seen = (await browser.get(f"{BASE}/disputes")).json()["items"]
        refused = [
            await browser.post(f"{BASE}/{reference}/disputes", json=letter),
            await browser.post(f"{one}/outcome", json={"outcome": "won"}),
            await browser.put(f"{one}/statement", json={"statement": "x"}),
        ]
    async with open_browser(desk.app, token=other.owner.token) as stranger:
        hidden = [
            await stranger.get(one),
            await stranger.post(f"{one}/outcome", json={"outcome": "won"}),
            await stranger.put(f"{one}/statement", json={"statement": "x"}),
            await stranger.post(f"{BASE}/{reference}/disputes", json=letter),
            await stranger.get(f"{BASE}/disputes/{new_id()}"),
        ]
        nothing = (await stranger.get(f"{BASE}/disputes")).json()["items"]
        forged = [await stranger.get(f"{BASE}/disputes", params={"cursor": cursor}) for cursor in ("x", "WyJub3ciLCAieCJd")]

    assert [item["dispute_id"] for item in seen] == [recorded["dispute_id"]]
    assert [answer.status_code for answer in refused] == [403] * 3
    assert ([answer.status_code for answer in hidden], nothing) == ([404] * 5, [])
    assert {answer.status_code for answer in forged} == {422}
