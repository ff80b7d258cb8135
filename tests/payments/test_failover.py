"""A gateway that fails before its buyer has seen anything of it: another account takes over, and the failing one is left out."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.payments.breaker.rules import FAILURES_IN_ROW_MAX, OPEN_SECONDS_MIN, PROBES
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Redirect
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import NextStep
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import PUBLIC_URL, connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess, running_sandbox
from tests.stream import events_of


class Shaky(Sandbox):
    """A gateway of its own, which a test makes fail."""

    name = "shaky"


@pytest.fixture(scope="module")
def shaky_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with running_sandbox(tmp_path_factory.mktemp("shaky")) as process:
        yield process


class Counter:
    """A shop with a first choice that fails, and a second one that does not."""

    def __init__(
        self,
        database: Database,
        processes: list[Payments],
        organizer_id: UUID,
        merchant: Merchant,
        shaky: SandboxProcess,
        clock: SettableClock,
    ) -> None:
        self.database = database
        self.processes = processes
        self.organizer_id = organizer_id
        self.merchant = merchant
        self.shaky = shaky
        self.clock = clock
        self.accounts: dict[UUID, str] = {}

    async def connect(self) -> None:
        for gateway in ("shaky", "sandbox"):
            account = await connect(self.processes[0], self.organizer_id, self.merchant, mode="session", gateway=gateway)
            self.accounts[account.id] = gateway

    async def buy(self, *, process: int = 0, reference: UUID | None = None) -> tuple[UUID, NextStep]:
        """A buyer goes to pay by whatever comes first: the reference and what they do next."""
        one = request(self.clock, reference=reference)
        started = await start(self.database, self.processes[process], self.organizer_id, one)
        return one.reference, await self.processes[process].begin(self.organizer_id, started.attempt_id)

    async def tried(self, reference: UUID) -> list[tuple[str, str]]:
        """The attempts of a payment: at which gateway, and what became of each."""
        details = await self.processes[0].details(self.organizer_id, reference)
        return [(self.accounts[attempt.account_id], attempt.status) for attempt in details.attempts]

    async def offered(self, *, process: int = 0) -> list[str]:
        options = await self.processes[process].options(self.organizer_id, "ARS", PaymentPurpose())
        return [self.accounts[option.option_id] for option in options]

    async def shaky_account(self) -> AccountDetails:
        return next(one for one in await self.processes[0].accounts.all_of(self.organizer_id) if one.gateway == "shaky")

    async def break_it(self) -> None:
        """Have the breaker of the first choice open."""
        self.shaky.misbehave(fail_5xx=FAILURES_IN_ROW_MAX)
        for _ in range(FAILURES_IN_ROW_MAX):
            await self.buy()


@pytest_asyncio.fixture
async def counter(
    database: Database,
    key_ring: KeyRing,
    organizer_id: UUID,
    merchant: Merchant,
    sandbox: SandboxProcess,
    shaky_process: SandboxProcess,
    http: httpx.AsyncClient,
    clock: SettableClock,
) -> AsyncIterator[Counter]:
    shaky_process.misbehave()
    providers = [Sandbox(sandbox.url, http), Shaky(shaky_process.url, http)]
    processes = [Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL) for _ in range(2)]
    counter = Counter(database, processes, organizer_id, merchant, shaky_process, clock)
    await counter.connect()
    yield counter
    shaky_process.misbehave()


async def test_another_account_takes_over_and_nobody_is_told_of_a_failure(counter: Counter) -> None:
    counter.shaky.misbehave(fail_5xx=1)

    reference, step = await counter.buy()

    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("shaky", "error"), ("sandbox", "awaiting_buyer")]
    assert await events_of(counter.database, counter.organizer_id, PaymentFailed, PaymentPending) == []
    assert await counter.offered() == ["shaky", "sandbox"], "once is no pattern"


async def test_an_answer_that_was_lost_before_the_buyer_saw_a_page_costs_nothing(counter: Counter, sandbox: SandboxProcess) -> None:
    counter.shaky.misbehave(timeout_after_processing=1)

    reference, step = await counter.buy()

    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("shaky", "unknown"), ("sandbox", "awaiting_buyer")]
    assert await events_of(counter.database, counter.organizer_id, PaymentFailed, PaymentPending) == []
    details = await counter.processes[0].details(counter.organizer_id, reference)
    paid = SandboxPayment.of(details.attempts[-1].id)
    notice = callback(counter.merchant, paid, counter.clock())
    await counter.processes[0].inbox.receive("sandbox", details.attempts[-1].account_id, notice)
    await Follower(counter.database, subscriptions(counter.processes[0])).catch_up()
    assert len(await events_of(counter.database, counter.organizer_id, PaymentCaptured)) == 1


async def test_in_a_rush_everybody_gets_a_page_while_the_first_choice_is_down(counter: Counter) -> None:
    counter.shaky.misbehave(fail_5xx=10_000)

    bought = await asyncio.gather(*(counter.buy(process=number % 2) for number in range(20)))

    assert all(isinstance(step, Redirect) for _, step in bought)
    assert {(await counter.tried(reference))[-1] for reference, _ in bought} == {("sandbox", "awaiting_buyer")}


async def test_an_account_that_fails_leaves_the_options_of_every_process_and_says_why(counter: Counter) -> None:
    await counter.break_it()

    shown = await counter.shaky_account()

    assert await counter.offered(process=0) == await counter.offered(process=1) == ["sandbox"]
    assert shown.left_out_until is not None
    assert shown.last_error is not None
    assert "503" in shown.last_error
    reference, _ = await counter.buy()
    assert await counter.tried(reference) == [("sandbox", "awaiting_buyer")], "nobody asks it any more"


async def test_probes_find_it_well_again(counter: Counter) -> None:
    await counter.break_it()
    counter.shaky.misbehave()
    counter.clock.advance(seconds=OPEN_SECONDS_MIN)

    probes = [await counter.buy(process=number % 2) for number in range(PROBES)]

    assert [await counter.tried(reference) for reference, _ in probes] == [[("shaky", "awaiting_buyer")]] * PROBES
    assert (await counter.shaky_account()).left_out_until is None


async def test_a_probe_that_fails_costs_its_buyer_nothing(counter: Counter) -> None:
    await counter.break_it()
    counter.shaky.misbehave(fail_5xx=1)
    counter.clock.advance(seconds=OPEN_SECONDS_MIN)

    reference, step = await counter.buy()

    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("shaky", "error"), ("sandbox", "awaiting_buyer")]
    assert await counter.offered() == ["sandbox"]


async def test_credentials_that_are_not_accepted_leave_it_out_until_somebody_puts_them_right(counter: Counter) -> None:
    shaky = await counter.shaky_account()
    wrong, right = Merchant(counter.merchant.id, "0" * 64), counter.merchant
    await connect(counter.processes[0], counter.organizer_id, wrong, mode="session", gateway="shaky", account_id=shaky.id)

    reference, step = await counter.buy()
    refused = await counter.offered()
    await connect(counter.processes[0], counter.organizer_id, right, mode="session", gateway="shaky", account_id=shaky.id)

    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("shaky", "error"), ("sandbox", "awaiting_buyer")]
    assert (refused, await counter.offered()) == (["sandbox"], ["shaky", "sandbox"])


async def test_a_connection_test_that_passes_lets_payments_in_again(counter: Counter) -> None:
    await counter.break_it()
    counter.shaky.misbehave()

    result = await counter.processes[1].accounts.check(counter.organizer_id, (await counter.shaky_account()).id)

    assert result.is_working
    assert await counter.offered() == ["shaky", "sandbox"]


async def test_where_no_other_account_works_alike_the_buyer_is_told(counter: Counter) -> None:
    [other] = [account_id for account_id, gateway in counter.accounts.items() if gateway == "sandbox"]
    async with counter.database.transaction(counter.organizer_id) as tx:
        await tx.execute(
            "UPDATE payments.accounts SET is_enabled = false, version = version + 1 WHERE organizer_id = %(organizer_id)s AND id = %(id)s",
            id=other,
        )
    counter.shaky.misbehave(fail_5xx=1)

    reference, step = await counter.buy(reference=new_id())

    assert step == "failed"
    assert await counter.tried(reference) == [("shaky", "error")]
