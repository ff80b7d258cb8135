"""Gateways that have to be asked for the payment page: committed before the call, and never lost or made twice by it."""

import asyncio
from uuid import UUID

import httpx
import pytest

from alltickets.payments.applying import apply_conclusion
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentFlagged
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.port import Redirect
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import NextStep, Started
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from bench.stack import free_port
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of


class Session:
    """A payment started on an account whose gateway has to be asked."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, sandbox: SandboxProcess) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.sandbox = sandbox

    async def start(self) -> Started:
        one = request(self.clock)
        self.reference = one.reference
        self.started = await start(self.database, self.payments, self.organizer_id, one)
        return self.started

    async def begin(self, payments: Payments | None = None) -> NextStep:
        return await (payments or self.payments).begin(self.organizer_id, self.started.attempt_id)

    async def later(self, **span: float) -> None:
        self.clock.advance(**span)
        await self.payments.poller.sweep()

    async def attempt_status(self) -> str:
        return (await self.payments.details(self.organizer_id, self.reference)).attempts[-1].status


@pytest.fixture
def session(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    session_account: AccountDetails,
    clock: SettableClock,
    sandbox: SandboxProcess,
) -> Session:
    return Session(database, payments, organizer_id, clock, sandbox)


async def test_the_gateway_is_asked_after_the_commit_and_gives_a_page(session: Session) -> None:
    started = await session.start()

    step = await session.begin()

    assert started.step == "needs_call"
    assert isinstance(step, Redirect)
    assert session.sandbox.show(step.url).status_code == 200
    assert await session.attempt_status() == "awaiting_buyer"


async def test_asked_again_it_gives_the_same_page(session: Session) -> None:
    await session.start()

    first = await session.begin()
    again = await session.begin()
    resumed = await session.payments.resume(session.organizer_id, session.reference)

    assert first == again == resumed


async def test_two_at_once_ask_the_gateway_once(session: Session) -> None:
    await session.start()

    steps = await asyncio.gather(session.begin(), session.begin())

    assert sorted(isinstance(step, Redirect) for step in steps) == [False, True]
    assert await session.attempt_status() == "awaiting_buyer"


async def test_a_lost_answer_is_unknown_and_the_buyer_who_comes_back_gets_the_same_page(session: Session) -> None:
    await session.start()
    session.sandbox.misbehave(timeout_after_processing=1)

    lost = await session.begin()
    status = await session.attempt_status()
    found = await session.begin()

    assert (lost, status) == ("wait", "unknown")
    assert isinstance(found, Redirect)
    assert await session.attempt_status() == "awaiting_buyer"


async def test_a_lost_answer_of_a_page_that_nobody_saw_comes_to_nothing(session: Session) -> None:
    await session.start()
    session.sandbox.misbehave(timeout_after_processing=1)
    await session.begin()

    for seconds in (3, 6, 16, 110, 301):
        await session.later(seconds=seconds)

    assert await session.attempt_status() == "error"
    assert len(await events_of(session.database, session.organizer_id, PaymentFailed)) == 1


async def test_a_crash_after_the_commit_is_resolved_by_the_poller(session: Session) -> None:
    await session.start()
    async with session.database.transaction(session.organizer_id) as tx:
        await apply_conclusion(tx, session.started.attempt_id, "sending", cause="call", now=session.clock())

    await session.later(seconds=29)
    too_early = await session.attempt_status()
    await session.later(seconds=2)
    lost = await session.attempt_status()
    step = await session.begin()

    assert (too_early, lost) == ("sending", "unknown")
    assert isinstance(step, Redirect)


async def test_a_crash_after_the_call_is_resolved_by_the_payment_itself(session: Session) -> None:
    await session.start()
    step = await session.begin()
    assert isinstance(step, Redirect)
    session.sandbox.pay(step.url, "approve", lose="true")
    async with session.database.transaction(session.organizer_id) as tx:
        # As if the process had died before it could write down the answer.
        await tx.execute(
            """
            UPDATE payments.attempts
               SET status = 'sending', redirect_url = NULL, next_query_at = %(now)s
             WHERE organizer_id = %(organizer_id)s AND id = %(id)s
            """,
            id=session.started.attempt_id,
            now=session.clock(),
        )

    await session.later(seconds=1)

    assert await session.attempt_status() == "charged"
    assert len(await events_of(session.database, session.organizer_id, PaymentCaptured)) == 1


async def test_a_gateway_that_is_away_fails_the_attempt_at_once(
    session: Session, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    await session.start()
    away = Payments(database, clock, key_ring, [Sandbox(f"http://127.0.0.1:{free_port()}", http)], public_url=PUBLIC_URL)

    step = await session.begin(away)
    again = await start(database, session.payments, session.organizer_id, request(clock, reference=session.reference))

    assert step == "failed"
    assert await session.attempt_status() == "created"
    assert again.attempt_id != session.started.attempt_id


async def test_wrong_credentials_are_flagged_and_the_buyer_goes_on_at_another_account(session: Session, key_ring: KeyRing) -> None:
    merchant = Merchant.fresh()
    account = await connect(session.payments, session.organizer_id, Merchant(merchant.id, "0" * 64), mode="session")
    one = request(session.clock, option_id=account.id)
    started = await start(session.database, session.payments, session.organizer_id, one)

    step = await session.payments.begin(session.organizer_id, started.attempt_id)

    flags = await events_of(session.database, session.organizer_id, PaymentFlagged)
    assert isinstance(step, Redirect)
    assert [flag.kind for flag in flags if isinstance(flag, PaymentFlagged)] == ["account_refused"]


async def test_what_was_never_begun_expires_without_a_question(session: Session) -> None:
    await session.start()

    await session.later(minutes=10, seconds=1)

    assert await session.attempt_status() == "expired"
