"""Settlement reports in the books, on the real database: each line once, whatever comes first, comes again, or dies in the middle."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from alltickets.payments.ledger.accounts import BANK, ROUNDING, VAT_INPUT, fee_expense, gateway_receivable, tax_credit
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.ledger import Verification
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.reconciliation.test_importing import Books
from tests.payments.sandbox import Merchant
from tests.waiting import until

HEAD = "payment_id,reference,kind,gross,fee,taxes,net,currency\n"


class Settled(Books):
    """The same, with the books open."""

    follower: Follower

    async def post(self) -> int:
        """Whatever is due goes into the books."""
        await self.follower.catch_up()
        posted = 0
        while done := await self.payments.settling.sweep():
            posted += done
        return posted

    async def balances(self) -> dict[str, int]:
        found = await self.payments.ledger.balances(self.actor.organizer_id)
        assert sum(one.balance_minor for one in found) == 0
        short = {gateway_receivable(self.account.id): "receivable", fee_expense(self.account.id): "fees"}
        return {short.get(one.account, one.account): one.balance_minor for one in found if one.balance_minor}

    async def verify(self) -> Verification:
        return await self.payments.ledger.verify(self.actor.organizer_id, lambda _what, _count: None, patience_seconds=5)

    async def give_back(self, paid: SandboxPayment, minor: int) -> None:
        """The gateway tells of a refund."""
        told = paid.changed("approved", refunded_minor=minor)
        await self.payments.inbox.receive("sandbox", self.account.id, callback(self.merchant, told, self.clock()))
        await self.follower.catch_up()


@pytest_asyncio.fixture
async def books(
    database: Database,
    payments: Payments,
    follower: Follower,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> AsyncIterator[Settled]:
    async with database.reading(None) as reader:
        [(organizer_id,)] = await reader.fetch_tuples(
            "SELECT organizer_id FROM payments.account_directory WHERE account_id = %(id)s", id=account.id
        )
    books = Settled(database, payments, organizer_id, account, merchant, clock)
    books.follower = follower
    yield books


async def test_what_was_kept_withheld_and_paid_out_stands_in_the_books_once(books: Settled) -> None:
    told, untold = await books.sell(2)
    await books.follower.catch_up()
    await books.learn_fee(told, 4_84)
    rows = [
        f"{told.id},,payment,100.00,5.90,0.55,93.55,ARS\n",
        f"{untold.id},,payment,100.00,4.84,0,95.17,ARS\n",
        "w-1,,payout,-188.72,0,0,-188.72,ARS\n",
    ]
    report = await books.take_in(HEAD + "".join(rows))
    posted = await books.post()
    once = await books.balances()
    again = await books.take_in(HEAD + "".join(reversed(rows)), name="again.csv")
    told_late = await books.post()
    await books.learn_fee(untold, 9_99)
    await books.post()

    assert (posted, again.lines_new, told_late) == (3, 0, 0)
    assert await books.balances() == once
    assert once == {
        BANK: 188_72,
        tax_credit("withheld"): 55,
        "fees": 5_90 + 4_84 - once[VAT_INPUT],
        VAT_INPUT: once[VAT_INPUT],
        ROUNDING: -1,
        "organizer_payable": -200_00,
    }
    assert {(one.state, one.fee_difference_minor) for one in report.sums if one.fee_difference_minor} == {("fee_differs", 1_06)}
    assert all(line.posted_at is not None for line in await books.lines(report))
    assert (await books.verify()).is_right


async def test_what_somebody_has_to_look_at_is_not_posted_until_it_is_true(books: Settled) -> None:
    paid, abroad = await books.sell(2)
    await books.follower.catch_up()
    report = await books.take_in(
        f"{HEAD}{abroad.id},,payment,100.00,4.84,0,95.16,USD\n{paid.id},,payment,99.00,4.84,0,94.16,ARS\n"
        f"{paid.id},,refund,-30.00,-1.45,0,-28.55,ARS\nstranger,,payment,50.00,1,0,49.00,ARS\n"
        "w-1,,payout,-10.00,0,0,-10.00,USD\nl-1,,loan,500.00,0,0,500.00,ARS\nw-2,,payout,-10.00,0,0,-5.00,ARS\n"
    )
    nothing = await books.post()
    late = await books.take_in(f"{HEAD}{paid.id},,payment,100.00,4.84,0,95.16,ARS\n", name="late.csv")

    assert nothing == 0
    assert [line.state for line in await books.lines(report)] == [
        *("currency_differs", "amount_differs", "missing_here", "missing_here"),
        *("not_compared", "not_compared", "not_compared"),
    ]
    assert [line.state for line in await books.lines(late)] == ["duplicate"]
    assert (await books.verify()).is_right


async def test_refunds_that_are_told_before_or_after_their_payment_come_to_the_same(books: Settled) -> None:
    one, other = await books.sell(2)
    await books.follower.catch_up()
    for paid in (one, other):
        await books.give_back(paid, 30_00)
    await books.take_in(f"{HEAD}{one.id},,refund,-30.00,-1.45,-0.20,-28.35,ARS\n")
    early = await books.post()
    await books.take_in(f"{HEAD}{one.id},,payment,100.00,4.84,0.55,94.61,ARS\n", name="payment.csv")
    await books.take_in(f"{HEAD}{other.id},,payment,100.00,4.84,0.55,94.61,ARS\n{other.id},,refund,-30.00,-1.45,-0.20,-28.35,ARS\n")
    late = await books.post()
    balances = await books.balances()

    assert (early, late) == (1, 3)
    assert balances["fees"] + balances[VAT_INPUT] == 2 * (4_84 - 1_45)
    assert balances[tax_credit("withheld")] == 2 * (55 - 20)
    assert balances["receivable"] == 2 * (94_61 - 28_35)
    assert (await books.verify()).is_right


async def test_lines_are_posted_once_by_many_at_once_and_after_one_that_died(books: Settled) -> None:
    sold = await books.sell(12)
    await books.follower.catch_up()
    await books.take_in(HEAD + "".join(f"{paid.id},,payment,100.00,4.84,0.10,95.06,ARS\n" for paid in sold))
    async with books.database.transaction(books.actor.organizer_id) as tx:
        [(held,)] = await tx.fetch_tuples(
            """
            SELECT position
              FROM platform.cursors
             WHERE organizer_id = %(organizer_id)s AND subscription = 'ledger'
               FOR UPDATE
            """
        )
        while_another_posts = await books.payments.settling.sweep()

    async with books.database.transaction(books.actor.organizer_id) as tx:
        await tx.fetch_tuples("SELECT account FROM payments.ledger_balances WHERE organizer_id = %(organizer_id)s FOR UPDATE")
        dying = asyncio.create_task(books.payments.settling.sweep())
        await until(lambda: _waits_for_a_lock(books.database))
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    turns = await asyncio.gather(*(books.payments.settling.sweep() for _ in range(5)))
    while sum(turns) < 12:
        turns.append(await books.payments.settling.sweep())

    assert held > 0
    assert (while_another_posts, sum(turns)) == (0, 12)
    balances = await books.balances()
    assert (balances["receivable"], balances[tax_credit("withheld")]) == (12 * 95_06, 12 * 10)
    assert (await books.verify()).is_right


async def _waits_for_a_lock(database: Database) -> bool:
    async with database.reading(None) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT pid
              FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%%ledger_balances%%'
            """
        )
    return bool(rows)
