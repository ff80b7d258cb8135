"""Payments through MercadoPago, on the real database: whatever comes unasked only makes us ask, and lost answers lose nothing."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaymentCaptured, PaymentDisputed, PaymentFlagged, RefundFailed
from alltickets.payments.gateways.mercadopago import MercadoPago
from alltickets.payments.handlers import subscriptions
from alltickets.payments.interface import CallbackForged
from alltickets.payments.nightly.rules import TURN
from alltickets.payments.port import Notice, Redirect
from alltickets.payments.queries import PaymentDetails
from alltickets.payments.reconciliation.layouts import LAYOUTS
from alltickets.payments.refusals import NothingToRefund
from alltickets.payments.service import Payments
from alltickets.payments.service.refunds import AskRefund
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.conftest import PUBLIC_URL, error_of, request, start
from tests.payments.evidence import EVIDENCE
from tests.payments.test_mercadopago_gateway import webhook
from tests.stream import events_of


class Till:
    """Takes payments on one seller's account, and is told about them by whom the test wants."""

    def __init__(
        self, database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, gateway: MercadoPagoProcess
    ) -> None:
        self.database = database
        self.payments = payments
        self.organizer_id = organizer_id
        self.clock = clock
        self.gateway = gateway
        self.seller = Seller.fresh()
        self.follower = Follower(database, subscriptions(payments))

    async def connect(self, credentials: Mapping[str, str] | None = None, account_id: UUID | None = None) -> None:
        """With what the seller enters by hand, its own token unless others are named; into that account, or a new one."""
        account = await self.payments.accounts.connect(
            Actor.system(self.organizer_id, "test"),
            "mercadopago",
            label="MercadoPago",
            currency="ARS",
            settings={},
            credentials=credentials or {"access_token": self.seller.token, "webhook_secret": self.seller.webhook_secret},
            account_id=account_id,
        )
        self.account_id = account.id

    async def start(self) -> None:
        """A payment that waits for the gateway's page."""
        one = request(self.clock)
        self.reference = one.reference
        self.attempt_id = (await start(self.database, self.payments, self.organizer_id, one)).attempt_id

    async def link(self) -> str:
        """The page of a new payment."""
        await self.start()
        step = await self.payments.begin(self.organizer_id, self.attempt_id)
        assert isinstance(step, Redirect)
        return step.url

    async def paid(self) -> str:
        """A payment that was paid, and of which nobody has told; its number."""
        self.gateway.pay(await self.link(), lose="true")
        return str(self.gateway.payments(self.seller, self.attempt_id)[-1]["id"])

    async def receive(self, notice: Notice) -> None:
        """A notice comes, is read, and asked about."""
        await self.payments.inbox.receive("mercadopago", self.account_id, notice)
        await self.follower.catch_up()
        await self.payments.inbox.sweep()

    async def take_in_report(self) -> list[tuple[str, str]]:
        """The seller's settlement report, made, fetched and held against our books: kind and state of each new line."""
        http, headers, path = self.gateway.http, self.seller.headers, "/v1/account/settlement_report"
        dates = {"begin_date": "2020-01-01T00:00:00Z", "end_date": "2099-01-01T00:00:00Z"}
        task = http.post(path, json=dates, headers=headers).json()
        name = self.gateway.get(self.seller, f"{path}/task/{task['id']}")["file_name"]

        return await self.take_in(name, "mercadopago", http.get(f"{path}/{name}", headers=headers).content)

    async def take_in(self, name: str, layout: str, file: bytes) -> list[tuple[str, str]]:
        """A report that somebody has; kind and state of each new line."""

        async def content() -> AsyncIterator[bytes]:
            yield file

        actor, reconciliation = Actor.system(self.organizer_id, "test"), self.payments.reconciliation
        report = await reconciliation.take_in(actor, self.account_id, name, LAYOUTS[layout], content())
        lines = (await reconciliation.lines(actor, report.id, state=None, cursor=None, size=50)).items
        return [(line.kind, line.state) for line in lines]

    async def details(self) -> PaymentDetails:
        return await self.payments.details(self.organizer_id, self.reference)


@pytest_asyncio.fixture
async def till(
    database: Database,
    clock: SettableClock,
    key_ring: KeyRing,
    mercadopago: MercadoPagoProcess,
    http: httpx.AsyncClient,
    organizer_id: UUID,
) -> Till:
    payments = Payments(database, clock, key_ring, [MercadoPago(mercadopago.url, http)], public_url=PUBLIC_URL)
    till = Till(database, payments, organizer_id, clock, mercadopago)
    await till.connect()
    return till


def ipn(payment_id: str) -> Notice:
    """The older kind, which anybody can send. What it says of the payment beside its number is invented."""
    body = f'{{"resource":"{payment_id}","topic":"payment","status":"approved","transaction_amount":1}}'
    return Notice(headers={}, query=f"id={payment_id}&topic=payment&status=approved", body=body.encode())


async def test_a_refund_that_there_is_no_balance_for_waits_and_is_made_once_by_itself(
    till: Till, key_ring: KeyRing, http: httpx.AsyncClient
) -> None:
    payment_id = await till.paid()
    await till.payments.poller.ask(till.organizer_id, till.reference)
    till.gateway.has(till.seller, 0)
    asked = AskRefund(refund_id=new_id(), reference=till.reference, amount_minor=None, reason="test")
    again = AskRefund(refund_id=new_id(), reference=till.reference, amount_minor=1, reason="test")
    async with till.database.transaction(till.organizer_id) as tx:
        await till.payments.refund(tx, [asked])
    await till.payments.refunds.sweep()
    waiting = (await till.details()).refunds
    async with till.database.transaction(till.organizer_id) as tx:
        [second] = await till.payments.refund(tx, [again])
    other = Payments(till.database, till.clock, key_ring, [MercadoPago(till.gateway.url, http)], public_url=PUBLIC_URL)
    stood = []
    for _ in range(9):
        till.clock.advance(hours=6, seconds=1)
        await other.refunds.sweep()
        stood += [(one.status, one.needs_review) for one in (await till.details()).refunds]
    till.gateway.has(till.seller, None)

    till.clock.advance(hours=6, seconds=1)
    await asyncio.gather(*(one.refunds.sweep() for one in (till.payments, other)))

    assert [(one.status, one.needs_review, one.error_kind) for one in waiting] == [("queued", False, "too_early")]
    assert waiting[0].next_try_at is not None
    assert isinstance(second, NothingToRefund)
    assert set(stood) == {("queued", False)}
    [made] = till.gateway.get(till.seller, f"/v1/payments/{payment_id}/refunds")
    assert made["amount"] == 100
    details = await till.details()
    assert (details.status, [one.status for one in details.refunds]) == ("refunded", ["succeeded"])
    assert await events_of(till.database, till.organizer_id, PaymentFlagged, RefundFailed) == []


async def test_each_night_the_settlement_report_is_asked_for_and_taken_in_once(till: Till) -> None:
    reports, nightly, actor = till.payments.reports, till.payments.nightly, Actor.system(till.organizer_id, "test")

    async def night() -> None:
        till.clock.advance(hours=25)
        while await nightly.turn(till.organizer_id):
            till.clock.advance(seconds=TURN.total_seconds())

    async def steps(times: int) -> list[tuple[str, int, int]]:
        """So many steps of fetching; the reports that were taken in then, the oldest first."""
        for _ in range(times):
            await reports.turn(till.organizer_id)
            till.clock.advance(seconds=61)
        page = await till.payments.reconciliation.reports(actor, till.account_id, cursor=None, size=9)
        return [(one.state, one.lines, one.lines_new) for one in reversed(page.items)]

    await nightly.turn(till.organizer_id)
    await till.paid()
    till.gateway.take_down("create")
    await night()
    down, told = await steps(2), await error_of(till.payments, till.organizer_id)
    till.gateway.misbehave()
    till.gateway.makes_reports(looks=2)
    being_made = await steps(3)
    first = await steps(2)
    await night()
    second = await steps(5)
    till.gateway.makes_reports(fails=True)
    await night()
    third = await steps(3)

    assert (down, being_made) == ([], [])
    assert told == ("report", "unknown_outcome")
    assert first == [("done", 1, 1)]
    assert second == third == [("done", 1, 1), ("done", 1, 0)]
    made = till.gateway.get(till.seller, "/v1/account/settlement_report/list")["results"]
    assert len(made) == 2, "none is ordered twice"
    unsettled = await till.payments.reconciliation.unsettled(actor, till.account_id, until=till.clock(), cursor=None, size=9)
    assert unsettled.items == []
    async with till.database.reading(till.organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT report_id IS NOT NULL, due_at IS NULL, fault
              FROM payments.report_fetches
             WHERE organizer_id = %(organizer_id)s
             ORDER BY ends_at
            """
        )
    assert rows == [(True, True, None), (True, True, None), (False, True, "MercadoPago could not make the report.")]


async def test_an_unsigned_notice_only_makes_us_ask(till: Till) -> None:
    payment_id = await till.paid()

    await till.payments.inbox.receive("mercadopago", till.account_id, ipn(payment_id))
    await till.follower.catch_up()
    before = (await till.details()).status
    await till.payments.inbox.sweep()

    assert (before, (await till.details()).status) == ("open", "paid")
    [charge] = (await till.details()).charges
    assert (charge.provider_payment_id, charge.amount_minor, charge.facts["card_bin"]) == (payment_id, 100_00, "450995")


async def test_what_an_unsigned_notice_says_is_not_believed(till: Till) -> None:
    till.gateway.pay(await till.link(), "FUND", lose="true")
    [declined] = till.gateway.payments(till.seller, till.attempt_id)

    await till.receive(ipn(str(declined["id"])))
    await till.receive(ipn(str(declined["id"] + 1_000_000)))

    assert (await till.details()).status == "failed"
    assert await events_of(till.database, till.organizer_id, PaymentCaptured) == []


async def test_a_signed_webhook_makes_us_ask_and_a_forged_one_is_turned_away(till: Till) -> None:
    payment_id = await till.paid()
    ts = str(int(till.clock().timestamp() * 1000))

    with pytest.raises(CallbackForged):
        await till.receive(webhook(till.seller.webhook_secret[::-1], payment_id, ts))
    await till.receive(webhook(till.seller.webhook_secret, payment_id, ts))

    assert (await till.details()).status == "paid"


async def test_a_dispute_is_told_by_its_case_and_undone_when_it_is_won(till: Till) -> None:
    payment_id = await till.paid()
    ts = str(int(till.clock().timestamp()))
    await till.receive(webhook(till.seller.webhook_secret, payment_id, ts))
    seen = []

    for detail in ("in_process", "reimbursed"):
        till.gateway.change(payment_id, "charged_back", detail)
        [case] = till.gateway.get(till.seller, "/v1/chargebacks/search", {"payment_id": payment_id})["results"]
        await till.receive(webhook(till.seller.webhook_secret, case["id"], ts, kind="topic_chargebacks_wh"))
        seen.append((await till.details()).status)

    assert seen == ["disputed", "paid"]
    assert len(await events_of(till.database, till.organizer_id, PaymentDisputed)) == 1


async def test_a_page_whose_answer_was_lost_is_made_again_at_once(till: Till) -> None:
    await till.start()
    till.gateway.misbehave(timeout_after_processing=1)

    lost = await till.payments.begin(till.organizer_id, till.attempt_id)
    found = await till.payments.resume(till.organizer_id, till.reference)

    assert lost == "wait"
    assert isinstance(found, Redirect)
    made = till.gateway.get(till.seller, "/checkout/preferences/search", {"external_reference": str(till.attempt_id)})
    assert made["total"] == 2
    till.gateway.pay(found.url, lose="true")
    till.clock.advance(minutes=2)
    await till.payments.poller.sweep()
    assert (await till.details()).status == "paid"


async def test_a_page_that_cannot_be_made_now_is_made_later_while_payments_are_found(till: Till) -> None:
    await till.paid()
    paid = till.reference
    till.gateway.take_down("create")
    await till.start()

    refused = await till.payments.begin(till.organizer_id, till.attempt_id)
    till.clock.advance(minutes=2)
    await till.payments.poller.sweep()
    till.gateway.misbehave()

    assert refused == "wait"
    assert (await till.payments.details(till.organizer_id, paid)).status == "paid"
    assert isinstance(await till.payments.resume(till.organizer_id, till.reference), Redirect)


async def test_money_goes_back_once_though_the_answer_was_lost(till: Till) -> None:
    payment_id = await till.paid()
    await till.receive(ipn(payment_id))
    ask = AskRefund(refund_id=new_id(), reference=till.reference, amount_minor=40_00, reason="test")
    async with till.database.transaction(till.organizer_id) as tx:
        await till.payments.refund(tx, [ask])
    till.gateway.misbehave(timeout_after_processing=1)

    await till.payments.refunds.sweep()
    till.clock.advance(minutes=2)
    await till.payments.refunds.sweep()

    details = await till.details()
    assert (details.status, details.refunds[0].status) == ("partially_refunded", "succeeded")
    [refund] = till.gateway.get(till.seller, f"/v1/payments/{payment_id}/refunds")
    assert refund["amount"] == 40.0


async def test_its_settlement_report_agrees_with_our_books_but_for_what_was_spoilt(till: Till) -> None:
    first, second, third = [await till.paid() for _ in range(3)]
    for payment_id in (first, second, third):
        await till.receive(ipn(payment_id))
    till.gateway.change(second, "refunded", "by_admin")
    till.gateway.change(third, "charged_back", "in_process")
    for payment_id in (second, third):
        till.clock.advance(minutes=1)
        await till.receive(ipn(payment_id))

    till.gateway.http.put("/admin/differences", json={"amount": 1, "fee": 1, "extra": 1})

    lines = await till.take_in_report()

    assert lines == [
        ("payment", "amount_differs"),
        ("payment", "fee_differs"),
        ("payment", "matched"),
        ("refund", "matched"),
        ("dispute", "matched"),
        ("payment", "missing_here"),
    ]
    await till.follower.catch_up()
    posted = await till.payments.settling.sweep()
    proof = await till.payments.ledger.verify(till.organizer_id, lambda _what, _count: None, patience_seconds=5)
    assert (posted, proof.is_right) == (4, True)


async def test_a_chargeback_of_a_part_is_documented_before_its_deadline_and_lost(till: Till) -> None:
    payment_id = await till.paid()
    secret, ts = till.seller.webhook_secret, str(int(till.clock().timestamp()))
    till.gateway.change(payment_id, "charged_back", "in_process", amount_minor=40_00)
    await till.receive(webhook(secret, payment_id, ts))
    [opened] = (await till.payments.disputes.page(till.organizer_id, in_state=None, cursor=None, size=10)).items

    answered = await till.payments.disputes.answer(Actor.system(till.organizer_id, "test"), opened.dispute_id, EVIDENCE)
    [case] = till.gateway.get(till.seller, "/v1/chargebacks/search", {"payment_id": payment_id})["results"]
    till.gateway.change(payment_id, "charged_back", "settled")
    await till.receive(webhook(secret, case["id"], str(int(ts) + 1), kind="topic_chargebacks_wh"))

    lost = await till.payments.disputes.read(till.organizer_id, opened.dispute_id)
    assert (opened.provider_dispute_id, opened.amount_minor, opened.state) == (case["id"], 40_00, "needs_response")
    assert opened.due_at == datetime.fromisoformat(case["date_documentation_deadline"])
    assert answered.state == "under_review"
    assert [(one["type"], one["size"]) for one in case["documentation"]] == [("application/pdf", len(EVIDENCE.document))]
    assert [move.state for move in lost.history] == ["needs_response", "under_review", "lost"]
    await till.follower.catch_up()
    balances = {one.account: one.balance_minor for one in await till.payments.ledger.balances(till.organizer_id)}
    assert (balances["dispute_reserve"], balances["organizer_payable"]) == (0, -60_00)
    assert ("dispute", "matched") in await till.take_in_report()
