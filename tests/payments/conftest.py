"""Payments on the real database, against the real sandbox process."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from uuid import UUID

import httpx
import psycopg
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.gateways.calls import http_client
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.parts import Part
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import Started, StartPayment
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mercadopago import MercadoPagoProcess, running_mercadopago
from tests.payments.sandbox import Merchant, SandboxProcess, running_sandbox
from tests.payments.stripe import StripeProcess, running_stripe
from tests.simulators.payway import PaywayProcess, Site, running_payway

PUBLIC_URL = "http://127.0.0.1:8000"
ASKED = Money(100_00, "ARS")


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for the whole run."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def stripe_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeProcess]:
    """One simulated Stripe for the whole run."""
    with running_stripe(tmp_path_factory.mktemp("stripe")) as process:
        yield process


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox, well behaved at the start and at the end."""
    sandbox_process.misbehave()
    yield sandbox_process
    sandbox_process.misbehave()


@pytest.fixture(scope="session")
def mercadopago_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MercadoPagoProcess]:
    """One simulated MercadoPago for the whole run."""
    with running_mercadopago(tmp_path_factory.mktemp("mercadopago")) as running:
        yield running


@pytest.fixture
def mercadopago(mercadopago_process: MercadoPagoProcess) -> Iterator[MercadoPagoProcess]:
    """It, well behaved at the start and at the end."""
    mercadopago_process.misbehave()
    yield mercadopago_process
    mercadopago_process.misbehave()


@pytest.fixture(scope="session")
def payway_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaywayProcess]:
    """One Payway for the whole run."""
    with running_payway(tmp_path_factory.mktemp("payway")) as payway:
        yield payway


@pytest.fixture
def payway(payway_process: PaywayProcess) -> Iterator[PaywayProcess]:
    """Payway, well behaved at the end."""
    yield payway_process
    payway_process.misbehave()
    payway_process.turn()


@pytest.fixture
def site(payway: PaywayProcess) -> Site:
    """A site of its own for every test."""
    return Site(payway)


@pytest.fixture
def merchant() -> Merchant:
    """An account of its own for every test."""
    return Merchant.fresh()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client that gives up soon, so that lost answers are lost quickly."""
    async with http_client(answer_seconds_max=1.0) as client:
        yield client


@pytest.fixture
def payments(database: Database, clock: SettableClock, key_ring: KeyRing, sandbox: SandboxProcess, http: httpx.AsyncClient) -> Payments:
    """Payments as one process has it."""
    return Payments(database, clock, key_ring, [Sandbox(sandbox.url, http)], public_url=PUBLIC_URL)


@pytest.fixture
def follower(database: Database, payments: Payments) -> Follower:
    """Applies what callbacks brought: `await follower.catch_up()`."""
    return Follower(database, subscriptions(payments))


async def error_of(payments: Payments, organizer_id: UUID) -> tuple[str, str] | None:
    """What was being done when something went wrong last at the organizer's only account, and how it went wrong."""
    [account] = await payments.accounts.all_of(organizer_id)
    return None if account.last_error is None else (account.last_error.operation, account.last_error.kind)


async def connect(
    payments: Payments,
    organizer_id: UUID,
    merchant: Merchant,
    *,
    mode: str = "link",
    gateway: str = "sandbox",
    account_id: UUID | None = None,
) -> AccountDetails:
    """An account of that merchant for the organizer, or what it has in the place of one."""
    return await payments.accounts.connect(
        Actor.system(organizer_id, "test"),
        gateway,
        label="Sandbox",
        currency="ARS",
        settings={"merchant": merchant.id, "mode": mode},
        credentials={"secret": merchant.secret},
        account_id=account_id,
    )


NOTHING_IS_DUE = (
    "UPDATE payments.attempts SET next_query_at = NULL WHERE next_query_at IS NOT NULL",
    "UPDATE payments.refunds SET next_try_at = NULL WHERE next_try_at IS NOT NULL",
    "UPDATE payments.callbacks SET next_try_at = NULL WHERE next_try_at IS NOT NULL",
    "UPDATE payments.disputes SET remind_at = NULL, look_at = NULL WHERE coalesce(remind_at, look_at) IS NOT NULL",
    "UPDATE payments.report_fetches SET due_at = NULL WHERE due_at IS NOT NULL",
    "UPDATE payments.sellers SET due_at = NULL WHERE due_at IS NOT NULL",
    "UPDATE payments.settlement_lines SET is_due = false WHERE is_due",
    "UPDATE payments.looks SET due_at = NULL WHERE due_at IS NOT NULL",
    """
    INSERT INTO payments.looks (organizer_id, account_id, due_at, asked, mended, failed, failures_in_row)
    SELECT organizer_id, id, NULL, 0, 0, 0, 0 FROM payments.accounts ON CONFLICT DO NOTHING
    """,
)


@pytest.fixture
def organizer_id(organizer_id: UUID, database_url: str) -> UUID:
    """A fresh tenant. Loops look at every organizer, so of those that were here before nothing is left to do."""
    with psycopg.connect(database_url) as connection:
        for statement in NOTHING_IS_DUE:
            connection.execute(statement)
    return organizer_id


@pytest_asyncio.fixture
async def account(payments: Payments, organizer_id: UUID, merchant: Merchant) -> AccountDetails:
    """An account whose links are signed here."""
    return await connect(payments, organizer_id, merchant)


@pytest_asyncio.fixture
async def session_account(payments: Payments, organizer_id: UUID, merchant: Merchant) -> AccountDetails:
    """An account whose payment pages the gateway has to be asked for."""
    return await connect(payments, organizer_id, merchant, mode="session")


def request(
    clock: SettableClock,
    *,
    amount: Money = ASKED,
    reference: UUID | None = None,
    option_id: UUID | None = None,
    parts: tuple[Part, ...] = (),
) -> StartPayment:
    """A payment to start."""
    return StartPayment(
        reference=reference or new_id(),
        amount=amount,
        description="Noche de luna · 2 entradas",
        payer_email="ana@example.com",
        return_url=f"{PUBLIC_URL}/back",
        expires_at=clock() + timedelta(minutes=10),
        option_id=option_id,
        parts=parts,
    )


async def start(database: Database, payments: Payments, organizer_id: UUID, one: StartPayment) -> Started:
    """A payment started in a transaction of its own."""
    async with database.transaction(organizer_id) as tx:
        [outcome] = await payments.start(tx, [one])
    assert isinstance(outcome, Started), outcome
    return outcome
