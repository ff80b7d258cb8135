"""Reserved money is taken where it pays for something and given back where it does not: one of both, once, whoever dies on the way."""

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Literal
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaidTwice, PaymentCaptured, PaymentFailed, PaymentFlagged, PaymentRefunded
from alltickets.payments.gateways.payway import Payway, PaywayGateway
from alltickets.payments.nightly.rules import TURN
from alltickets.payments.port import CardForm, GatewayError, GatewayPayment
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import Started
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import ASKED, PUBLIC_URL, error_of, request, start
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.simulators.payway import VISA, PaywayProcess, Site
from tests.stream import events_of

Act = Literal["capture", "void"]


class Killed(BaseException):
    """The process is gone: nothing of it goes on."""


class Mortal(Payway):
    """Payway's account in a process that dies before its call, or when the call was carried out; or Payway refuses to take."""

    dies: Literal["before", "after"] | None = None
    refuses = False
    goes_on: asyncio.Event | None = None
    """A call to take is held up until then, and carried out after all."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.is_open = asyncio.Event()

    def connect(self, *args: Any) -> PaywayGateway:
        gateway = super().connect(*args)
        for name in ("capture", "void"):
            setattr(gateway, name, self._dying(name, getattr(gateway, name)))
        return gateway

    def _dying(self, name: str, call: Callable[[GatewayPayment], Any]) -> Callable[[GatewayPayment], Any]:
        async def die(payment: GatewayPayment) -> GatewayPayment:
            if self.dies == "before":
                raise Killed
            if self.goes_on is not None and name == "capture" and not self.is_open.is_set():
                self.is_open.set()
                await self.goes_on.wait()
            elif self.refuses and name == "capture":
                raise GatewayError("Payway refused the call: 58.", kind="declined", code="58")
            answer: GatewayPayment = await call(payment)
            if self.dies == "after":
                raise Killed
            return answer

        return die


class Desk:
    """A site in two steps: Payway reserves what it charges, and waits for what we say."""

    def __init__(self, database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient, site: Site) -> None:
        self.database, self.clock, self.site = database, clock, site
        self.provider = Mortal(site.payway.url, http, developer_url=site.payway.url, charge_seconds_max=0.5, query_seconds_max=1.0)
        self.payments = self.process(key_ring)
        self.other = self.process(key_ring)
        self.reference = new_id()
        self.organizer_id: UUID

    def process(self, key_ring: KeyRing) -> Payments:
        return Payments(self.database, self.clock, key_ring, [self.provider], public_url=PUBLIC_URL)

    async def open(self, organizer_id: UUID) -> "Desk":
        self.organizer_id = organizer_id
        await connect_payway(self.payments, organizer_id, self.site)
        self.set(two_steps=True)
        return self

    def set(self, **settings: Any) -> None:
        assert self.site.payway.http.put(f"/admin/sites/{self.site.id}", json=settings).status_code == 200

    def nobody_wants(self, payments: Payments | None = None, *, but: Collection[UUID] = ()) -> None:
        async def wanted(organizer_id: UUID, references: Collection[UUID]) -> set[UUID]:
            return set(references) & set(but)

        (payments or self.payments).reservations.wanted = wanted

    async def start(self) -> Started:
        return await start(self.database, self.payments, self.organizer_id, request(self.clock, reference=self.reference))

    async def reserve(self) -> UUID:
        """The buyer pays by card, and Payway reserves it; the attempt."""
        started = await self.start()
        await self.payments.charge_card(self.organizer_id, self.reference, started.attempt_id, card_of(self.site), PURCHASE)
        return started.attempt_id

    async def later(self, payments: Payments | None = None, **span: float) -> None:
        self.clock.advance(**span)
        await (payments or self.payments).poller.sweep()

    async def statuses(self) -> list[str]:
        return [one.status for one in (await self.payments.details(self.organizer_id, self.reference)).attempts]

    async def intents(self) -> list[str | None]:
        return [one.intent for one in (await self.payments.details(self.organizer_id, self.reference)).charges]

    async def history(self, attempt_id: UUID) -> list[tuple[str, str]]:
        async with self.database.reading(self.organizer_id) as reader:
            rows = await reader.fetch_tuples(
                """
                SELECT status, cause
                  FROM payments.attempt_history
                 WHERE organizer_id = %(organizer_id)s AND attempt_id = %(attempt_id)s
                 ORDER BY version
                """,
                attempt_id=attempt_id,
            )
        return [(status, cause) for status, cause in rows]

    async def told(self, *kinds: type) -> list[str]:
        found = [event for kind in kinds for event in await events_of(self.database, self.organizer_id, kind)]
        return [event.kind if isinstance(event, PaymentFlagged) else type(event).__name__ for event in found]

    def at_payway(self) -> list[str]:
        return [one["status"] for one in reversed(self.site.call("GET", "/payments").json()["results"])]

    def annulments(self, attempt_id: UUID) -> int:
        [payment] = self.site.find(attempt_id.hex)
        return len(self.site.call("GET", f"/payments/{payment['id']}/refunds").json()["parent"]["history"])


@pytest_asyncio.fixture
async def desk(
    database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient, site: Site, organizer_id: UUID
) -> Desk:
    return await Desk(database, clock, key_ring, http, site).open(organizer_id)


async def test_what_pays_is_taken_within_seconds_through_an_outage_and_a_lost_answer(desk: Desk, payway: PaywayProcess) -> None:
    attempt_id = await desk.reserve()
    reserved, captured_before = await desk.statuses(), await desk.told(PaymentCaptured)
    payway.turn(outage=["captures"])
    await desk.later(seconds=3)
    in_outage, told = await desk.statuses(), await error_of(desk.payments, desk.organizer_id)
    payway.turn(lose_answers=1)
    await desk.later(seconds=6)
    lost, at_payway = await desk.statuses(), desk.at_payway()

    await desk.later(seconds=16)

    assert (reserved, captured_before, in_outage, lost) == (["authorized"], [], ["capturing"], ["capturing"])
    assert told == ("capture", "unknown_outcome")
    assert at_payway == desk.at_payway() == ["approved"]
    assert (await desk.statuses(), await desk.told(PaymentCaptured)) == (["charged"], ["PaymentCaptured"])
    assert await desk.history(attempt_id) == [
        ("sending", "call"),
        ("authorized", "call"),
        ("capturing", "query"),
        ("charged", "query"),
    ]


async def test_what_nobody_wants_any_more_goes_back_once_though_the_answer_is_lost(desk: Desk, payway: PaywayProcess) -> None:
    desk.nobody_wants()
    attempt_id = await desk.reserve()
    payway.turn(lose_answers=1)
    await desk.later(seconds=3)
    lost, at_payway = await desk.statuses(), desk.at_payway()
    told = await error_of(desk.payments, desk.organizer_id)

    await desk.later(seconds=6)
    again = await desk.start()

    assert told == ("void", "unknown_outcome")
    assert (lost, at_payway, desk.at_payway(), desk.annulments(attempt_id)) == (["voiding"], ["annulled"], ["annulled"], 1)
    assert (await desk.statuses(), await desk.intents()) == (["voided", "created"], ["void"])
    assert isinstance(again.step, CardForm)
    assert await desk.told(PaymentCaptured, PaymentRefunded, PaymentFailed) == ["PaymentFailed"]
    assert await desk.history(attempt_id) == [
        ("sending", "call"),
        ("authorized", "call"),
        ("voiding", "query"),
        ("voided", "query"),
    ]
    assert (await desk.payments.aftermath(desk.organizer_id, desk.reference)).released == "voided"


async def test_of_two_reservations_of_one_payment_one_is_taken_and_the_other_goes_back(desk: Desk, payway: PaywayProcess) -> None:
    payway.turn(outage=["charges"])
    orphan = await desk.reserve()
    payway.turn()
    for seconds in (3, 6, 16, 61, 301, 240):
        await desk.later(seconds=seconds)
    desk.site.charge(VISA, site_transaction_id=orphan.hex, amount=ASKED.minor)
    await desk.reserve()
    await desk.payments.poller.ask(desk.organizer_id, desk.reference)
    both = await desk.statuses()

    await desk.payments.poller.ask(desk.organizer_id, desk.reference)

    assert sorted(both)[0] == "charged"
    assert sorted(await desk.statuses()) == ["charged", "voided"]
    assert sorted(desk.at_payway()) == ["annulled", "approved"]
    assert await desk.told(PaymentCaptured, PaymentRefunded, PaidTwice) == ["PaymentCaptured"]


async def test_another_amount_that_was_only_reserved_goes_back_and_the_buyer_may_try_again(desk: Desk, payway: PaywayProcess) -> None:
    payway.turn(outage=["charges"])
    attempt_id = await desk.reserve()
    payway.turn()
    desk.site.charge(VISA, site_transaction_id=attempt_id.hex, amount=ASKED.minor + 1)

    await desk.later(seconds=3)
    again = await desk.start()

    assert desk.at_payway() == ["annulled"]
    assert (await desk.statuses())[0] == "voided"
    assert isinstance(again.step, CardForm)
    assert await desk.told(PaymentFlagged, PaymentFailed) == ["amount_mismatch", "PaymentFailed"]
    assert [status for status, _ in await desk.history(attempt_id)][-3:] == ["integrity_hold", "voiding", "voided"]


@pytest.mark.parametrize("act", ["capture", "void"])
async def test_whoever_is_killed_before_or_after_the_call_has_it_done_once(desk: Desk, act: Act) -> None:
    if act == "void":
        desk.nobody_wants()
        desk.nobody_wants(desk.other)
    attempt_id = await desk.reserve()
    stood: list[list[str]] = []
    for moment in ("before", "after"):
        desk.provider.dies = moment
        with pytest.raises(Killed):
            await desk.later(seconds=61)
        stood.append(await desk.statuses())
    desk.provider.dies = None

    await desk.later(desk.other, seconds=61)

    under_way = "capturing" if act == "capture" else "voiding"
    ended = ("charged", "approved", 0) if act == "capture" else ("voided", "annulled", 1)
    assert stood == [[under_way]] * 2
    assert (*await desk.statuses(), *desk.at_payway(), desk.annulments(attempt_id)) == ended
    assert await desk.told(PaymentCaptured, PaymentFailed) == [{"capture": "PaymentCaptured", "void": "PaymentFailed"}[act]]


async def test_the_gateway_itself_would_give_back_what_was_taken(desk: Desk) -> None:
    """What is decided here, and what the race below would do without that."""
    reserved = desk.site.charge(VISA)

    taken = desk.site.call("PUT", f"/payments/{reserved['id']}", {"amount": reserved["amount"]})
    given_back = desk.site.call("POST", f"/payments/{reserved['id']}/refunds", {})

    assert (taken.json()["status"], given_back.status_code, desk.site.status(reserved["id"])) == ("approved", 201, "annulled")


async def test_a_race_of_taking_and_giving_back_has_one_winner(desk: Desk) -> None:
    desk.nobody_wants(desk.other)
    references = []
    for _ in range(4):
        desk.reference = new_id()
        references.append(desk.reference)
        await desk.reserve()

    asked = [one.poller.ask(desk.organizer_id, reference) for reference in references for one in (desk.payments, desk.other)]
    await asyncio.gather(*asked)

    ends = []
    for desk.reference in references:
        await desk.other.poller.ask(desk.organizer_id, desk.reference)
        [attempt] = (await desk.payments.details(desk.organizer_id, desk.reference)).attempts
        [payment] = desk.site.find(attempt.id.hex)
        steps = [status for status, _ in await desk.history(attempt.id)]
        ends.append((*await desk.intents(), attempt.status, payment["status"], desk.annulments(attempt.id), steps[2:]))
    assert set(map(str, ends)) <= {
        str(("capture", "charged", "approved", 0, ["capturing", "charged"])),
        str(("void", "voided", "annulled", 1, ["voiding", "voided"])),
    }


async def test_what_the_gateway_does_not_give_back_is_told_to_people_once_and_lapses(desk: Desk) -> None:
    desk.nobody_wants()
    await desk.reserve()
    desk.site.close()

    for _ in range(3):
        await desk.later(seconds=61)

    [attempt] = (await desk.payments.details(desk.organizer_id, desk.reference)).attempts
    assert (attempt.status, attempt.needs_review, desk.at_payway()) == ("voiding", True, ["pre_approved"])
    assert await desk.told(PaymentFlagged) == ["void_refused"]


async def test_what_the_gateway_does_not_take_is_told_to_people_once_and_tried_again(desk: Desk) -> None:
    await desk.reserve()
    desk.provider.refuses = True
    for _ in range(2):
        await desk.later(seconds=61)
    [refused] = (await desk.payments.details(desk.organizer_id, desk.reference)).attempts
    desk.provider.refuses = False

    await desk.later(seconds=61)

    [taken] = (await desk.payments.details(desk.organizer_id, desk.reference)).attempts
    assert (refused.status, refused.needs_review, taken.status, taken.needs_review) == ("capturing", True, "charged", False)
    assert await desk.told(PaymentFlagged) == ["capture_refused"]
    assert await error_of(desk.payments, desk.organizer_id) == ("capture", "declined")


async def test_what_the_gateway_refuses_to_take_for_good_goes_back_and_the_buyer_may_pay_again(desk: Desk, payway: PaywayProcess) -> None:
    """A refusal after an outage of any length is the first one; the next one that comes after minutes is enough."""
    attempt_id = await desk.reserve()
    payway.turn(outage=["captures"])
    await desk.later(seconds=3)
    await desk.later(minutes=10)
    payway.turn()
    desk.provider.refuses = True
    await desk.later(seconds=61)
    after_one = await desk.statuses()
    await desk.later(minutes=16)
    given_up = await desk.statuses()

    await desk.later(seconds=61)
    again = await desk.start()

    assert (after_one, given_up, desk.at_payway()) == (["capturing"], ["voiding"], ["annulled"])
    assert isinstance(again.step, CardForm)
    assert (await desk.statuses())[0] == "voided"
    assert await desk.told(PaymentFlagged, PaymentFailed, PaymentCaptured) == ["capture_refused", "PaymentFailed"]
    assert [status for status, _ in await desk.history(attempt_id)] == ["sending", "authorized", "capturing", "voiding", "voided"]


async def test_what_another_process_is_taking_just_now_is_not_given_back_on_a_refusal(desk: Desk) -> None:
    """Payway would give back what was taken a moment before."""
    attempt_id = await desk.reserve()
    desk.provider.refuses = True
    await desk.later(seconds=61)
    desk.clock.advance(minutes=6)
    desk.provider.goes_on = asyncio.Event()
    taking = asyncio.create_task(desk.other.poller.ask(desk.organizer_id, desk.reference))
    await desk.provider.is_open.wait()
    await desk.payments.poller.ask(desk.organizer_id, desk.reference)
    turned_round = (await desk.statuses(), await desk.intents())
    await desk.later(seconds=45)
    while_open = desk.at_payway()

    desk.provider.goes_on.set()
    await taking

    assert (turned_round, while_open) == ((["voiding"], ["void"]), ["pre_approved"])
    assert (await desk.statuses(), desk.at_payway(), desk.annulments(attempt_id)) == (["charged"], ["approved"], 0)


async def test_what_another_process_has_settled_is_no_refusal(desk: Desk) -> None:
    attempt_id = await desk.reserve()
    desk.provider.dies = "before"
    with pytest.raises(Killed):
        await desk.later(seconds=61)
    desk.provider.dies = None

    await asyncio.gather(*(one.poller.ask(desk.organizer_id, desk.reference) for one in (desk.payments, desk.other) * 2))

    assert (await desk.statuses(), desk.annulments(attempt_id), await desk.told(PaymentFlagged)) == (["charged"], 0, [])


async def test_what_the_poller_gave_up_is_settled_at_night_whatever_its_age(desk: Desk, payway: PaywayProcess) -> None:
    references = [desk.reference, new_id()]
    for desk.reference in references:
        await desk.reserve()
    desk.nobody_wants(but=references[:1])
    payway.turn(outage=["queries"])
    await desk.payments.nightly.turn(desk.organizer_id)
    for _ in range(2):
        await desk.later(hours=48)
    payway.turn()

    while await desk.payments.nightly.turn(desk.organizer_id):
        desk.clock.advance(seconds=TURN.total_seconds())

    async with desk.database.reading(desk.organizer_id) as reader:
        [found] = await reader.fetch_tuples("SELECT asked, mended FROM payments.looks WHERE organizer_id = %(organizer_id)s")
    ended = []
    for desk.reference in references:
        ended += await desk.statuses()
    assert (ended, desk.at_payway(), found) == (["charged", "voided"], ["approved", "annulled"], (2, 2))
