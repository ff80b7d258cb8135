"""The inbox and the question to the gateway, for people: listed, applied again, asked; recorded, and nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar

from alltickets.identity.audit import list_entries
from alltickets.identity.interface import Authorization, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.asking import answered_within
from alltickets.payments.callbacks.routes import router
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import GatewayError, Redirect
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import Started
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import PUBLIC_URL, connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.payments.test_routes import _answer

BASE = "/api/organizer/payments"
SECRET_WORD = "do-not-show-this"


class Desk:
    """An organizer with an account at the sandbox, and whoever looks at what its gateway says."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock, sandbox: SandboxProcess) -> None:
        self.database, self.payments, self.clock, self.sandbox = database, payments, clock, sandbox
        self.follower = Follower(database, subscriptions(payments))
        self.identity = make_identity(database, clock, CountingHasher())
        self.merchant = Merchant.fresh()

    async def open(self) -> House:
        house = await make_house(self.identity)
        self.house, self.organizer_id = house, house.actor.organizer_id
        self.account = await connect(self.payments, self.organizer_id, self.merchant)
        return house

    def browser(self, token: str | None = None, *, payments: Payments | None = None) -> httpx.AsyncClient:
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        app = Litestar(
            route_handlers=[router(payments or self.payments)],
            plugins=[authorization],
            exception_handlers={Refusal: _answer},
            openapi_config=None,
        )
        return open_browser(app, token=token or self.house.owner.token)

    async def start(self, reference: UUID) -> Started:
        return await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=reference))

    async def tell(self, report: SandboxPayment) -> None:
        await self.payments.inbox.receive("sandbox", self.account.id, callback(self.merchant, report, self.clock()))
        await self.follower.catch_up()

    async def audited(self) -> list[tuple[str, str]]:
        async with self.database.reading(self.organizer_id) as reader:
            entries = (await list_entries(reader, cursor=None, size=50)).items
        return [(entry.action, entry.actor_label) for entry in entries if entry.action.startswith(("callback", "payment"))]


@pytest_asyncio.fixture
async def desk(database: Database, payments: Payments, clock: SettableClock, sandbox: SandboxProcess) -> AsyncIterator[Desk]:
    desk = Desk(database, payments, clock, sandbox)
    await desk.open()
    yield desk
    desk.identity.close()


async def listed(browser: httpx.AsyncClient, **params: object) -> list[dict[str, Any]]:
    answer = await browser.get(f"{BASE}/callbacks", params={name: str(value) for name, value in params.items()})
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_callbacks_are_listed_by_what_became_of_them_and_never_with_what_stood_in_them(desk: Desk) -> None:
    paid = SandboxPayment.of((await desk.start(new_id())).attempt_id)
    await desk.tell(paid)
    await desk.tell(SandboxPayment.of(new_id(), id=f"{SECRET_WORD} \x00"))
    await desk.tell(SandboxPayment.of(new_id(), id=SECRET_WORD))
    async with desk.browser() as browser:
        pages = [(await browser.get(f"{BASE}/callbacks", params={"size": 1})).json()]
        pages.append((await browser.get(f"{BASE}/callbacks", params={"size": 1, "cursor": pages[0]["next"]})).json())
        pages.append((await browser.get(f"{BASE}/callbacks", params={"size": 1, "cursor": pages[1]["next"]})).json())
        unknown, unreadable, applied = [await listed(browser, in_state=state) for state in ("unknown", "unreadable", "applied")]
        refused = await browser.get(f"{BASE}/callbacks", params={"in_state": "lost"})
    stranger, seller = await make_house(desk.identity), await join(desk.identity, desk.house, Role.BOX_OFFICE)
    path = f"{BASE}/callbacks/{applied[0]['callback_id']}/replay"
    async with desk.browser(stranger.owner.token) as browser:
        others = await listed(browser), (await browser.post(path)).status_code
    async with desk.browser(seller.token) as browser:
        forbidden = (await browser.get(f"{BASE}/callbacks")).status_code, (await browser.post(path)).status_code

    assert [page["items"] for page in pages] == [unknown, unreadable, applied]
    assert (len(applied), pages[2]["next"], refused.status_code) == (1, None, 400)
    assert unknown[0].items() >= {"state": "unknown", "is_verified": True, "tries": 0, "account_id": str(desk.account.id)}.items()
    assert (unknown[0]["next_try_at"] is not None, applied[0]["next_try_at"], applied[0]["error"]) == (True, None, None)
    assert (unknown[0]["error"], unreadable[0]["next_try_at"]) == ("It names no payment that is known here.", None)
    assert unreadable[0]["error"].startswith("The callback cannot be read")
    assert SECRET_WORD not in str(pages) + str(unknown)
    assert (others, forbidden) == (([], 404), (403, 403))


async def test_a_callback_that_beat_its_payment_is_applied_by_whoever_replays_it_and_that_is_recorded(desk: Desk) -> None:
    reference = new_id()
    started = await desk.start(reference)
    await desk.tell(SandboxPayment.of(new_id()))
    async with desk.browser() as browser:
        [stuck] = await listed(browser, in_state="unknown")
        unknown = await browser.post(f"{BASE}/callbacks/{stuck['callback_id']}/replay")
        await desk.tell(SandboxPayment.of(started.attempt_id))
        [one] = await listed(browser, in_state="applied")
        twice = [(await browser.post(f"{BASE}/callbacks/{one['callback_id']}/replay")).json() for _ in range(2)]
        missing = await browser.post(f"{BASE}/callbacks/{new_id()}/replay")

    assert (unknown.status_code, unknown.json()["state"]) == (200, "unknown")
    assert [one["state"] for one in twice] == ["applied", "applied"]
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/callback-not-found")
    assert await desk.audited() == [("callback.replayed", desk.house.actor.label)] * 3


async def test_a_payment_is_asked_about_at_once_and_that_is_recorded(desk: Desk) -> None:
    reference = new_id()
    step = (await desk.start(reference)).step
    assert isinstance(step, Redirect)
    desk.sandbox.pay(step.url, "approve", lose="true")
    stranger = await make_house(desk.identity)
    async with desk.browser(stranger.owner.token) as browser:
        others = await browser.post(f"{BASE}/{reference}/query")
    async with desk.browser() as browser:
        asked, again = [await browser.post(f"{BASE}/{reference}/query") for _ in range(2)]

    assert (others.status_code, others.json()["type"]) == (404, "/problems/payment-not-found")
    assert (asked.status_code, asked.json()["status"], again.json()) == (200, "paid", asked.json())
    assert await desk.audited() == [("payment.queried", desk.house.actor.label)] * 2


async def test_a_gateway_that_is_away_is_told(desk: Desk, key_ring: KeyRing, http: httpx.AsyncClient) -> None:
    reference = new_id()
    await desk.start(reference)
    away = Payments(desk.database, desk.clock, key_ring, [Sandbox(f"http://127.0.0.1:{free_port()}", http)], public_url=PUBLIC_URL)
    async with desk.browser(payments=away) as browser:
        asked = await browser.post(f"{BASE}/{reference}/query")

    assert (asked.status_code, asked.json()["type"]) == (424, "/problems/query-failed")
    assert "ask again later" in asked.json()["detail"]


async def test_nobody_waits_longer_for_a_gateway_than_a_person_waits() -> None:
    with pytest.raises(GatewayError) as told:
        async with answered_within(0.01):
            await asyncio.Event().wait()

    assert told.value.kind == "unknown_outcome"
