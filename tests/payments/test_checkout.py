"""Payments started: in the caller's transaction, signed in the process, batch by batch."""

from datetime import timedelta
from uuid import UUID

import pytest

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.port import Redirect
from alltickets.payments.refusals import AttemptsExhausted, NoAccountFits, OptionGone, PaymentChanged, PaymentClosed, PaymentNotFound
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import ATTEMPTS_MAX, Started
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess


async def report(payments: Payments, follower: Follower, account: AccountDetails, merchant: Merchant, payment: SandboxPayment) -> None:
    notice = callback(merchant, payment, account.created_at)
    await payments.inbox.receive("sandbox", account.id, notice)
    await follower.catch_up()


async def test_a_started_payment_has_a_link_that_the_gateway_accepts(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock, sandbox: SandboxProcess
) -> None:
    started = await start(database, payments, organizer_id, request(clock))

    assert isinstance(started.step, Redirect)
    assert sandbox.show(started.step.url).status_code == 200


async def test_a_batch_costs_the_same_few_statements_whatever_its_size(
    database_url: str, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    statements: list[str] = []
    watched = Database(database_url, pool_size=2, observe=statements.append)
    await watched.open()
    try:
        # What a process reads and writes once is behind it: the books, and that their context is kept.
        for _ in range(2):
            await start(watched, payments, organizer_id, request(clock))
        statements.clear()
        async with watched.transaction(organizer_id) as tx:
            outcomes = await payments.start(tx, [request(clock) for _ in range(300)])
    finally:
        await watched.close()

    assert len({outcome.attempt_id for outcome in outcomes if isinstance(outcome, Started)}) == 300
    # The accounts, then payments, attempts, and why each is on its account.
    assert len(statements) == 4


async def test_outcomes_keep_their_order_and_a_refused_one_fails_no_other(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    wanted = [request(clock), request(clock, amount=Money(5, "USD")), request(clock, option_id=new_id()), request(clock)]

    async with database.transaction(organizer_id) as tx:
        outcomes = await payments.start(tx, wanted)

    assert [type(outcome) for outcome in outcomes] == [Started, NoAccountFits, OptionGone, Started]


async def test_nothing_is_started_when_the_caller_rolls_back(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    one = request(clock)

    async def start_and_fail() -> None:
        async with database.transaction(organizer_id) as tx:
            await payments.start(tx, [one])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await start_and_fail()

    with pytest.raises(PaymentNotFound):
        await payments.details(organizer_id, one.reference)


async def test_the_same_reference_gives_the_same_attempt_and_link(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    one = request(clock)
    first = await start(database, payments, organizer_id, one)

    again = await start(database, payments, organizer_id, one)
    async with database.transaction(organizer_id) as tx:
        twice = await payments.start(tx, [one, one])
    async with database.reading(organizer_id) as reader:
        step = await payments.step_of(reader, one.reference)

    assert first == again == twice[0] == twice[1]
    assert step == first.step == await payments.resume(organizer_id, one.reference)


async def test_a_reference_stands_for_one_amount(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    one = request(clock)
    await start(database, payments, organizer_id, one)

    async with database.transaction(organizer_id) as tx:
        [outcome] = await payments.start(tx, [request(clock, reference=one.reference, amount=Money(1, "ARS"))])

    assert isinstance(outcome, PaymentChanged)


async def test_another_account_is_a_new_attempt_and_there_is_an_end_to_them(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    other = await connect(payments, organizer_id, Merchant.fresh())
    one = request(clock)
    choices = [account.id, other.id, account.id]
    started = [
        await start(database, payments, organizer_id, request(clock, reference=one.reference, option_id=choice)) for choice in choices
    ]

    async with database.transaction(organizer_id) as tx:
        [outcome] = await payments.start(tx, [request(clock, reference=one.reference, option_id=other.id)])

    assert len({attempt.attempt_id for attempt in started}) == ATTEMPTS_MAX == 3
    assert len({attempt.payment_id for attempt in started}) == 1
    assert isinstance(outcome, AttemptsExhausted)


async def test_what_was_declined_can_be_tried_again(
    database: Database,
    payments: Payments,
    follower: Follower,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> None:
    one = request(clock)
    first = await start(database, payments, organizer_id, one)
    await report(payments, follower, account, merchant, SandboxPayment.of(first.attempt_id, status="rejected"))

    second = await start(database, payments, organizer_id, one)

    assert second.attempt_id != first.attempt_id
    assert (await payments.details(organizer_id, one.reference)).status == "open"


async def test_what_is_paid_cannot_be_paid_again(
    database: Database,
    payments: Payments,
    follower: Follower,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> None:
    one = request(clock)
    first = await start(database, payments, organizer_id, one)
    await report(payments, follower, account, merchant, SandboxPayment.of(first.attempt_id))

    async with database.transaction(organizer_id) as tx:
        [outcome] = await payments.start(tx, [one])

    assert isinstance(outcome, PaymentClosed)
    assert outcome.payment_status == "paid"


async def test_a_payment_under_review_is_not_charged_a_second_time(
    database: Database,
    payments: Payments,
    follower: Follower,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> None:
    other = await connect(payments, organizer_id, Merchant.fresh())
    one = request(clock)
    first = await start(database, payments, organizer_id, one)
    await report(payments, follower, account, merchant, SandboxPayment.of(first.attempt_id, status="pending"))

    again = await start(database, payments, organizer_id, request(clock, reference=one.reference, option_id=other.id))

    assert (again.attempt_id, again.step) == (first.attempt_id, "wait")


async def test_an_account_that_is_switched_off_takes_no_new_payment(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    await payments.accounts.switch(Actor.system(organizer_id, "test"), account.id, is_enabled=False)

    async with database.transaction(organizer_id) as tx:
        [outcome] = await payments.start(tx, [request(clock)])

    assert isinstance(outcome, NoAccountFits)
    assert await payments.options(organizer_id, "ARS", PaymentPurpose()) == []


async def test_a_link_lives_at_least_as_long_as_its_gateway_demands(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, clock: SettableClock
) -> None:
    one = request(clock)
    clock.advance(minutes=9, seconds=50)

    await start(database, payments, organizer_id, one)

    [attempt] = (await payments.details(organizer_id, one.reference)).attempts
    assert attempt.expires_at >= clock() + timedelta(seconds=59)
