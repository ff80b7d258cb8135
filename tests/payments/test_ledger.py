"""The books on the real database: every fact posted once, balances in step, and a difference found wherever it is planted."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

import psycopg
import pytest

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.events import ChargeMoved, PaymentCaptured, RefundFailed, RefundOrdered
from alltickets.payments.handlers import subscriptions
from alltickets.payments.ledger.accounts import (
    COMMISSION_REVENUE,
    DISPUTE_RESERVE,
    ORGANIZER_PAYABLE,
    REFUND_CLEARING,
    VAT_INPUT,
    VAT_OUTPUT,
    fee_expense,
    gateway_receivable,
)
from alltickets.payments.ledger.rules import Posting, paid_out, reversal_of, settled
from alltickets.payments.parts import Part
from alltickets.payments.port import ChargeFacts
from alltickets.payments.refusals import PaymentNotFound
from alltickets.payments.rules import Charge, restated
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.ledger import SUBSCRIPTION, Ledger, Verification
from alltickets.payments.service.refunds import AskRefund
from alltickets.payments.standings import fetch_charges
from alltickets.platform.database import Database, Transaction
from alltickets.platform.outbox import Follower, Recorded, Subscription
from tests.conftest import SettableClock
from tests.inventory.sale import opened
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, request, start
from tests.payments.sandbox import Merchant

PARTS = (Part("proceeds", 90_00), Part("charge", 8_26), Part("charge_tax", 1_74))
KINDS = (PaymentCaptured, ChargeMoved, RefundOrdered, RefundFailed)


class Shop:
    """Takes payments of one organizer through callbacks, and reads its books."""

    def __init__(
        self,
        database: Database,
        payments: Payments,
        follower: Follower,
        organizer_id: UUID,
        account: AccountDetails,
        merchant: Merchant,
        clock: SettableClock,
    ) -> None:
        self.database = database
        self.payments = payments
        self.follower = follower
        self.organizer_id = organizer_id
        self.account = account
        self.merchant = merchant
        self.clock = clock

    async def pay(self, *, parts: tuple[Part, ...] = PARTS) -> tuple[UUID, SandboxPayment]:
        """A payment that is paid: its reference, and the charge as the gateway has it."""
        one = request(self.clock, parts=parts)
        started = await start(self.database, self.payments, self.organizer_id, one)
        charge = SandboxPayment.of(started.attempt_id)
        await self.tell(charge)
        return one.reference, charge

    async def tell(self, *charges: SandboxPayment) -> None:
        for charge in charges:
            await self.payments.inbox.receive("sandbox", self.account.id, callback(self.merchant, charge, self.clock()))
        await self.follower.catch_up()

    async def ask_back(self, reference: UUID, minor: int | None) -> None:
        asked = AskRefund(refund_id=new_id(), reference=reference, amount_minor=minor, reason="test")
        async with self.database.transaction(self.organizer_id) as tx:
            await self.payments.refund(tx, [asked])
        await self.follower.catch_up()

    async def balances(self, organizer_id: UUID | None = None) -> dict[str, int]:
        """By account, the gateway's without its id, those of zero left out."""
        found = await self.payments.ledger.balances(organizer_id or self.organizer_id)
        assert sum(one.balance_minor for one in found) == 0
        short = {gateway_receivable(self.account.id): "receivable"}
        return {short.get(one.account, one.account): one.balance_minor for one in found if one.balance_minor}

    async def kinds(self, reference: UUID) -> list[str]:
        page = await self.payments.ledger.postings(self.organizer_id, reference, cursor=None, size=100)
        return [posting.kind for posting in page.items]

    async def verify(self) -> Verification:
        return await self.payments.ledger.verify(self.organizer_id, lambda _what, _count: None, patience_seconds=5)

    async def read_again(self) -> None:
        """The log from its beginning, as if nothing had been read."""
        async with self.database.transaction(self.organizer_id) as tx:
            await tx.execute(
                "UPDATE platform.cursors SET position = 0 WHERE organizer_id = %(organizer_id)s AND subscription = %(name)s",
                name=SUBSCRIPTION,
            )
        await self.follower.catch_up()

    async def spoil(self, sql: LiteralString, **params: object) -> None:
        """What nobody may do."""
        async with self.database.transaction(self.organizer_id) as tx:
            assert await tx.execute(sql, **params)


@pytest.fixture
def shop(
    database: Database,
    payments: Payments,
    follower: Follower,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
) -> Shop:
    return Shop(database, payments, follower, organizer_id, account, merchant, clock)


async def test_a_sale_is_owed_by_the_gateway_and_owed_to_the_organizer_and_the_tax_office(shop: Shop) -> None:
    reference, _ = await shop.pay()

    assert await shop.kinds(reference) == ["sale"]
    assert await shop.balances() == {"receivable": 100_00, ORGANIZER_PAYABLE: -90_00, COMMISSION_REVENUE: -8_26, VAT_OUTPUT: -1_74}
    assert (await shop.verify()).is_right


async def test_a_payment_without_parts_is_the_organizers(shop: Shop) -> None:
    await shop.pay(parts=())

    assert await shop.balances() == {"receivable": 100_00, ORGANIZER_PAYABLE: -100_00}


async def test_a_refund_is_on_its_way_from_its_order_on_and_gone_once_it_is_done(shop: Shop) -> None:
    reference, charge = await shop.pay()
    await shop.ask_back(reference, 50_00)
    on_its_way = await shop.balances()

    await shop.tell(charge.changed("partially_refunded", refunded_minor=50_00))

    assert on_its_way == {
        "receivable": 100_00,
        REFUND_CLEARING: -50_00,
        ORGANIZER_PAYABLE: -45_00,
        COMMISSION_REVENUE: -4_13,
        VAT_OUTPUT: -87,
    }
    assert await shop.balances() == {"receivable": 50_00, ORGANIZER_PAYABLE: -45_00, COMMISSION_REVENUE: -4_13, VAT_OUTPUT: -87}
    assert await shop.kinds(reference) == ["sale", "refund_ordered", "refund"]
    assert (await shop.verify()).is_right


async def test_late_money_that_goes_back_leaves_nothing(shop: Shop) -> None:
    reference, charge = await shop.pay()
    await shop.ask_back(reference, None)

    await shop.tell(charge.changed("refunded", refunded_minor=100_00))

    assert await shop.balances() == {}
    assert (await shop.verify()).is_right


async def test_all_that_came_goes_back_with_the_whole_and_what_did_not_fit_is_not_ordered_back_again(shop: Shop) -> None:
    reference, charge = await shop.pay()
    wrong = SandboxPayment.of(charge.reference, amount_minor=90_00)
    await shop.tell(wrong)

    await shop.ask_back(reference, None)
    ordered = await shop.balances()
    await shop.tell(wrong.changed("approved", amount_minor=100_00))
    await shop.tell(charge.changed("refunded", refunded_minor=100_00), wrong.changed("refunded", amount_minor=90_00, refunded_minor=90_00))

    refunds = (await shop.payments.details(shop.organizer_id, reference)).refunds
    assert ordered == {"receivable": 190_00, REFUND_CLEARING: -190_00}
    assert [one.amount_minor for one in refunds] == [100_00, 90_00]
    assert await shop.balances() == {}
    assert (await shop.verify()).is_right


async def test_a_dispute_and_money_that_came_twice_are_in_the_books(shop: Shop) -> None:
    reference, charge = await shop.pay()
    again = SandboxPayment.of(charge.reference)
    await shop.tell(again)
    aside = await shop.balances()

    await shop.tell(charge.changed("charged_back"), again.changed("refunded", refunded_minor=100_00))

    assert aside["receivable"] == 200_00
    assert aside[REFUND_CLEARING] == -100_00
    assert await shop.balances() == {DISPUTE_RESERVE: 100_00, ORGANIZER_PAYABLE: -90_00, COMMISSION_REVENUE: -8_26, VAT_OUTPUT: -1_74}
    assert await shop.kinds(reference) == ["sale", "aside", "refund_ordered", "dispute_opened", "refund"]
    assert (await shop.verify()).is_right


async def test_a_fee_that_is_told_later_is_booked_then_and_trued_up_when_it_is_told_again(shop: Shop, database: Database) -> None:
    reference, paid = await shop.pay()

    for fee_minor in (4_84, 6_05, 0):
        async with database.transaction(shop.organizer_id) as tx:
            seen = restated(await charge_in(tx, paid), facts=ChargeFacts(fee_minor=fee_minor))
            await apply_reports(tx, [Report(shop.account.id, seen)], cause="query", now=shop.clock())
        await shop.follower.catch_up()
        balances = await shop.balances()
        assert (balances.get(fee_expense(shop.account.id), 0) + balances.get(VAT_INPUT, 0), (await shop.verify()).is_right) == (
            fee_minor,
            True,
        )

    assert await shop.kinds(reference) == ["sale", "fee", "fee", "fee_returned"]


async def charge_in(tx: Transaction, paid: SandboxPayment) -> Charge:
    charges = await fetch_charges(tx, [UUID(paid.reference)], [])
    return next(iter(charges.values()))


async def test_reading_the_log_again_posts_nothing_again(shop: Shop) -> None:
    reference, charge = await shop.pay()
    await shop.ask_back(reference, 30_00)
    await shop.tell(charge.changed("partially_refunded", refunded_minor=30_00))
    balances, kinds = await shop.balances(), await shop.kinds(reference)

    await shop.read_again()

    assert await shop.balances() == balances
    assert await shop.kinds(reference) == kinds
    assert (await shop.verify()).is_right


async def test_whoever_dies_after_posting_has_posted_nothing_and_the_next_one_posts_it_once(shop: Shop, database: Database) -> None:
    died: list[int] = []

    async def post_and_die(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        await shop.payments.ledger.on_events(tx, recorded)
        died.append(len(recorded))
        raise asyncio.CancelledError

    [applying, *_] = subscriptions(shop.payments)
    real, shop.follower = shop.follower, Follower(database, [applying])
    reference, _ = await shop.pay()
    with pytest.raises(asyncio.CancelledError):
        await Follower(database, [Subscription(SUBSCRIPTION, KINDS, post_and_die)]).catch_up()
    before = await shop.balances()
    await real.catch_up()

    assert (died, before) == ([1], {})
    assert await shop.kinds(reference) == ["sale"]
    assert (await shop.verify()).is_right


async def test_two_workers_post_each_fact_once(shop: Shop, database: Database) -> None:
    [applying, posting, _] = subscriptions(shop.payments)
    shop.follower = Follower(database, [applying])
    for _ in range(5):
        await shop.pay()

    await asyncio.gather(*(Follower(database, [posting]).catch_up() for _ in range(2)))
    await Follower(database, [posting]).catch_up()

    assert (await shop.balances())["receivable"] == 500_00
    assert (await shop.verify()).is_right


@pytest.mark.parametrize("size", [1, 20])
async def test_a_batch_takes_as_many_statements_as_one_fact(shop: Shop, database: Database, database_url: str, size: int) -> None:
    [applying, *_] = subscriptions(shop.payments)
    shop.follower = Follower(database, [applying])
    ledger = Ledger(database, fee_tax_basis_points=2_100)
    for _ in range(size):
        await shop.pay()
    recorded = await captured_of(database, shop.organizer_id)
    ran: list[str] = []

    async with opened(database_url, ran.append) as watched, watched.transaction(shop.organizer_id) as tx:
        ran.clear()
        await ledger.on_events(tx, recorded)
        count = len(ran)

    assert len(recorded) == size
    assert count == 5


async def captured_of(database: Database, organizer_id: UUID) -> list[Recorded]:
    found: list[Recorded] = []

    async def take(_: Transaction, recorded: Sequence[Recorded]) -> None:
        found.extend(one for one in recorded if one.organizer_id == organizer_id)

    await Follower(database, [Subscription(f"taking {new_id()}", (PaymentCaptured,), take)]).catch_up()
    return found


async def test_the_books_of_organizers_are_apart(shop: Shop, database: Database, payments: Payments, clock: SettableClock) -> None:
    reference, _ = await shop.pay()
    neighbour = new_id()

    assert await shop.balances(neighbour) == {}
    with pytest.raises(PaymentNotFound):
        await payments.ledger.postings(neighbour, reference, cursor=None, size=10)


async def test_what_is_posted_from_elsewhere_is_posted_once_and_taken_back_by_a_reversal(shop: Shop) -> None:
    await shop.pay()
    at = datetime(2027, 3, 1, tzinfo=UTC)
    postings = [
        Posting(
            key="settlement:7", kind="settlement", minor=100_00, currency="ARS", moves=settled(shop.account.id, 100_00), occurred_at=at
        ),
        Posting(key="payout:7", kind="payout", minor=90_00, currency="ARS", moves=paid_out(90_00), occurred_at=at),
    ]

    async with shop.database.transaction(shop.organizer_id) as tx:
        first = await shop.payments.ledger.post(tx, postings)
        again = await shop.payments.ledger.post(tx, postings)
        await shop.payments.ledger.post(tx, [reversal_of(postings[1], at=at)])

    assert ([one.key for one in first], again) == (["settlement:7", "payout:7"], [])
    assert await shop.balances() == {"bank": 100_00, ORGANIZER_PAYABLE: -90_00, COMMISSION_REVENUE: -8_26, VAT_OUTPUT: -1_74}
    assert (await shop.verify()).is_right


async def test_a_balance_that_is_not_the_sum_of_its_moves_is_found_and_mended(shop: Shop) -> None:
    await shop.pay()
    await shop.spoil(
        """
        UPDATE payments.ledger_balances SET credit_minor = credit_minor + 1
         WHERE organizer_id = %(organizer_id)s AND account = %(account)s
        """,
        account=VAT_OUTPUT,
    )
    await shop.spoil(
        "DELETE FROM payments.ledger_balances WHERE organizer_id = %(organizer_id)s AND account = %(account)s",
        account=ORGANIZER_PAYABLE,
    )

    found = await shop.verify()
    await shop.payments.ledger.mend_balances(shop.organizer_id, lambda _what, _count: None)

    differing = [(one.account, one.kept.balance_minor, one.moved.balance_minor) for one in found.balances]
    assert differing == [(ORGANIZER_PAYABLE, 0, -90_00), (VAT_OUTPUT, -1_75, -1_74)]
    assert found.charges == []
    assert (await shop.verify()).is_right


async def test_a_move_that_is_not_what_payments_know_is_found(shop: Shop) -> None:
    reference, _ = await shop.pay()
    await shop.pay()
    [(key,)] = await rows_of(
        shop,
        """
        SELECT l.key
          FROM payments.ledger_postings l
          JOIN payments.payments p ON p.organizer_id = l.organizer_id AND p.id = l.payment_id
         WHERE l.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
        """,
        reference=reference,
    )
    await shop.spoil(
        """
        UPDATE payments.ledger_moves SET amount_minor = amount_minor - 5
         WHERE organizer_id = %(organizer_id)s AND key = %(key)s AND credit = %(account)s
        """,
        key=key,
        account=ORGANIZER_PAYABLE,
    )

    found = await shop.verify()

    receivable = gateway_receivable(shop.account.id)
    assert [(one.reference, one.account, one.ledger_minor, one.payments_minor) for one in found.charges] == [
        (reference, receivable, 99_95, 100_00),
        (reference, ORGANIZER_PAYABLE, -89_95, -90_00),
    ]
    assert {one.account for one in found.balances} == {receivable, ORGANIZER_PAYABLE}


async def test_a_charge_of_which_the_ledger_has_not_heard_is_found(shop: Shop) -> None:
    reference, _ = await shop.pay()
    await shop.spoil("UPDATE payments.charges SET refunded_minor = 40 WHERE organizer_id = %(organizer_id)s")

    found = await shop.verify()

    assert (found.balances, found.unread) == ([], 0)
    assert {one.reference for one in found.charges} == {reference}
    assert ("organizer_payable", -90_00, -89_64) in {(one.account, one.ledger_minor, one.payments_minor) for one in found.charges}


async def test_verification_waits_for_what_the_ledger_is_about_to_read(shop: Shop, database: Database) -> None:
    [applying, posting, _] = subscriptions(shop.payments)
    shop.follower = Follower(database, [applying])
    await shop.pay()

    ahead = await shop.payments.ledger.verify(shop.organizer_id, lambda _what, _count: None, patience_seconds=0)
    [found, _] = await asyncio.gather(shop.verify(), Follower(database, [posting]).catch_up())

    assert (len(ahead.charges), ahead.unread > 0) == (4, True)
    assert found.is_right


async def test_the_postings_of_a_payment_come_page_by_page(shop: Shop) -> None:
    reference, charge = await shop.pay()
    for minor in (10, 20, 30):
        charge = charge.changed("partially_refunded", refunded_minor=minor)
        await shop.tell(charge)

    seen: list[tuple[str, int]] = []
    cursor = None
    while True:
        page = await shop.payments.ledger.postings(shop.organizer_id, reference, cursor=cursor, size=3)
        seen += [(posting.kind, sum(move.minor for move in posting.moves if move.credit.startswith("gateway"))) for posting in page.items]
        cursor = page.next
        if cursor is None:
            break

    assert seen == [("sale", 0), ("refund", 10), ("refund", 10), ("refund", 10)]


async def test_other_currencies_have_balances_of_their_own(shop: Shop, payments: Payments, merchant: Merchant) -> None:
    await payments.accounts.connect(
        Actor.system(shop.organizer_id, "test"),
        "sandbox",
        label="USD",
        currency="USD",
        settings={"merchant": merchant.id, "mode": "link"},
        credentials={"secret": merchant.secret},
    )
    await shop.pay()
    astray = SandboxPayment.of((await shop.pay())[1].reference, currency="USD")

    await shop.tell(astray)

    found = await payments.ledger.balances(shop.organizer_id)
    assert {(one.account, one.currency, one.balance_minor) for one in found if one.currency == "USD"} == {
        (gateway_receivable(shop.account.id), "USD", ASKED.minor),
        (REFUND_CLEARING, "USD", -ASKED.minor),
    }
    assert (await shop.verify()).is_right


@pytest.mark.parametrize(
    ("debit", "credit", "minor"),
    [("bank", "rounding", 0), ("bank", "rounding", -1), ("bank", "bank", 1), ("pocket", "bank", 1), ("bank", "pocket:1", 1)],
)
async def test_the_database_refuses_what_is_no_move(shop: Shop, debit: str, credit: str, minor: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await shop.spoil(
            """
            INSERT INTO payments.ledger_moves (organizer_id, key, number, debit, credit, amount_minor, currency)
            VALUES (%(organizer_id)s, 'payout:1', 1, %(debit)s, %(credit)s, %(minor)s, 'ARS')
            """,
            debit=debit,
            credit=credit,
            minor=minor,
        )


async def rows_of(shop: Shop, sql: LiteralString, **params: object) -> list[tuple[str]]:
    async with shop.database.reading(shop.organizer_id) as reader:
        return await reader.fetch_tuples(sql, **params)
