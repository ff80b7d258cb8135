"""Rules that ask how a card begins: while its number is typed, the payment goes on at the account that they choose, and only there."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.applying import apply_conclusion
from alltickets.payments.breaker.rules import Breaker
from alltickets.payments.breaker.store import lock_breaker, write_breaker
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.port import Card, CardForm, Provider
from alltickets.payments.refusals import AttemptsExhausted, NoAccountFits, PaymentNotFound
from alltickets.payments.routing.rules.policy import Condition, Policy, Rule
from alltickets.payments.service import Payments
from alltickets.payments.service.cards import CardRoute, TakenElsewhere
from alltickets.payments.service.checkout import ATTEMPTS_MAX, NextStep, Started
from alltickets.payments.service.simulations import AskSimulation
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import ASKED, PUBLIC_URL, connect, request
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.simulators.payway import MASTERCARD, VISA, VISA_WITHOUT_FUNDS, PaywayProcess, Site

OF_SECOND, OF_NEITHER, OF_SANDBOX, REFUSED = MASTERCARD[:6], VISA[:6], "400000", "666666"


class Till:
    """A payment at the form of the first of two sites; cards that begin as `OF_SECOND` belong to the second."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, sites: tuple[Site, Site]) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.first, self.second = sites
        self.reference = new_id()

    async def open(self, merchant: Merchant) -> None:
        accounts = [await connect_payway(self.payments, self.organizer_id, site) for site in (self.first, self.second)]
        self.accounts = [one.id for one in accounts]
        self.sandbox = (await connect(self.payments, self.organizer_id, merchant)).id

    async def rule(self, *rules: Rule) -> None:
        """Put a policy in force."""
        actor, routing = Actor.system(self.organizer_id, "test"), self.payments.routing
        before = await routing.read(self.organizer_id, None)
        drafted = await routing.save_draft(actor, None, before.revision, Policy(rules=rules))
        await routing.activate(actor, None, drafted.revision)

    def rules(self) -> tuple[Rule, ...]:
        """Cards of the second site, cards of the page elsewhere, cards that nobody takes; the rest is for the first."""
        every = (*self.accounts, self.sandbox)
        return (
            Rule(name="Banco Y", conditions=(Condition("card_bin", "eq", OF_SECOND),), use=(self.accounts[1],)),
            Rule(name="Banco Z", conditions=(Condition("card_bin", "eq", OF_SANDBOX),), use=(self.sandbox,)),
            Rule(name="Ninguna", conditions=(Condition("card_bin", "prefix", REFUSED),), exclude=every, otherwise="refuse"),
            Rule(name="El resto", use=(self.accounts[0],)),
        )

    async def ask(self, *, option_id: UUID | None = None, card_bin: str | None = None, reference: UUID | None = None) -> Started | Refusal:
        """Start the payment, or start it again; what came of that."""
        one = request(self.clock, reference=reference or self.reference, option_id=option_id)
        async with self.database.transaction(self.organizer_id) as tx:
            [outcome] = await self.payments.start(tx, [replace(one, card_bin=card_bin)])
        return outcome

    async def start(self) -> None:
        outcome = await self.ask()
        assert isinstance(outcome, Started), outcome
        self.started = outcome

    async def type(self, card_bin: str) -> CardRoute:
        async with self.database.transaction(self.organizer_id) as tx:
            return await self.payments.route_card(tx, self.reference, card_bin)

    async def typed(self, card_bin: str) -> CardForm:
        form = await self.type(card_bin)
        assert isinstance(form, CardForm), form
        return form

    async def charge(self, card: Card, attempt_id: UUID) -> NextStep:
        return await self.payments.charge_card(self.organizer_id, self.reference, attempt_id, card, PURCHASE)

    async def tried(self) -> list[tuple[int, str]]:
        """The attempts: at which of the accounts, and how each stands."""
        order = [*self.accounts, self.sandbox]
        details = await self.payments.details(self.organizer_id, self.reference)
        return [(order.index(one.account_id) + 1, one.status) for one in details.attempts]

    def charges(self) -> list[list[str]]:
        """The states of every payment that Payway has of each site."""
        return [[one["status"] for one in site.call("GET", "/payments").json()["results"]] for site in (self.first, self.second)]


@pytest.fixture
def payments(
    database: Database, clock: SettableClock, key_ring: KeyRing, payway: PaywayProcess, sandbox: SandboxProcess, http: httpx.AsyncClient
) -> Payments:
    providers: list[Provider] = [
        Payway(payway.url, http, developer_url=payway.url, charge_seconds_max=1.0, query_seconds_max=1.0),
        Sandbox(sandbox.url, http),
    ]
    return Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL)


@pytest_asyncio.fixture
async def till(
    database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, payway: PaywayProcess, merchant: Merchant
) -> Till:
    till = Till(database, payments, organizer_id, clock, (Site(payway), Site(payway)))
    await till.open(merchant)
    await till.rule(*till.rules())
    await till.start()
    return till


async def test_a_card_is_charged_where_its_beginning_leads_and_why_is_kept(till: Till) -> None:
    desk = await till.payments.card_desk(till.organizer_id, till.reference)
    before = till.started.step

    form = await till.typed(OF_SECOND)
    charged = await till.charge(card_of(till.second, MASTERCARD, method="104"), form.attempt_id)

    assert isinstance(before, CardForm)
    assert (before.public_key, form.public_key) == (till.first.public_key, till.second.public_key)
    assert [one.public_key for one in desk.forms] == [till.first.public_key, till.second.public_key]
    assert (charged, await till.tried(), till.charges()) == ("wait", [(1, "created"), (2, "charged")], [[], ["approved"]])
    decisions = await till.payments.routing.decisions(till.organizer_id, till.reference)
    assert [one.stored.facts.card_bin for one in decisions] == [None, OF_SECOND]
    assert all(one.is_reproducible for one in decisions)
    assert f"Decide la regla 1, «Banco Y»: el comienzo de la tarjeta es {OF_SECOND}." in decisions[1].sentences


async def test_typing_to_and_fro_leaves_one_attempt_for_each_account_and_uses_up_no_try(till: Till) -> None:
    forms = [await till.typed(card_bin) for card_bin in (OF_SECOND, OF_NEITHER, OF_SECOND, *(f"45{number:04}" for number in range(20)))]

    assert {form.attempt_id for form in forms} == {till.started.attempt_id, forms[0].attempt_id}
    assert await till.tried() == [(1, "created"), (2, "created")]
    kept = [one.stored for one in await till.payments.routing.decisions(till.organizer_id, till.reference)]
    assert [(one.facts.card_bin, one.attempt_id, one.number, one.counts) for one in kept] == [
        (None, till.started.attempt_id, 1, False),
        (OF_NEITHER, till.started.attempt_id, 2, True),
        (OF_SECOND, forms[0].attempt_id, 1, True),
    ], "each decision stays, and twenty cards that were decided alike are one"
    for number in range(ATTEMPTS_MAX):
        form = await till.typed(OF_SECOND)
        assert await till.charge(card_of(till.second, VISA_WITHOUT_FUNDS), form.attempt_id) == "failed"
        if number + 1 < ATTEMPTS_MAX:
            await till.start()
    assert isinstance(await till.ask(), AttemptsExhausted)
    assert [status for _, status in await till.tried()].count("declined") == ATTEMPTS_MAX


async def test_the_form_of_another_window_charges_at_its_own_account_and_only_one_of_them_does(till: Till) -> None:
    form = await till.typed(OF_SECOND)

    first, second = await asyncio.gather(
        till.charge(card_of(till.first), till.started.attempt_id),
        till.charge(card_of(till.second, MASTERCARD, method="104"), form.attempt_id),
    )

    assert (first, second) == ("wait", "wait")
    assert sorted(status for _, status in await till.tried()) == ["charged", "created"]
    assert sorted(till.charges()) == [[], ["approved"]]


async def test_a_form_left_open_is_charged_as_the_payments_own_attempt_and_counts_after_a_no(till: Till) -> None:
    form = await till.typed(OF_SECOND)
    declined = await till.charge(card_of(till.first, VISA_WITHOUT_FUNDS), till.started.attempt_id)
    why = await till.payments.decline_of(till.organizer_id, till.reference)

    paid = await till.charge(card_of(till.second, MASTERCARD, method="104"), form.attempt_id)

    assert (declined, why, paid) == ("failed", "no_funds", "wait")
    assert await till.tried() == [(1, "declined"), (2, "charged")]
    details = await till.payments.details(till.organizer_id, till.reference)
    assert details.status == "paid"
    assert [(one.status_before, one.status, one.cause) for one in details.history if one.attempt_id is None] == [
        ("open", "open", "attempt"),
        ("open", "open", "attempt"),
        ("open", "failed", "call"),
        ("failed", "open", "attempt"),
        ("open", "paid", "call"),
    ]
    assert [(one.status_before, one.status) for one in details.history if one.attempt_id == form.attempt_id] == [
        ("created", "sending"),
        ("sending", "charged"),
    ]


async def test_nothing_is_routed_anew_while_a_charge_is_under_way_or_after_it(till: Till) -> None:
    form = await till.typed(OF_SECOND)
    async with till.database.transaction(till.organizer_id) as tx:
        await apply_conclusion(tx, form.attempt_id, "sending", cause="call", now=till.clock())
    under_way = await till.type(OF_NEITHER)
    other = await till.charge(card_of(till.first), till.started.attempt_id)
    till.second.charge(MASTERCARD, method=104, site_transaction_id=form.attempt_id.hex, amount=ASKED.minor)
    till.clock.advance(seconds=46)
    await till.payments.poller.sweep()

    paid = await till.type(OF_NEITHER)

    assert (under_way, other, paid) == ("unchanged", "wait", "unchanged")
    assert (await till.tried(), till.charges()) == ([(1, "created"), (2, "charged")], [[], ["approved"]])


async def test_a_token_of_one_key_is_no_money_under_the_attempt_of_another(till: Till) -> None:
    form = await till.typed(OF_SECOND)

    step = await till.charge(card_of(till.first, MASTERCARD, method="104"), form.attempt_id)

    assert step == "failed"
    assert till.charges() == [[], []]


async def test_an_account_that_does_not_answer_takes_no_card_and_one_that_is_left_for_it_does(till: Till) -> None:
    away = Breaker(opened_until=till.clock() + timedelta(minutes=5), open_seconds=300)
    async with till.database.transaction(till.organizer_id) as tx:
        await lock_breaker(tx, till.accounts[1])
        await write_breaker(tx, till.accounts[1], away)

    form = await till.typed(OF_SECOND)

    assert form.attempt_id == till.started.attempt_id
    before, told = await till.payments.routing.decisions(till.organizer_id, till.reference)
    assert (before.stored.counts, told.stored.counts) == (False, True)
    assert any("queda afuera: no responde en este momento." in one for one in told.sentences)
    desk = await till.payments.card_desk(till.organizer_id, till.reference)
    assert (len(desk.forms), desk.asks_for_card) == (1, True), "the page of the sandbox is still another way"


async def test_where_another_page_takes_the_card_the_buyer_goes_on_there_without_using_up_a_try(till: Till) -> None:
    away = await till.type(OF_SANDBOX)
    assert isinstance(away, TakenElsewhere)
    assert await till.tried() == [(1, "created")]

    await till.ask(option_id=away.option_id, card_bin=OF_SANDBOX)

    assert away.option_id == till.sandbox
    assert await till.tried() == [(1, "created"), (3, "awaiting_buyer")]
    _, told, seen = await till.payments.routing.decisions(till.organizer_id, till.reference)
    assert (seen.stored.attempt_id, seen.stored.decision.account_id, seen.is_reproducible) == (None, till.sandbox, True)
    assert (told.stored.decision.rule, told.stored.facts.card_bin, told.is_reproducible) == (1, OF_SANDBOX, True)
    assert await till.type(OF_SECOND) == "unchanged", "the buyer is at another page"


async def test_a_card_that_no_account_may_take_is_told_so_and_changes_nothing(till: Till) -> None:
    assert await till.type(REFUSED) == "nowhere"
    assert await till.tried() == [(1, "created")]
    assert isinstance(await till.ask(card_bin=REFUSED), NoAccountFits)
    nothing = new_id()
    assert isinstance(await till.ask(card_bin=REFUSED, reference=nothing), NoAccountFits)
    with pytest.raises(PaymentNotFound):
        await till.payments.routing.decisions(till.organizer_id, nothing)


async def test_why_no_account_took_a_payment_is_kept_once_however_many_cards_are_typed(till: Till) -> None:
    for _ in range(3):
        till.clock.advance(seconds=1)
        assert await till.type(REFUSED) == "nowhere"
        till.clock.advance(seconds=1)
        assert isinstance(await till.type(OF_SANDBOX), TakenElsewhere)

    first, refused, elsewhere = await till.payments.routing.decisions(till.organizer_id, till.reference)

    assert (first.stored.number, first.stored.counts) == (1, True)
    assert (refused.stored.attempt_id, refused.stored.counts, refused.stored.decision.account_id) == (None, False, None)
    assert refused.sentences[-1] == "Ninguna cuenta podía cobrar este pago."
    assert elsewhere.stored.decision.account_id == till.sandbox
    assert (refused.is_reproducible, elsewhere.is_reproducible) == (True, True)


async def test_after_its_time_nothing_is_decided_any_more(till: Till) -> None:
    till.clock.advance(minutes=11)

    assert await till.type(OF_SECOND) == "unchanged"
    assert await till.tried() == [(1, "created")]


async def test_where_no_rule_asks_for_cards_nobody_is_asked_and_nothing_is_written(till: Till) -> None:
    await till.rule(Rule(name="Todas", use=(till.accounts[0],)))

    assert not (await till.payments.card_desk(till.organizer_id, till.reference)).asks_for_card
    assert await till.type(OF_SECOND) == "unchanged"
    [kept] = await till.payments.routing.decisions(till.organizer_id, till.reference)
    assert kept.stored.facts.card_bin is None


async def test_who_asks_for_many_cards_at_once_while_one_is_charged_has_one_charge(till: Till) -> None:
    form = await till.typed(OF_SECOND)
    asked = [OF_SECOND, OF_NEITHER] * 4

    await asyncio.gather(
        *(till.type(one) for one in asked[:4]),
        till.charge(card_of(till.second, MASTERCARD, method="104"), form.attempt_id),
        *(till.type(one) for one in asked[4:]),
    )

    assert sorted(await till.tried()) == [(1, "created"), (2, "charged")]
    assert till.charges() == [[], ["approved"]]
    assert (await till.payments.details(till.organizer_id, till.reference)).status == "paid"


async def test_what_would_have_happened_knows_how_the_cards_began(till: Till) -> None:
    form = await till.typed(OF_SECOND)
    await till.charge(card_of(till.second, MASTERCARD, method="104"), form.attempt_id)
    everything = Rule(name="Todas", use=(till.accounts[0],))
    await till.rule(everything)
    till.reference = new_id()
    await till.start()
    await till.charge(card_of(till.first, MASTERCARD, method="104"), till.started.attempt_id)

    async def moved(*rules: Rule) -> tuple[int, int]:
        since = datetime.now(UTC) - timedelta(hours=1)
        ask = AskSimulation(policy=Policy(rules=rules), event_id=None, since=since, until=since + timedelta(hours=2), after=None)
        found = await till.payments.simulations.run(till.organizer_id, ask)
        return found.decisions, found.tally.moved

    assert await moved(*till.rules()) == (2, 1), "the second one would have been charged at the other account"
    assert await moved(everything) == (2, 1)
