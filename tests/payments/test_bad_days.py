"""What happens to accounts and to money long after: keys that are revoked in the middle of it all, a charge-back weeks after the show."""

from uuid import UUID

import httpx
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.events import PaymentDisputed
from alltickets.payments.gateways.mercadopago import MercadoPago
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Provider, Redirect
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.conftest import PUBLIC_URL, request, start
from tests.payments.stripe import StripeAccount, StripeProcess
from tests.payments.test_mercadopago_gateway import webhook
from tests.stream import events_of

DOLLARS = Money(50_00, "USD")


class Shop:
    """An organizer's payments, and the accounts that they are made on."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.accounts: dict[UUID, str] = {}

    async def connect(self, gateway: str, label: str, currency: str, credentials: dict[str, str]) -> UUID:
        actor = Actor.system(self.organizer_id, "test")
        account = await self.payments.accounts.connect(actor, gateway, label=label, currency=currency, settings={}, credentials=credentials)
        self.accounts[account.id] = label
        return account.id

    async def page(self, amount: Money) -> tuple[UUID, str]:
        """A new payment's reference, and where its buyer is sent."""
        one = request(self.clock, amount=amount, reference=new_id())
        started = await start(self.database, self.payments, self.organizer_id, one)
        step = await self.payments.begin(self.organizer_id, started.attempt_id)
        assert isinstance(step, Redirect)
        return one.reference, step.url

    async def later(self, **span: float) -> None:
        self.clock.advance(**span)
        await self.payments.poller.sweep()
        await self.payments.inbox.sweep()
        await Follower(self.database, subscriptions(self.payments)).catch_up()

    async def status(self, reference: UUID) -> str:
        return (await self.payments.details(self.organizer_id, reference)).status

    async def tried(self, reference: UUID) -> list[tuple[str, str]]:
        """At which account, and what became of each attempt."""
        attempts = (await self.payments.details(self.organizer_id, reference)).attempts
        return [(self.accounts[one.account_id], one.status) for one in attempts]

    async def balances(self) -> dict[str, int]:
        """What the books say, account by account, gateways' together."""
        found: dict[str, int] = {}
        for one in await self.payments.ledger.balances(self.organizer_id):
            name = one.account.partition(":")[0]
            found[name] = found.get(name, 0) + one.balance_minor
        return {name: minor for name, minor in found.items() if minor}


@pytest_asyncio.fixture
async def shop(
    database: Database,
    organizer_id: UUID,
    clock: SettableClock,
    key_ring: KeyRing,
    http: httpx.AsyncClient,
    mercadopago: MercadoPagoProcess,
    stripe_process: StripeProcess,
) -> Shop:
    providers: list[Provider] = [MercadoPago(mercadopago.url, http), Stripe(stripe_process.url, http)]
    return Shop(database, Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL), organizer_id, clock)


async def test_keys_that_are_revoked_in_the_middle_cost_no_buyer_anything_and_no_payment_is_forgotten(
    shop: Shop, stripe_process: StripeProcess
) -> None:
    first, second = StripeAccount.fresh(), StripeAccount.fresh()
    revoked_id = await shop.connect("stripe", "first", "USD", {"secret_key": first.key, "webhook_secret": first.webhook_secret()})
    await shop.connect("stripe", "second", "USD", {"secret_key": second.key, "webhook_secret": second.webhook_secret()})
    before, page = await shop.page(DOLLARS)
    stripe_process.pay(page)

    stripe_process.behave(revoked=[first.id])
    during, other_page = await shop.page(DOLLARS)
    offered = [shop.accounts[one.option_id] for one in await shop.payments.options(shop.organizer_id, "USD", PaymentPurpose())]
    stripe_process.pay(other_page)
    await shop.later(seconds=61)
    [refused] = [one for one in await shop.payments.accounts.all_of(shop.organizer_id) if one.id == revoked_id]
    unasked = await shop.status(before)
    stripe_process.behave()
    await shop.payments.accounts.check(shop.organizer_id, revoked_id)
    await shop.later(seconds=61)

    assert await shop.tried(during) == [("first", "error"), ("second", "charged")]
    assert offered == ["second"]
    assert refused.last_error is not None
    assert "401" in refused.last_error.text
    assert (refused.last_error.operation, refused.last_error.kind) == ("query", "auth_config")
    assert unasked == "open", "not being let in says nothing about a payment"
    assert [await shop.status(one) for one in (before, during)] == ["paid", "paid"]


async def test_a_charge_back_weeks_after_the_show_is_in_the_books(shop: Shop, mercadopago: MercadoPagoProcess) -> None:
    seller = Seller.fresh()
    account_id = await shop.connect("mercadopago", "first", "ARS", {"access_token": seller.token, "webhook_secret": seller.webhook_secret})
    reference, page = await shop.page(Money(100_00, "ARS"))
    mercadopago.pay(page, lose="true")
    await shop.later(seconds=61)
    [attempt] = (await shop.payments.details(shop.organizer_id, reference)).attempts
    [paid] = mercadopago.payments(seller, attempt.id)
    told = []

    shop.clock.advance(days=45)
    for detail in ("in_process", "settled"):
        mercadopago.change(paid["id"], "charged_back", detail)
        [case] = mercadopago.get(seller, "/v1/chargebacks/search", {"payment_id": str(paid["id"])})["results"]
        sent_at = str(int(shop.clock().timestamp()))
        notice = webhook(seller.webhook_secret, case["id"], sent_at, kind="topic_chargebacks_wh")
        await shop.payments.inbox.receive("mercadopago", account_id, notice)
        await Follower(shop.database, subscriptions(shop.payments)).catch_up()
        await shop.later(seconds=1)
        told.append((await shop.status(reference), (await shop.balances()).get("dispute_reserve", 0)))

    lost = [one.is_lost for one in await events_of(shop.database, shop.organizer_id, PaymentDisputed) if isinstance(one, PaymentDisputed)]
    assert told == [("disputed", 100_00), ("charged_back", 0)]
    assert lost == [False, True]
    assert "organizer_payable" not in await shop.balances(), "the organizer bears what was theirs"
    assert (await shop.payments.ledger.verify(shop.organizer_id, lambda _what, _count: None, patience_seconds=1)).is_right
