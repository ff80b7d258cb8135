"""A buyer who leaves an open page for another way to pay: the page is closed first, and what was paid on it counts."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending
from alltickets.payments.gateways.offline import Transfer
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.port import CardForm, Instructions, Provider, Redirect
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import NextStep, Started
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, connect, request, start
from tests.payments.office import TRANSFER
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.simulators.payway import PaywayProcess, Site
from tests.stream import events_of


class Shop:
    """Two accounts with pages, one with a form and one for transfers; a buyer who goes from one to another."""

    def __init__(
        self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, sandbox: SandboxProcess, site: Site
    ) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.sandbox = sandbox
        self.site = site
        self.merchants = Merchant.fresh(), Merchant.fresh()
        self.reference = request(clock).reference

    async def open(self) -> None:
        self.first, self.second = [(await connect(self.payments, self.organizer_id, one, mode="session")).id for one in self.merchants]
        self.form = (await connect_payway(self.payments, self.organizer_id, self.site)).id
        owner = Actor.system(self.organizer_id, "test")
        transfer = await self.payments.accounts.connect(
            owner, "transfer", label="Transferencia", currency="ARS", settings=TRANSFER, credentials={}
        )
        self.transfer = transfer.id

    async def choose(self, option_id: UUID) -> tuple[Started, NextStep]:
        now = self.clock()
        one = request(self.clock, reference=self.reference, option_id=option_id)
        one = replace(one, kept_until_max=now + timedelta(days=8), begins_at=now + timedelta(days=30))
        started = await start(self.database, self.payments, self.organizer_id, one)
        if started.step != "needs_call" and not started.leaves_page:
            return started, started.step
        return started, await self.payments.begin(self.organizer_id, started.attempt_id)

    async def page(self) -> str:
        """They are at the first account's page."""
        _, step = await self.choose(self.first)
        assert isinstance(step, Redirect), step
        return step.url

    async def charge(self, attempt_id: UUID) -> NextStep:
        return await self.payments.charge_card(self.organizer_id, self.reference, attempt_id, card_of(self.site), PURCHASE)

    async def stands(self) -> tuple[str, list[str]]:
        details = await self.payments.details(self.organizer_id, self.reference)
        return details.status, [one.status for one in details.attempts]

    def charged(self) -> int:
        """How many cards were charged at the form's account."""
        return len(self.site.call("GET", "/payments").json()["results"])


@pytest_asyncio.fixture
async def shop(
    database: Database,
    organizer_id: UUID,
    clock: SettableClock,
    key_ring: KeyRing,
    payway: PaywayProcess,
    sandbox: SandboxProcess,
    http: httpx.AsyncClient,
) -> Shop:
    payway_here = Payway(payway.url, http, developer_url=payway.url)
    providers: list[Provider] = [payway_here, Sandbox(sandbox.url, http), Transfer()]
    payments = Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL)
    shop = Shop(database, payments, organizer_id, clock, sandbox, Site(payway))
    await shop.open()
    return shop


async def test_the_page_that_was_left_takes_no_payment_any_more_and_is_watched_all_the_same(shop: Shop) -> None:
    left = await shop.page()

    started, step = await shop.choose(shop.second)
    again = await shop.choose(shop.second)

    assert isinstance(step, Redirect)
    assert (shop.sandbox.show(left).status_code, shop.sandbox.show(step.url).status_code) == (410, 200)
    assert await shop.stands() == ("open", ["awaiting_buyer", "awaiting_buyer"])
    assert again[0].attempt_id == started.attempt_id
    assert again[1] == step
    shop.clock.advance(minutes=2)
    await shop.payments.poller.sweep()
    assert await shop.stands() == ("open", ["awaiting_buyer", "awaiting_buyer"])
    assert await events_of(shop.database, shop.organizer_id, PaymentFailed) == []


async def test_so_does_the_page_of_whoever_transfers_instead(shop: Shop) -> None:
    left = await shop.page()

    started, step = await shop.choose(shop.transfer)
    again = await shop.choose(shop.transfer)

    assert isinstance(step, Instructions)
    assert (step, again[1]) == (started.step, started.step)
    assert shop.sandbox.show(left).status_code == 410
    assert await shop.stands() == ("open", ["awaiting_buyer", "awaiting_buyer"])
    assert await events_of(shop.database, shop.organizer_id, PaymentFailed) == []


@pytest.mark.parametrize("way", ["second", "form", "transfer"])
async def test_what_was_paid_on_it_meanwhile_counts_and_no_other_page_or_form_is_shown(shop: Shop, way: str) -> None:
    shop.sandbox.pay(await shop.page(), lose=True)

    started, step = await shop.choose(getattr(shop, way))

    assert step == "wait"
    assert await shop.stands() == ("paid", ["charged", "awaiting_buyer" if way == "transfer" else "created"])
    assert len(await events_of(shop.database, shop.organizer_id, PaymentCaptured)) == 1
    assert shop.sandbox.payments(shop.merchants[1], started.attempt_id) == []


async def test_what_is_being_decided_there_is_waited_for(shop: Shop) -> None:
    shop.sandbox.pay(await shop.page(), "pending", lose=True)

    _, step = await shop.choose(shop.second)
    _, again = await shop.choose(shop.form)

    assert (step, again) == ("wait", "wait")
    assert await shop.stands() == ("processing", ["pending", "created"])
    assert len(await events_of(shop.database, shop.organizer_id, PaymentPending)) == 1


async def test_a_gateway_that_closes_nothing_keeps_nobody_from_paying(shop: Shop) -> None:
    left = await shop.page()
    shop.sandbox.misbehave(fail_5xx=1)

    _, step = await shop.choose(shop.second)

    assert isinstance(step, Redirect)
    assert shop.sandbox.show(left).status_code == 200
    assert await shop.stands() == ("open", ["awaiting_buyer", "awaiting_buyer"])


async def test_a_form_that_was_open_before_closes_the_page_before_it_charges(shop: Shop) -> None:
    form, step = await shop.choose(shop.form)
    left = await shop.page()

    charged = await shop.charge(form.attempt_id)

    assert isinstance(step, CardForm)
    assert (charged, shop.charged(), shop.sandbox.show(left).status_code) == ("wait", 1, 410)
    assert await shop.stands() == ("paid", ["charged", "awaiting_buyer"])
    assert await events_of(shop.database, shop.organizer_id, PaymentFailed) == []


async def test_a_form_that_was_open_before_charges_nothing_once_the_page_was_paid(shop: Shop) -> None:
    form, _ = await shop.choose(shop.form)
    shop.sandbox.pay(await shop.page(), lose=True)

    first = await shop.charge(form.attempt_id)
    again = await shop.charge(form.attempt_id)

    assert (first, again, shop.charged()) == ("wait", "wait", 0)
    assert await shop.stands() == ("paid", ["created", "charged"])


async def test_a_form_charges_nothing_for_what_is_known_to_be_paid(shop: Shop) -> None:
    left = await shop.page()
    shop.sandbox.misbehave(fail_5xx=1)
    form, _ = await shop.choose(shop.form)
    shop.sandbox.pay(left, lose=True)
    shop.clock.advance(minutes=2)
    await shop.payments.poller.sweep()

    await shop.charge(form.attempt_id)

    assert shop.charged() == 0
    assert await shop.stands() == ("paid", ["charged", "created"])
