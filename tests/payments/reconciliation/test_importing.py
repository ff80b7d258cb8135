"""Settlement reports taken in on the real database: each line once, beside our books, and what is proposed carried out."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.port import ChargeFacts, GatewayPayment, Redirect
from alltickets.payments.reconciliation.layouts import LAYOUTS
from alltickets.payments.reconciliation.queries import LineDetails, ReportDetails
from alltickets.payments.refusals import AccountNotFound, SettlementActImpossible, SettlementLineNotFound, SettlementUnreadable
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.reconciliation import Act
from alltickets.payments.standings import fetch_charges
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.stream import events_of

HEAD = "payment_id,reference,kind,gross,fee\n"


class Books:
    """An organizer's account with its payments, and somebody who imports reports."""

    def __init__(
        self, database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, merchant: Merchant, clock: SettableClock
    ) -> None:
        self.database = database
        self.payments = payments
        self.actor = Actor.system(organizer_id, "test")
        self.account = account
        self.merchant = merchant
        self.clock = clock

    async def sell(self, count: int = 1) -> list[SandboxPayment]:
        """Payments that were paid, as the gateway has them."""
        paid = []
        for _ in range(count):
            started = await start(self.database, self.payments, self.actor.organizer_id, request(self.clock))
            paid.append(SandboxPayment.of(started.attempt_id))
            await self.payments.inbox.receive("sandbox", self.account.id, callback(self.merchant, paid[-1], self.clock()))
        return paid

    async def take_in(self, text: str, *, name: str = "november.csv") -> ReportDetails:
        async def content() -> AsyncIterator[bytes]:
            for start_at in range(0, len(text), 50):
                yield text[start_at : start_at + 50].encode()

        return await self.payments.reconciliation.take_in(self.actor, self.account.id, name, LAYOUTS["generic"], content())

    async def lines(self, report: ReportDetails) -> list[LineDetails]:
        return (await self.payments.reconciliation.lines(self.actor, report.id, state=None, cursor=None, size=50)).items

    async def settle(self, line: LineDetails, act: Act, note: str = "") -> LineDetails:
        return await self.payments.reconciliation.settle(self.actor, self.account.id, line.key, act=act, note=note)

    async def learn_fee(self, paid: SandboxPayment, fee_minor: int) -> None:
        """The gateway tells what it keeps."""
        seen = GatewayPayment(
            provider_payment_id=paid.id,
            reference=paid.reference,
            status="charged",
            amount=ASKED,
            sequence=1,
            raw_status="approved",
            facts=ChargeFacts(fee_minor=fee_minor),
        )
        async with self.database.transaction(self.actor.organizer_id) as tx:
            await apply_reports(tx, [Report(self.account.id, seen)], cause="query", now=self.clock())

    async def fee_of(self, paid: SandboxPayment) -> int | None:
        async with self.database.transaction(self.actor.organizer_id) as tx:
            [charge] = (await fetch_charges(tx, [], [(self.account.id, paid.id)])).values()
        return charge.facts.fee_minor

    async def unsettled(self) -> list[tuple[str, str]]:
        self.clock.advance(seconds=1)
        page = await self.payments.reconciliation.unsettled(self.actor, self.account.id, until=self.clock(), cursor=None, size=50)
        return [(charge.provider_payment_id, charge.proposed_act) for charge in page.items]


@pytest_asyncio.fixture
async def books(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, merchant: Merchant, clock: SettableClock
) -> Books:
    return Books(database, payments, organizer_id, account, merchant, clock)


async def test_each_line_stands_beside_what_we_know(books: Books, follower: Follower) -> None:
    good, by_reference, short, untold = await books.sell(4)
    await follower.catch_up()
    before = await books.unsettled()

    report = await books.take_in(
        f"{HEAD}{good.id},,payment,100.00,4.84\n,{by_reference.reference},payment,100.00,4.84\n{short.id},,payment,99.00,4.84\n"
        "stranger,,payment,50.00,1\n,,payout,-200.00,0\nbroken,,payment,a lot,0\n"
    )

    assert [(line.row, line.state, line.proposed_act) for line in await books.lines(report)] == [
        (2, "matched", None),
        (3, "matched", None),
        (4, "amount_differs", "review"),
        (5, "missing_here", "fetch"),
        (6, "not_compared", None),
        (7, "unreadable", "review"),
    ]
    assert (report.state, report.lines, report.lines_new) == ("done", 6, 6)
    assert {(one.state, one.lines, one.gross_minor) for one in report.sums if one.state == "matched"} == {("matched", 2, 200_00)}
    assert before == [(one.id, "import_report") for one in (good, by_reference, short, untold)]
    assert await books.unsettled() == [(untold.id, "fetch")]
    await books.payments.inbox.receive("sandbox", books.account.id, callback(books.merchant, untold.changed("refunded"), books.clock()))
    await follower.catch_up()
    assert await books.unsettled() == [(untold.id, "review")]


async def test_a_report_that_comes_again_says_nothing_new(books: Books, follower: Follower) -> None:
    [paid] = await books.sell()
    await follower.catch_up()
    twice = f"{HEAD}{paid.id},,refund,-10.00,0\n{paid.id},,refund,-10.00,0\n{paid.id},,payment,100.00,0\n"
    first = await books.take_in(twice)

    again = await books.take_in(twice, name="november again.csv")
    longer = await books.take_in(f"{twice}{paid.id},,refund,-10.00,0\n{paid.id},,payment,100,0.5\n", name="december.csv")

    assert (first.lines_new, again.lines_new, longer.lines_new) == (3, 0, 2)
    assert (again.lines, longer.lines) == (3, 5)
    assert [line.state for line in await books.lines(longer)] == ["missing_here", "duplicate"]


async def test_what_is_missing_here_is_asked_of_the_gateway(books: Books, follower: Follower, sandbox: SandboxProcess) -> None:
    one = request(books.clock)
    started = await start(books.database, books.payments, books.actor.organizer_id, one)
    assert isinstance(started.step, Redirect)
    sandbox.pay(started.step.url, "approve", lose="true")
    [lost] = sandbox.payments(books.merchant, started.attempt_id)
    [line] = await books.lines(await books.take_in(f"{HEAD}{lost['id']},,payment,100.00,0\n"))

    settled = await books.settle(line, "fetch")

    [captured] = await events_of(books.database, books.actor.organizer_id, PaymentCaptured)
    assert isinstance(captured, PaymentCaptured)
    assert captured.reference == one.reference
    assert (settled.settled_by, settled.proposed_act, settled.posted_at) == ("fetch", None, None)
    await follower.catch_up()
    assert await books.payments.settling.sweep() == 1


async def test_a_fee_is_taken_from_the_report_when_somebody_says_so(books: Books, follower: Follower) -> None:
    [paid] = await books.sell()
    await follower.catch_up()
    await books.learn_fee(paid, 4_84)
    [line] = await books.lines(await books.take_in(f"{HEAD}{paid.id},,payment,100.00,5.90\n"))

    settled = await books.settle(line, "accept_fee")

    assert (line.state, line.expected_minor, settled.proposed_act) == ("fee_differs", 4_84, None)
    assert await books.fee_of(paid) == 5_90


async def test_only_what_is_proposed_can_be_done_and_what_differs_can_be_put_aside(books: Books, follower: Follower) -> None:
    [paid] = await books.sell()
    await follower.catch_up()
    first, second = await books.lines(await books.take_in(f"{HEAD}{paid.id},,payment,100.00,4.84\n{paid.id},,payment,100.00,9.00\n"))

    with pytest.raises(SettlementActImpossible):
        await books.settle(first, "dismiss")
    with pytest.raises(SettlementActImpossible):
        await books.settle(second, "accept_fee")
    dismissed = await books.settle(second, "dismiss", note="Counted twice by the portal")

    assert (dismissed.settled_by, dismissed.note) == ("dismiss", "Counted twice by the portal")


async def test_another_organizers_account_and_line_are_not_there(books: Books, payments: Payments, database: Database) -> None:
    [line] = await books.lines(await books.take_in(f"{HEAD}stranger,,payment,50.00,1\n"))
    other = new_id()
    stranger = Actor.system(other, "test")

    async def content() -> AsyncIterator[bytes]:
        yield HEAD.encode()

    with pytest.raises(AccountNotFound):
        await payments.reconciliation.take_in(stranger, books.account.id, "x", LAYOUTS["generic"], content())
    with pytest.raises(SettlementLineNotFound):
        await payments.reconciliation.settle(stranger, books.account.id, line.key, act="dismiss", note="")


async def test_a_file_that_is_none_leaves_no_report(books: Books) -> None:
    with pytest.raises(SettlementUnreadable):
        await books.take_in("a,b\n1,2\n")

    assert (await books.payments.reconciliation.reports(books.actor, books.account.id, cursor=None, size=5)).items == []
