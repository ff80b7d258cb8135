"""A gateway that fails before its buyer has seen anything of it: another account takes over, and the failing one is left out."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.breaker.rules import FAILURES_IN_ROW_MAX, OPEN_SECONDS_MIN, PROBES
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Redirect
from alltickets.payments.refusals import NoAccountFits, OptionGone, OptionInstead
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.routing.rules.policy import Option, Policy
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

    async def buy(self, *, process: int = 0, reference: UUID | None = None, option_id: UUID | None = None) -> tuple[UUID, NextStep]:
        """A buyer goes to pay by what they chose, or whatever comes first: the reference and what they do next."""
        one = request(self.clock, reference=reference, option_id=option_id)
        started = await start(self.database, self.processes[process], self.organizer_id, one)
        return one.reference, await self.processes[process].begin(self.organizer_id, started.attempt_id)

    async def refused(self, *, option_id: UUID) -> Refusal:
        """Why a buyer who chose so cannot pay."""
        async with self.database.transaction(self.organizer_id) as tx:
            [outcome] = await self.processes[0].start(tx, [request(self.clock, option_id=option_id)])
        assert isinstance(outcome, Refusal)
        return outcome

    async def put_in_force(self, policy: Policy) -> list[UUID]:
        """Decide by this policy from now on: the ids of its options."""
        actor, routing = Actor.system(self.organizer_id, "test"), self.processes[0].routing
        drafted = await routing.save_draft(actor, None, 0, policy)
        active = (await routing.activate(actor, None, drafted.revision)).active
        assert active is not None
        return [one.option_id for one in active.options if one.option_id is not None]

    async def tried(self, reference: UUID) -> list[tuple[str, str]]:
        """The attempts of a payment: at which gateway, and what became of each."""
        details = await self.processes[0].details(self.organizer_id, reference)
        return [(self.accounts[attempt.account_id], attempt.status) for attempt in details.attempts]

    async def offered(self, *, process: int = 0) -> list[str]:
        options = await self.processes[process].options(self.organizer_id, "ARS", PaymentPurpose())
        return [self.accounts[option.option_id] for option in options]

    async def shaky_account(self) -> AccountDetails:
        return next(one for one in await self.processes[0].accounts.all_of(self.organizer_id) if one.gateway == "shaky")

    def account_id(self, gateway: str) -> UUID:
        """Their account there."""
        return next(account_id for account_id, name in self.accounts.items() if name == gateway)

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
    assert "503" in shown.last_error.text
    assert (shown.last_error.operation, shown.last_error.kind) == ("start", "unavailable_not_sent")
    reference, _ = await counter.buy()
    assert await counter.tried(reference) == [("sandbox", "awaiting_buyer")], "nobody asks it any more"


async def test_who_chose_the_account_that_is_out_notices_nothing_and_the_decision_says_why(counter: Counter) -> None:
    shaky = counter.account_id("shaky")
    await counter.break_it()

    reference, step = await counter.buy(option_id=shaky)
    again, again_step = await counter.buy(reference=reference, option_id=shaky)

    assert isinstance(step, Redirect)
    assert (again, again_step) == (reference, step), "asked once more they have the page that they had"
    assert await counter.tried(reference) == [("sandbox", "awaiting_buyer")]
    [told] = await counter.processes[1].routing.decisions(counter.organizer_id, reference)
    assert (told.stored.facts.stood_in_for, told.is_reproducible) == (shaky, True)
    assert "Quien compra eligió pagar por Sandbox, que no puede cobrar este pago; en su lugar puede hacerlo Sandbox." in told.sentences
    assert "Sandbox queda afuera: no responde en este momento." in told.sentences


async def test_who_chose_it_while_it_is_switched_off_notices_nothing_either(counter: Counter) -> None:
    shaky = counter.account_id("shaky")
    await counter.processes[0].accounts.switch(Actor.system(counter.organizer_id, "test"), shaky, is_enabled=False)

    reference, step = await counter.buy(option_id=shaky)

    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("sandbox", "awaiting_buyer")]


async def test_a_page_that_is_open_already_stays_the_buyers_when_its_account_opens_no_more(counter: Counter) -> None:
    shaky = counter.account_id("shaky")
    reference, step = await counter.buy(option_id=shaky)
    await counter.break_it()

    assert await counter.buy(reference=reference, option_id=shaky) == (reference, step)
    assert await counter.tried(reference) == [("shaky", "awaiting_buyer")]


async def test_what_an_option_promises_never_becomes_something_else_in_silence(counter: Counter) -> None:
    shaky, sandbox = counter.account_id("shaky"), counter.account_id("sandbox")
    free = Option(label="6 cuotas sin interés", accounts=(shaky,), method="credit_card", instalments=6, bank="Banco X")
    once = Option(label="En un pago", accounts=(shaky, sandbox), method="credit_card", instalments=1)
    promised, other = await counter.put_in_force(Policy(options=(free, once)))
    await counter.break_it()

    refused = await counter.refused(option_id=promised)
    unknown = await counter.refused(option_id=new_id())
    reference, step = await counter.buy(option_id=other)

    # What the page needs to go on with stands in the answer.
    instead = (OptionInstead(other, "En un pago", None),)
    assert isinstance(refused, OptionGone)
    assert isinstance(unknown, OptionGone)
    assert (refused.label, refused.options) == ("6 cuotas sin interés", instead)
    assert (unknown.label, unknown.options) == (None, instead)
    assert isinstance(step, Redirect)
    assert await counter.tried(reference) == [("sandbox", "awaiting_buyer")], "an option with another account behind it holds"
    [told] = await counter.processes[0].routing.decisions(counter.organizer_id, reference)
    assert (told.stored.facts.instalments, told.stored.facts.stood_in_for) == (1, None)


async def test_without_anything_else_to_choose_nothing_is_proposed(counter: Counter) -> None:
    option = Option(label="Tarjeta", accounts=(counter.account_id("shaky"),))
    [option_id] = await counter.put_in_force(Policy(options=(option,)))
    await counter.break_it()

    assert type(await counter.refused(option_id=option_id)) is NoAccountFits


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
    told = (await counter.shaky_account()).last_error
    assert told is not None, "what went wrong last is still told"
    assert "503" in told.text


async def test_a_connection_test_that_fails_is_told_with_its_kind_and_lets_payments_go_on(counter: Counter) -> None:
    counter.shaky.misbehave(fail_5xx=1)

    result = await counter.processes[0].accounts.check(counter.organizer_id, counter.account_id("shaky"))

    shown = await counter.shaky_account()
    assert not result.is_working
    assert shown.last_error is not None
    assert (shown.last_error.operation, shown.last_error.kind) == ("connect", "unavailable_not_sent")
    assert (shown.last_error.at, shown.left_out_until) == (counter.clock(), None)


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
