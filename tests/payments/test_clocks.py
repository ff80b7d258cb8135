"""Our clock is five minutes off the gateway's, either way: pages open, notices are believed, and what nobody tells of is found."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.money import Money
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.gateways.mercadopago import MercadoPago
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Notice, Provider, Redirect
from alltickets.payments.schedule import CLOCKS_APART
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, PUBLIC_URL, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.payments.stripe import StripeProcess
from tests.payments.test_mercadopago_gateway import webhook
from tests.payments.test_stripe_gateway import StripeBench
from tests.stream import events_of


class Gateways:
    """The simulators, whose clock is the true one; what each is told of a payment is signed by that."""

    def __init__(self, sandbox: SandboxProcess, mercadopago: MercadoPagoProcess, stripe: StripeProcess, http: httpx.AsyncClient) -> None:
        self.sandbox, self.mercadopago, self.stripe = sandbox, mercadopago, StripeBench(stripe, http)
        self.providers: list[Provider] = [Sandbox(sandbox.url, http), MercadoPago(mercadopago.url, http), Stripe(stripe.url, http)]
        self.merchant, self.seller = Merchant.fresh(), Seller.fresh()
        account = self.stripe.account
        self.accounts: dict[str, tuple[Money, dict[str, str], dict[str, str]]] = {
            "sandbox": (ASKED, {"merchant": self.merchant.id, "mode": "session"}, {"secret": self.merchant.secret}),
            "mercadopago": (ASKED, {}, {"access_token": self.seller.token, "webhook_secret": self.seller.webhook_secret}),
            "stripe": (Money(50_00, "USD"), {}, {"secret_key": account.key, "webhook_secret": account.webhook_secret()}),
        }

    def pay(self, gateway: str, page: str) -> None:
        """A buyer pays on the page, and nobody is told."""
        pay: dict[str, Callable[[], object]] = {
            "sandbox": lambda: self.sandbox.pay(page, lose="true"),
            "mercadopago": lambda: self.mercadopago.pay(page, lose="true"),
            "stripe": lambda: self.stripe.stripe.pay(page),
        }
        pay[gateway]()

    def notices(self, gateway: str, attempt_id: UUID) -> list[Notice]:
        """What the gateway would have said of it, signed now."""
        now = datetime.now(UTC)
        if gateway == "sandbox":
            [payment] = self.sandbox.payments(self.merchant, attempt_id)
            return [callback(self.merchant, SandboxPayment.of(attempt_id, id=payment["id"], sequence=payment["sequence"]), now)]
        if gateway == "mercadopago":
            [paid] = self.mercadopago.payments(self.seller, attempt_id)
            return [webhook(self.seller.webhook_secret, str(paid["id"]), str(int(now.timestamp())))]
        account = self.stripe.account
        events = self.stripe.stripe.call(account, "GET", "/events", limit=100)["data"]
        return [self.stripe.signed(event, now, account.webhook_secret()) for event in events]


class Shop:
    """Payments by our clock."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, gateways: Gateways) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.gateways = gateways

    async def connect(self, gateway: str) -> None:
        self.gateway = gateway
        self.amount, settings, credentials = self.gateways.accounts[gateway]
        actor = Actor.system(self.organizer_id, "test")
        account = await self.payments.accounts.connect(
            actor, gateway, label=gateway, currency=self.amount.currency, settings=settings, credentials=credentials
        )
        self.account_id = account.id

    async def page(self) -> str:
        """Where the buyer of a new payment is sent."""
        one = request(self.clock, amount=self.amount)
        self.reference = one.reference
        self.attempt_id = (await start(self.database, self.payments, self.organizer_id, one)).attempt_id
        step = await self.payments.begin(self.organizer_id, self.attempt_id)
        assert isinstance(step, Redirect)
        return step.url

    async def hear(self) -> None:
        """All that the gateway says comes, and is worked off."""
        for notice in self.gateways.notices(self.gateway, self.attempt_id):
            await self.payments.inbox.receive(self.gateway, self.account_id, notice)
        await Follower(self.database, subscriptions(self.payments)).catch_up()
        await self.payments.inbox.sweep()

    async def later(self, **span: float) -> None:
        self.clock.advance(**span)
        await self.payments.poller.sweep()

    async def standing(self) -> tuple[str, str]:
        details = await self.payments.details(self.organizer_id, self.reference)
        return details.status, details.attempts[-1].status


@pytest_asyncio.fixture
async def shop(
    database: Database,
    organizer_id: UUID,
    clock: SettableClock,
    key_ring: KeyRing,
    http: httpx.AsyncClient,
    sandbox: SandboxProcess,
    mercadopago: MercadoPagoProcess,
    stripe_process: StripeProcess,
) -> Shop:
    gateways = Gateways(sandbox, mercadopago, stripe_process, http)
    payments = Payments(database, clock, key_ring, gateways.providers, public_url=PUBLIC_URL)
    return Shop(database, payments, organizer_id, clock, gateways)


@pytest.mark.parametrize("seconds", [CLOCKS_APART.total_seconds(), -CLOCKS_APART.total_seconds()])
@pytest.mark.parametrize("gateway", ["sandbox", "mercadopago", "stripe"])
async def test_what_is_signed_by_another_clock_is_believed_and_what_nobody_tells_of_is_found_within_a_minute(
    shop: Shop, gateway: str, seconds: float
) -> None:
    shop.clock.advance(seconds=seconds)
    await shop.connect(gateway)

    shop.gateways.pay(gateway, await shop.page())
    await shop.hear()
    told = await shop.standing()
    shop.gateways.pay(gateway, await shop.page())
    await shop.later(seconds=60)

    assert told == await shop.standing() == ("paid", "charged")
    assert len(await events_of(shop.database, shop.organizer_id, PaymentCaptured)) == 2


async def test_a_link_that_lives_five_minutes_longer_than_we_think_is_not_forgotten(shop: Shop) -> None:
    shop.clock.advance(seconds=CLOCKS_APART.total_seconds())
    await shop.connect("sandbox")
    page = await shop.page()
    await shop.later(minutes=10, seconds=6)
    for _ in range(4):
        await shop.later(seconds=46)
    given_up = await shop.standing()

    shop.gateways.pay("sandbox", page)
    await shop.later(minutes=2)

    assert given_up == ("expired", "expired")
    assert await shop.standing() == ("paid", "charged")


async def test_after_minutes_of_typing_what_was_paid_is_found_within_a_minute_too(shop: Shop) -> None:
    await shop.connect("sandbox")
    page = await shop.page()
    for _ in range(4):
        await shop.later(seconds=61)

    shop.gateways.pay("sandbox", page)
    await shop.later(seconds=59)

    assert await shop.standing() == ("paid", "charged")
