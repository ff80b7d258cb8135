"""Cards that are charged from our page: once for an attempt, whatever becomes of the answer."""

import asyncio
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.applying import apply_conclusion
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentFlagged
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.port import Card, CardForm
from alltickets.payments.refusals import CardNotTaken, PaymentNotFound, RefundWholeOnly
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import NextStep, Started
from alltickets.payments.service.refunds import AskRefund, RefundStarted
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import ASKED, PUBLIC_URL, request, start
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.simulators.payway import MASTERCARD, VISA, VISA_REFUSED, VISA_WITHOUT_FUNDS, PaywayProcess, Site
from tests.stream import events_of


class Till:
    """A payment by card that was started, and the buyer's card."""

    def __init__(self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, site: Site) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.site = site
        self.reference = new_id()

    async def start(self) -> Started:
        self.started = await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=self.reference))
        return self.started

    async def charge(self, card: Card, *, attempt_id: UUID | None = None, reference: UUID | None = None) -> NextStep:
        attempt_id = attempt_id or self.started.attempt_id
        return await self.payments.charge_card(self.organizer_id, reference or self.reference, attempt_id, card, PURCHASE)

    async def later(self, **span: float) -> None:
        self.clock.advance(**span)
        await self.payments.poller.sweep()

    async def statuses(self) -> list[str]:
        return [one.status for one in (await self.payments.details(self.organizer_id, self.reference)).attempts]

    async def told(self, *kinds: type) -> list[str]:
        return [type(event).__name__ for kind in kinds for event in await events_of(self.database, self.organizer_id, kind)]

    def charges(self) -> list[str]:
        """The states of every payment that Payway has of the site."""
        return [one["status"] for one in self.site.call("GET", "/payments").json()["results"]]


@pytest.fixture
def payments(database: Database, clock: SettableClock, key_ring: KeyRing, payway: PaywayProcess, http: httpx.AsyncClient) -> Payments:
    provider = Payway(payway.url, http, developer_url=payway.url, charge_seconds_max=1.0, query_seconds_max=1.0)
    return Payments(database, clock, key_ring, [provider], public_url=PUBLIC_URL)


@pytest_asyncio.fixture
async def till(database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, site: Site) -> Till:
    await connect_payway(payments, organizer_id, site)
    till = Till(database, payments, organizer_id, clock, site)
    await till.start()
    return till


async def paid_after_a_charge_was_given_up(till: Till, payway: PaywayProcess) -> UUID:
    """Payway knew of nothing for ten minutes, and another card paid; the attempt that was given up."""
    orphan = till.started.attempt_id
    payway.turn(outage=["charges"])
    await till.charge(card_of(till.site))
    payway.turn()
    for seconds in (3, 6, 16, 61, 301, 240):
        await till.later(seconds=seconds)
    await till.start()
    await till.charge(card_of(till.site, MASTERCARD, method="104"))
    return orphan


async def test_the_form_is_shown_until_a_card_is_charged(till: Till) -> None:
    step = till.started.step
    again = await till.payments.begin(till.organizer_id, till.started.attempt_id)

    charged = await till.charge(card_of(till.site))

    assert isinstance(step, CardForm)
    assert step == again
    assert step.attempt_id == till.started.attempt_id
    assert (charged, await till.statuses(), till.charges()) == ("wait", ["charged"], ["approved"])
    assert await till.told(PaymentCaptured) == ["PaymentCaptured"]
    assert await till.payments.begin(till.organizer_id, till.started.attempt_id) in ("wait", "failed")
    [charge] = (await till.payments.details(till.organizer_id, till.reference)).charges
    assert (charge.facts["card_bin"], charge.facts["card_last_four"], charge.amount_minor) == ("450799", "4905", ASKED.minor)


async def test_a_no_says_why_and_another_card_pays(till: Till) -> None:
    declined = await till.charge(card_of(till.site, VISA_WITHOUT_FUNDS))
    why = await till.payments.decline_of(till.organizer_id, till.reference)
    again = await till.start()

    paid = await till.charge(card_of(till.site, MASTERCARD, method="104", installments=3))

    assert (declined, why, paid) == ("failed", "no_funds", "wait")
    assert isinstance(again.step, CardForm)
    assert await till.statuses() == ["declined", "charged"]
    assert await till.told(PaymentFailed, PaymentCaptured) == ["PaymentFailed", "PaymentCaptured"]
    assert await till.payments.decline_of(till.organizer_id, till.reference) is None


async def test_a_double_click_is_one_charge(till: Till) -> None:
    card = card_of(till.site)

    steps = await asyncio.gather(*(till.charge(card) for _ in range(3)))
    later = await till.charge(card)

    assert [*steps, later] == ["wait"] * 4
    assert till.charges() == ["approved"]


async def test_a_double_click_on_a_card_that_is_declined_is_one_attempt(till: Till) -> None:
    card = card_of(till.site, VISA_REFUSED)

    await asyncio.gather(till.charge(card), till.charge(card))
    again = await till.charge(card)

    assert again == "failed"
    assert await till.statuses() == ["declined"]
    assert till.charges() == ["rejected"]


async def test_charged_and_then_silent_is_found_before_anything_else_is_tried(till: Till, payway: PaywayProcess) -> None:
    payway.turn(lose_answers=1)
    lost = await till.charge(card_of(till.site))
    status = await till.statuses()
    meanwhile = await till.start()
    another = await till.charge(card_of(till.site), attempt_id=meanwhile.attempt_id)

    await till.later(seconds=3)

    assert (lost, status, meanwhile.step, another) == ("wait", ["unknown"], "wait", "wait")
    assert await till.statuses() == ["charged"]
    assert till.charges() == ["approved"]


async def test_an_unexpected_error_after_the_charge_is_found(till: Till, payway: PaywayProcess) -> None:
    payway.turn(conflicts=1)
    await till.charge(card_of(till.site))

    await till.later(seconds=3)

    assert await till.statuses() == ["charged"]


async def test_nothing_is_believed_only_after_ten_minutes_and_then_the_buyer_may_try_again(till: Till, payway: PaywayProcess) -> None:
    payway.turn(outage=["charges"])
    await till.charge(card_of(till.site))
    payway.turn()
    for seconds in (3, 6, 16, 61, 200, 200):
        await till.later(seconds=seconds)
    before = await till.statuses()

    await till.later(seconds=130)
    again = await till.start()

    assert (before, await till.statuses()) == (["unknown"], ["error", "created"])
    assert isinstance(again.step, CardForm)


async def test_a_charge_that_turns_up_after_that_is_found_and_given_back(till: Till, payway: PaywayProcess) -> None:
    orphan = await paid_after_a_charge_was_given_up(till, payway)
    till.site.charge(VISA, site_transaction_id=orphan.hex, amount=ASKED.minor)

    await till.later(minutes=16)
    await till.payments.refunds.sweep()

    flags = await events_of(till.database, till.organizer_id, PaymentFlagged)
    assert await till.statuses() == ["refunded", "charged"]
    assert "paid_twice" in [flag.kind for flag in flags if isinstance(flag, PaymentFlagged)]
    assert sorted(till.charges()) == ["annulled", "approved"]


async def test_it_is_looked_for_no_longer_than_a_day(till: Till, payway: PaywayProcess) -> None:
    payway.turn(outage=["charges"])
    await till.charge(card_of(till.site))
    for seconds in (3, 6, 16, 61, 301, 240):
        await till.later(seconds=seconds)

    for _ in range(26):
        await till.later(hours=1)

    [attempt] = (await till.payments.details(till.organizer_id, till.reference)).attempts
    assert (attempt.status, attempt.next_query_at, attempt.needs_review) == ("error", None, False)


async def test_a_process_that_died_in_the_call_is_not_overtaken(till: Till) -> None:
    async with till.database.transaction(till.organizer_id) as tx:
        await apply_conclusion(tx, till.started.attempt_id, "sending", cause="call", now=till.clock())
    till.site.charge(VISA, site_transaction_id=till.started.attempt_id.hex, amount=ASKED.minor)
    step = await till.charge(card_of(till.site))

    await till.later(seconds=46)

    assert step == "wait"
    assert await till.statuses() == ["charged"]
    assert till.charges() == ["approved"]


async def test_a_card_is_charged_for_its_own_payment_and_as_its_form_says(till: Till) -> None:
    stranger = new_id()

    for refusal, charging in (
        (PaymentNotFound, till.charge(card_of(till.site), reference=stranger)),
        (PaymentNotFound, till.charge(card_of(till.site), attempt_id=new_id())),
        (CardNotTaken, till.charge(card_of(till.site, installments=12))),
        (CardNotTaken, till.charge(card_of(till.site, method="111"))),
    ):
        with pytest.raises(refusal):
            await charging

    assert await till.statuses() == ["created"]
    assert till.charges() == []


async def test_a_site_without_a_history_of_refunds_refuses_a_part_before_anything_is_ordered(
    database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, site: Site
) -> None:
    await connect_payway(payments, organizer_id, site, refund_history="off")
    till = Till(database, payments, organizer_id, clock, site)
    await till.start()
    await till.charge(card_of(site))
    asked = [AskRefund(refund_id=new_id(), reference=till.reference, amount_minor=minor, reason="test") for minor in (1, ASKED.minor)]

    async with database.transaction(organizer_id) as tx:
        part, whole = await payments.refund(tx, asked)

    assert isinstance(part, RefundWholeOnly)
    assert isinstance(whole, RefundStarted)


async def test_the_accounts_terms_hold_at_its_form_and_for_whoever_does_not_use_it(till: Till) -> None:
    [account] = await till.payments.accounts.all_of(till.organizer_id)
    form = (await till.start()).step
    terms = AccountTerms(methods=("credit_card",), instalments_max=3)
    await till.payments.accounts.set_terms(Actor.system(till.organizer_id, "test"), account.id, terms)

    limited = await till.payments.resume(till.organizer_id, till.reference)
    debit, many, few = card_of(till.site, VISA, method="31"), card_of(till.site, installments=6), card_of(till.site, installments=3)
    for card in (debit, many):
        with pytest.raises(CardNotTaken):
            await till.charge(card)
    charges = till.charges()
    charged = await till.charge(few)

    assert isinstance(form, CardForm)
    assert isinstance(limited, CardForm)
    assert {one.kind for one in form.methods} > {one.kind for one in limited.methods} == {"credit_card"}
    assert max(count for one in form.methods for count in one.installments) > 3
    assert max(count for one in limited.methods for count in one.installments) == 3
    assert (charges, charged, till.charges()) == ([], "wait", ["approved"])
