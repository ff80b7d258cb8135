"""What somebody has to look at: one flag for a thing, listed and settled; and money that does not fit, which goes back once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest_asyncio
from litestar import Litestar

from alltickets.identity.audit import list_entries
from alltickets.identity.interface import Authorization, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.events import FlagKind, PaymentCaptured, PaymentFailed, PaymentFlagged
from alltickets.payments.flags.routes import router
from alltickets.payments.flags.words import WORDS
from alltickets.payments.handlers import subscriptions
from alltickets.payments.port import Redirect
from alltickets.payments.refusals import NothingToRefund
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import Started
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.payments.test_routes import _answer
from tests.sql_rules import SOURCE
from tests.stream import events_of

BASE = "/api/organizer/payments"
WRONG_MINOR = 99_00


class Desk:
    """Payments at the sandbox, and whoever looks at what is wrong with them."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock, sandbox: SandboxProcess) -> None:
        self.database, self.payments, self.clock, self.sandbox = database, payments, clock, sandbox
        self.follower = Follower(database, subscriptions(payments))
        self.identity = make_identity(database, clock, CountingHasher())
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        self.app = Litestar(
            route_handlers=[router(payments)], plugins=[authorization], exception_handlers={Refusal: _answer}, openapi_config=None
        )
        self.merchant = Merchant.fresh()

    async def open(self) -> House:
        house = await make_house(self.identity)
        self.house = house
        self.account = await connect(self.payments, house.actor.organizer_id, self.merchant)
        return house

    def browser(self, token: str | None = None) -> httpx.AsyncClient:
        return open_browser(self.app, token=token or self.house.owner.token)

    async def start(self, reference: UUID) -> Started:
        return await start(self.database, self.payments, self.house.actor.organizer_id, request(self.clock, reference=reference))

    async def pay(self, reference: UUID, **dials: object) -> UUID:
        """Pay at the gateway, which the poller learns; the attempt."""
        started = await self.start(reference)
        assert isinstance(started.step, Redirect)
        self.sandbox.pay(started.step.url, "approve", lose="true", **dials)
        self.clock.advance(seconds=61)
        await self.payments.poller.sweep()
        await self.follower.catch_up()
        return started.attempt_id

    async def tell(self, *reports: SandboxPayment) -> None:
        for report in reports:
            await self.payments.inbox.receive("sandbox", self.account.id, callback(self.merchant, report, self.clock()))
            await self.follower.catch_up()

    async def flags(self) -> list[dict[str, Any]]:
        async with self.browser() as browser:
            found: list[dict[str, Any]] = (await browser.get(f"{BASE}/flags", params={"is_settled": "false"})).json()["items"]
        return found

    async def refund(self) -> None:
        self.clock.advance(seconds=5)
        await self.payments.refunds.sweep()
        await self.follower.catch_up()

    async def stands(self, reference: UUID) -> tuple[str, list[str]]:
        details = await self.payments.details(self.house.actor.organizer_id, reference)
        return details.status, [one.status for one in details.attempts]

    async def balances(self) -> dict[str, int]:
        found = await self.payments.ledger.balances(self.house.actor.organizer_id)
        verified = await self.payments.ledger.verify(self.house.actor.organizer_id, lambda _what, _count: None, patience_seconds=5)
        assert verified.is_right
        return {one.account.partition(":")[0]: one.balance_minor for one in found if one.balance_minor}

    async def audited(self) -> list[str]:
        async with self.database.reading(self.house.actor.organizer_id) as reader:
            return [entry.action for entry in (await list_entries(reader, cursor=None, size=50)).items]


@pytest_asyncio.fixture
async def desk(database: Database, payments: Payments, clock: SettableClock, sandbox: SandboxProcess) -> AsyncIterator[Desk]:
    desk = Desk(database, payments, clock, sandbox)
    await desk.open()
    yield desk
    desk.identity.close()


async def test_what_is_flagged_is_one_row_until_somebody_settles_it(desk: Desk) -> None:
    first, second = new_id(), new_id()
    wrong = SandboxPayment.of((await desk.start(first)).attempt_id, amount_minor=WRONG_MINOR)
    strange = SandboxPayment.of((await desk.start(second)).attempt_id, status="approved_probably")
    await desk.tell(wrong, wrong, wrong.changed("approved"), strange)
    async with desk.browser() as browser:
        pages = [(await browser.get(f"{BASE}/flags", params={"size": 1})).json()]
        pages.append((await browser.get(f"{BASE}/flags", params={"size": 1, "cursor": pages[0]["next"]})).json())
        flag = pages[1]["items"][0]
        path = f"{BASE}/flags/{flag['flag_id']}/settle"
        settled, again = [(await browser.post(path, json={"note": note})).json() for note in ("Visto.", "Otra vez.")]
        waiting, looked_at = [
            (await browser.get(f"{BASE}/flags", params={"is_settled": is_settled})).json()["items"] for is_settled in ("false", "true")
        ]
        unknown = await browser.post(f"{BASE}/flags/{new_id()}/settle", json={"note": "x"})
        empty = await browser.post(path, json={"note": ""})
    stranger = await make_house(desk.identity)
    reader = await join(desk.identity, desk.house, Role.BOX_OFFICE)
    async with desk.browser(stranger.owner.token) as browser:
        others = (await browser.get(f"{BASE}/flags")).json()["items"], (await browser.post(path, json={"note": "x"})).status_code
    async with desk.browser(reader.token) as browser:
        forbidden = await browser.post(path, json={"note": "x"})

    assert [(one["kind"], one["reference"]) for page in pages for one in page["items"]] == [
        ("unknown_status", str(second)),
        ("amount_mismatch", str(first)),
    ]
    assert (pages[1]["next"], flag["times"], flag["account_id"]) == (None, 1, str(desk.account.id))
    assert "9900 ARS" in flag["explanation"]
    assert flag["sentence"].keys() == {"es-AR", "en"}
    assert flag["next_operations"] == ["giveBackPayment", "readPayment", "settlePaymentFlag"]
    assert (settled["note"], settled["settled_by"], settled["next_operations"]) == ("Visto.", desk.house.actor.label, [])
    assert again == settled
    assert ([one["flag_id"] for one in looked_at], [one["kind"] for one in waiting]) == ([flag["flag_id"]], ["unknown_status"])
    assert (unknown.status_code, unknown.json()["type"], empty.status_code) == (404, "/problems/payment-flag-not-found", 400)
    assert (others, forbidden.status_code) == (([], 404), 403)
    assert (await desk.audited()).count("payment_flag.settled") == 1


async def test_what_is_wrong_with_an_account_is_one_flag_and_one_that_comes_again_is_new(desk: Desk) -> None:
    attempts = [(reference, (await desk.start(reference)).attempt_id) for reference in (new_id(), new_id(), new_id())]

    async def told(reference: UUID, attempt_id: UUID) -> None:
        async with desk.database.transaction(desk.house.actor.organizer_id) as tx:
            [(payment_id,)] = await tx.fetch_tuples(
                "SELECT payment_id FROM payments.attempts WHERE organizer_id = %(organizer_id)s AND id = %(id)s", id=attempt_id
            )
            flagged = PaymentFlagged(
                reference=reference, payment_id=payment_id, attempt_id=attempt_id, kind="account_refused", detail="401"
            )
            tx.publish(flagged, flagged)

    for one in attempts[:2]:
        await told(*one)
    await desk.follower.catch_up()
    [flag] = await desk.flags()
    await desk.payments.flags.settle(desk.house.actor, UUID(flag["flag_id"]), note="Nueva clave.")
    await told(*attempts[2])
    await desk.follower.catch_up()
    [later] = await desk.flags()

    assert (flag["times"], flag["account_id"], flag["reference"]) == (4, str(desk.account.id), str(attempts[1][0]))
    assert (later["times"], later["reference"], later["flag_id"] != flag["flag_id"]) == (2, str(attempts[2][0]), True)


async def test_money_of_another_amount_goes_back_once_and_the_order_is_paid_again(desk: Desk) -> None:
    reference = new_id()
    organizer_id = desk.house.actor.organizer_id
    wrong = await desk.pay(reference, report_amount_minor=WRONG_MINOR)
    held = await desk.stands(reference), await desk.balances(), [one["kind"] for one in await desk.flags()]
    async with desk.browser() as browser:
        path = f"{BASE}/{reference}/give-back"
        ordered = await asyncio.gather(*(browser.post(path) for _ in range(3)))
    for _ in range(2):
        await desk.refund()
    returned = await desk.stands(reference), await desk.balances(), await desk.flags()
    released = (await desk.payments.aftermath(organizer_id, reference)).released
    async with desk.browser() as browser:
        over = await browser.post(path)
        nothing = await browser.post(f"{BASE}/{new_id()}/give-back")
    await desk.pay(reference)
    async with desk.browser() as browser:
        kept = await browser.post(path)
    await desk.refund()

    assert held == (
        ("processing", ["integrity_hold"]),
        {"gateway_receivable": WRONG_MINOR, "refund_clearing": -WRONG_MINOR},
        ["amount_mismatch"],
    )
    assert [one.status_code for one in ordered] == [200] * 3
    assert [[refund["amount_minor"] for refund in one.json()["refunds"]] for one in ordered] == [[WRONG_MINOR]] * 3
    assert returned == (("failed", ["voided"]), {}, [])
    assert released is None, "it was taken, and not only reserved"
    assert [payment["refunded_minor"] for payment in desk.sandbox.payments(desk.merchant, wrong)] == [WRONG_MINOR]
    assert (over.status_code, over.json()["type"]) == (409, "/problems/nothing-to-refund")
    assert (nothing.status_code, kept.status_code) == (404, 409)
    assert await desk.stands(reference) == ("paid", ["voided", "charged"])
    assert await desk.balances() == {"gateway_receivable": ASKED.minor, "organizer_payable": -ASKED.minor}
    assert len(await events_of(desk.database, organizer_id, PaymentCaptured)) == 1
    assert len(await events_of(desk.database, organizer_id, PaymentFailed)) == 1
    assert (await desk.audited()).count("payment.given_back") == 1


async def test_a_wrong_amount_that_goes_back_on_the_gateways_own_pages_is_nothing_to_look_at_any_more(desk: Desk) -> None:
    reference, other = new_id(), new_id()
    wrong = SandboxPayment.of((await desk.start(reference)).attempt_id, amount_minor=WRONG_MINOR)
    await desk.tell(wrong, SandboxPayment.of((await desk.start(other)).attempt_id, amount_minor=WRONG_MINOR))

    await desk.tell(wrong.changed("refunded", refunded_minor=WRONG_MINOR))

    [waiting] = await desk.flags()
    async with desk.browser() as browser:
        [settled] = (await browser.get(f"{BASE}/flags", params={"is_settled": "true"})).json()["items"]
    assert (waiting["reference"], settled["reference"]) == (str(other), str(reference))
    assert (settled["settled_by"], settled["note"]) == ("payments", "over by itself: voided")
    assert await desk.stands(reference) == ("failed", ["voided"])


async def test_what_was_put_right_before_it_was_ordered_back_is_kept_and_after_it_is_not(desk: Desk) -> None:
    """The gateway reports another amount first, and the right one later."""
    early, late = new_id(), new_id()
    refused = []
    for reference, is_ordered_before in ((early, False), (late, True)):
        wrong = SandboxPayment.of((await desk.start(reference)).attempt_id, amount_minor=WRONG_MINOR)
        await desk.tell(wrong)
        if is_ordered_before:
            await desk.payments.giving_back.order(desk.house.actor, reference)
        await desk.tell(wrong.changed("approved", amount_minor=ASKED.minor))
        if not is_ordered_before:
            try:
                await desk.payments.giving_back.order(desk.house.actor, reference)
            except NothingToRefund:
                refused.append(reference)

    assert refused == [early]
    assert [(await desk.stands(reference))[0] for reference in (early, late)] == ["paid", "processing"]
    assert len(await events_of(desk.database, desk.house.actor.organizer_id, PaymentCaptured)) == 1


def test_every_kind_of_flag_has_words_and_names_operations_that_there_are() -> None:
    routes = "".join(path.read_text() for path in (SOURCE / "payments").rglob("*routes.py"))

    assert set(WORDS) == set(get_args(FlagKind))
    assert [name for words in WORDS.values() for name in words.next_operations if f'operation_id="{name}"' not in routes] == []
