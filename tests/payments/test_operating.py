"""What an operator does by hand when something is stuck, by the command too."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner, Result

from alltickets.cli import main
from alltickets.identity.audit import list_entries
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaymentCaptured, PaymentRefunded
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.port import Redirect
from alltickets.payments.promotions.rules import BinRange, PromotionTerms
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.refunds import AskRefund
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import PUBLIC_URL, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of

Command = Callable[..., Result]


@pytest.fixture
def ring_text() -> str:
    return f"1:{KeyRing.generate_key()}"


@pytest.fixture
def key_ring(ring_text: str) -> KeyRing:
    return KeyRing(ring_text)


@pytest.fixture
def command(database_url: str, ring_text: str, sandbox: SandboxProcess) -> Command:
    """`alltickets …` at the same sandbox and with the same keys; in a thread, for it runs a loop of its own."""
    told = {"ALLTICKETS_DATABASE_URL": database_url, "ALLTICKETS_KEY_RING": ring_text, "ALLTICKETS_SANDBOX_URL": sandbox.url}

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments)], env=told)

    return run


async def audited(database: Database, organizer_id: UUID) -> list[str]:
    """What operators did, as the organizer's audit log tells it, newest first."""
    async with database.reading(organizer_id) as reader:
        entries = (await list_entries(reader, cursor=None, size=50)).items
    return [entry.action for entry in entries if entry.actor_label == "operator"]


async def paid(database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, sandbox: SandboxProcess) -> UUID:
    """A payment whose callback is lost: its reference."""
    one = request(clock)
    started = await start(database, payments, organizer_id, one)
    assert isinstance(started.step, Redirect)
    sandbox.pay(started.step.url, "approve", lose="true")
    return one.reference


async def test_a_payment_is_asked_about_at_once(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    account: AccountDetails,
    clock: SettableClock,
    sandbox: SandboxProcess,
    command: Command,
) -> None:
    reference = await paid(database, payments, organizer_id, clock, sandbox)

    asked = [await payments.poller.ask(organizer_id, which) for which in (reference, reference, new_id())]

    told = await asyncio.to_thread(command, "payments", "query", organizer_id, reference)
    assert asked == [1, 1, 0]
    assert (told.exit_code, told.stdout.startswith("paid ")) == (0, True)
    assert await audited(database, organizer_id) == ["payment.queried"]
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 1


async def test_a_callback_is_applied_again_and_twice_is_once(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
    follower: Follower,
    command: Command,
) -> None:
    started = await start(database, payments, organizer_id, request(clock))
    notice = callback(merchant, SandboxPayment.of(started.attempt_id), clock())
    await payments.inbox.receive("sandbox", account.id, notice)
    await follower.catch_up()
    async with database.reading(organizer_id) as reader:
        [(callback_id,)] = await reader.fetch_tuples("SELECT id FROM payments.callbacks WHERE organizer_id = %(organizer_id)s")
    operator = Actor.system(organizer_id, "test")

    states = [(await payments.inbox.replay(operator, callback_id)).state for _ in range(2)]

    told = await asyncio.to_thread(command, "payments", "replay", organizer_id, callback_id)
    listed = await asyncio.to_thread(command, "payments", "callbacks", organizer_id, "--state", "applied")
    assert states == ["applied", "applied"]
    assert (told.exit_code, told.stdout) == (0, "The callback is applied.\n")
    assert (listed.exit_code, listed.stdout.splitlines()[0].split()[0]) == (0, str(callback_id)), listed.output
    assert await audited(database, organizer_id) == ["callback.replayed"]
    assert len(await events_of(database, organizer_id, PaymentCaptured)) == 1


async def test_a_refund_that_waits_for_people_is_taken_up(
    database: Database,
    payments: Payments,
    key_ring: KeyRing,
    organizer_id: UUID,
    account: AccountDetails,
    clock: SettableClock,
    sandbox: SandboxProcess,
    http: httpx.AsyncClient,
    command: Command,
) -> None:
    reference = await paid(database, payments, organizer_id, clock, sandbox)
    await payments.poller.ask(organizer_id, reference)
    order = AskRefund(refund_id=new_id(), reference=reference, amount_minor=10_00, reason="test")
    async with database.transaction(organizer_id) as tx:
        await payments.refund(tx, [order])
    away = Payments(database, clock, key_ring, [Sandbox(f"http://127.0.0.1:{free_port()}", http)], public_url=PUBLIC_URL)
    await away.refunds.sweep()
    clock.advance(days=2)
    await away.refunds.sweep()
    [stuck] = (await payments.details(organizer_id, reference)).refunds

    told = await asyncio.to_thread(command, "payments", "retry", organizer_id, order.refund_id)
    taken_up = [await payments.refunds.retry(organizer_id, which) for which in (order.refund_id, new_id())]

    [settled] = (await payments.details(organizer_id, reference)).refunds
    assert stuck.needs_review
    assert (told.exit_code, told.stdout.startswith("Taken up."), taken_up) == (0, True, [False, False])
    assert (settled.status, settled.needs_review) == ("succeeded", False)
    assert len(await events_of(database, organizer_id, PaymentRefunded)) == 1
    assert await audited(database, organizer_id) == ["refund.taken_up"]


async def test_what_only_an_operator_may_say_is_said_by_command_and_recorded(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, command: Command
) -> None:
    terms = PromotionTerms(
        name="Banco X",
        bank="Banco X",
        currency="ARS",
        bins=(BinRange("450799", "450799"),),
        discount_basis_points=2_000,
        platform_basis_points=5_000,
    )
    promotion = await payments.promotions.create(Actor.system(organizer_id, "test"), terms)

    said = [
        await asyncio.to_thread(command, *words)
        for words in (
            (
                "payments",
                "agree-promotion",
                organizer_id,
                promotion.promotion_id,
                "--revision",
                promotion.revision,
                "--budget-minor",
                5_000,
            ),
            ("payments", "split", organizer_id, account.id, "--from", "2027-01-01", "--takes", "nothing"),
            ("ledger", "settled", "--organizer", organizer_id, "--account", account.id, "--key", "t-1", "--amount-minor", 700),
        )
    ]

    assert [one.exit_code for one in said] == [0, 0, 0], [one.output for one in said]
    assert said[0].stdout == "The platform bears 50 % of what «Banco X» takes off, up to 5000 ARS (minor units), 0 of it spent.\n"
    assert said[1].stdout == "Sandbox, from 2027-01-01: nothing\n"
    assert said[2].stdout == f"settlement:t-1: gateway_receivable:{account.id} -> bank ARS 700\n"
    assert await audited(database, organizer_id) == ["gateway_account.split_agreed", "promotion.agreed"]
