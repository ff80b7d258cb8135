"""The organizer's payments and postings as lists: newest first, narrowed, page by page, and read without walking through the rest."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest_asyncio
from litestar import Litestar

from alltickets.identity.interface import Authorization
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.handlers import subscriptions
from alltickets.payments.ledger.queries import list_postings
from alltickets.payments.listing import PaymentFilter, list_payments
from alltickets.payments.routes import organizer_router
from alltickets.payments.service import Payments
from alltickets.platform.database import Database, Transaction
from alltickets.platform.outbox import Follower
from tests.conftest import SettableClock
from tests.identity.conftest import PASSWORD, CountingHasher, House, make_house, make_identity, open_browser
from tests.inventory.test_costs import Explained
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import ASKED, connect, request, start
from tests.payments.sandbox import Merchant
from tests.payments.test_routes import _answer

BASE = "/api/organizer/payments"
MANY = 3_000


class Office:
    """An organizer with two accounts and a payment a day."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock) -> None:
        self.database, self.payments, self.clock = database, payments, clock
        self.follower = Follower(database, subscriptions(payments))
        self.identity = make_identity(database, clock, CountingHasher())
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        self.app = Litestar(
            route_handlers=[organizer_router(payments)], plugins=[authorization], exception_handlers={Refusal: _answer}, openapi_config=None
        )

    async def open(self) -> None:
        self.house: House = await make_house(self.identity)
        self.token: str | None = None
        self.organizer_id = self.house.actor.organizer_id
        self.merchants = [Merchant.fresh(), Merchant.fresh()]
        self.accounts = [await connect(self.payments, self.organizer_id, merchant) for merchant in self.merchants]

    async def pay(self, *, at: int = 0, minor: int = ASKED.minor) -> str:
        """The order's id, as it is shown."""
        one = request(self.clock, option_id=self.accounts[at].id)
        started = await start(self.database, self.payments, self.organizer_id, one)
        paid = SandboxPayment.of(started.attempt_id, amount_minor=minor)
        await self.payments.inbox.receive("sandbox", self.accounts[at].id, callback(self.merchants[at], paid, self.clock()))
        await self.follower.catch_up()
        self.clock.advance(days=1)
        return str(one.reference)

    async def browser(self) -> httpx.AsyncClient:
        """Of somebody who has just signed in, for days have gone by."""
        if self.token is None:
            signed_in = await self.identity.sessions.sign_in(self.house.mail, PASSWORD, address=f"office {new_id()}")
            self.token = signed_in.token
        return open_browser(self.app, token=self.token)

    async def get(self, path: str = "", **params: object) -> dict[str, Any]:
        async with await self.browser() as browser:
            answer = await browser.get(BASE + path, params={name: str(value) for name, value in params.items()})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def orders(self, **params: object) -> list[str]:
        return [one["reference"] for one in (await self.get("", **params))["items"]]


@pytest_asyncio.fixture
async def office(database: Database, payments: Payments, clock: SettableClock) -> AsyncIterator[Office]:
    office = Office(database, payments, clock)
    await office.open()
    yield office
    office.identity.close()


async def test_payments_are_listed_newest_first_and_narrowed(office: Office) -> None:
    first_day = office.clock().date()
    plain = await office.pay()
    wrong = await office.pay(minor=1)
    elsewhere = await office.pay(at=1)
    unpaid = request(office.clock)
    await start(office.database, office.payments, office.organizer_id, unpaid)
    everything = [str(unpaid.reference), elsewhere, wrong, plain]
    pages = [await office.get(size=3)]
    pages.append(await office.get(size=3, cursor=pages[0]["next"]))
    by_reference = {one["reference"]: one for page in pages for one in page["items"]}
    stranger = Office(office.database, office.payments, office.clock)
    await stranger.open()
    async with await office.browser() as browser:
        refused = [
            (await browser.get(BASE, params=params)).status_code
            for params in ({"cursor": "x"}, {"in_state": "lost"}, {"size": "201"}, {"cursor": "WyJ4IiwieCJd"})
        ]

    assert [[one["reference"] for one in page["items"]] for page in pages] == [everything[:3], everything[3:]]
    assert pages[1]["next"] is None
    shown = by_reference[plain]
    assert (shown["status"], shown["amount_minor"], shown["currency"], shown["refunded_minor"]) == ("paid", ASKED.minor, "ARS", 0)
    assert (shown["account_id"], shown["needs_review"], shown["is_flagged"]) == (str(office.accounts[0].id), False, False)
    assert (by_reference[wrong]["status"], by_reference[wrong]["needs_review"], by_reference[wrong]["is_flagged"]) == (
        "processing",
        True,
        True,
    )
    assert await office.orders(in_state="paid") == [elsewhere, plain]
    assert await office.orders(in_state="needs_review") == [wrong]
    assert await office.orders(in_state="paid", account_id=office.accounts[1].id) == [elsewhere]
    assert await office.orders(since=first_day + timedelta(days=1), until=first_day + timedelta(days=3)) == [elsewhere, wrong]
    assert refused == [422, 400, 400, 422]
    assert await stranger.orders() == []
    stranger.identity.close()


async def test_postings_of_no_payment_are_read_by_account_and_day(office: Office) -> None:
    first_day = office.clock().date()
    paid = await office.pay()
    payouts = [
        await office.payments.ledger.payout(office.organizer_id, f"transfer {number}", Money(10_00, "ARS"), at=office.clock())
        for number in range(3)
    ]
    every = (await office.get("/postings"))["items"]
    pages = [await office.get("/postings", account="bank", size=2)]
    pages.append(await office.get("/postings", account="bank", size=2, cursor=pages[0]["next"]))
    of_account = (await office.get("/postings", account=f"gateway_receivable:{office.accounts[0].id}"))["items"]
    before = (await office.get("/postings", until=first_day + timedelta(days=1)))["items"]

    assert None not in payouts
    assert [(one["kind"], one["reference"]) for one in every] == [("payout", None)] * 3 + [("sale", paid)]
    assert [one["key"] for page in pages for one in page["items"]] == [one["key"] for one in every[:3]]
    assert pages[0]["items"][0]["moves"] == [{"debit": "organizer_payable", "credit": "bank", "amount_minor": 10_00}]
    assert pages[1]["next"] is None
    assert of_account == before == every[3:]
    assert (await office.get("/postings", account="bank", until=first_day))["items"] == []


async def test_a_page_reads_no_more_than_it_shows(office: Office) -> None:
    """However many there are: of payments and postings, and of those few that somebody has to look at."""
    wrong = await office.pay(minor=1)
    async with office.database.transaction(office.organizer_id) as tx:
        await _fill(tx, MANY)
        explained = Explained(tx)
        newest = await list_payments(explained, PaymentFilter(), cursor=None, size=10)
        later = await list_payments(explained, PaymentFilter(account_id=office.accounts[0].id), cursor=newest.next, size=10)
        left = await list_payments(explained, PaymentFilter(in_state="needs_review"), cursor=None, size=10)
        postings = await list_postings(explained, account="bank", since=None, until=office.clock(), cursor=None, size=10)

    assert ([len(page.items) for page in (newest, later, postings)], [str(one.reference) for one in left.items]) == ([10, 10, 10], [wrong])
    # Where tables are as small as here, rows of the organizers of other tests are read too, some hundreds at most: none of the many is.
    assert explained.read_most < MANY // 4, explained.worst


async def _fill(tx: Transaction, count: int) -> None:
    """So many payments like the one that there is, and as many payouts, each a minute older than the one before."""
    for statement in (
        """
        INSERT INTO payments.payments (organizer_id, id, reference, amount_minor, currency, description, return_url, status,
                                       newest_attempt_id, attempts, is_captured, created_at, updated_at)
        SELECT p.organizer_id, md5('payment' || n)::uuid, md5('order' || n)::uuid, p.amount_minor, p.currency, '', '', 'open',
               md5('attempt' || n)::uuid, 1, false, p.created_at - n * interval '1 minute', p.updated_at
          FROM payments.payments p, generate_series(1, %(count)s) AS n
         WHERE p.organizer_id = %(organizer_id)s
        """,
        """
        INSERT INTO payments.attempts (organizer_id, id, payment_id, account_id, status, version, expires_at, state_since, queries,
                                       absences, needs_review, created_at)
        SELECT a.organizer_id, md5('attempt' || n)::uuid, md5('payment' || n)::uuid, a.account_id, 'expired', 1, a.expires_at,
               a.state_since, 0, 0, false, a.created_at
          FROM payments.attempts a, generate_series(1, %(count)s) AS n
         WHERE a.organizer_id = %(organizer_id)s
        """,
        """
        INSERT INTO payments.ledger_postings (organizer_id, key, posting_id, kind, amount_minor, currency, occurred_at, posted_at)
        SELECT p.organizer_id, 'payout:' || n, md5('posting' || n)::uuid, 'payout', 1, 'ARS', p.created_at - n * interval '1 minute', now()
          FROM payments.payments p, generate_series(1, %(count)s) AS n
         WHERE p.organizer_id = %(organizer_id)s AND p.attempts = 1 AND p.newest_attempt_id IN (SELECT a.id FROM payments.attempts a
               WHERE a.organizer_id = %(organizer_id)s AND a.needs_review)
        """,
        """
        INSERT INTO payments.ledger_moves (organizer_id, key, number, debit, credit, amount_minor, currency)
        SELECT l.organizer_id, l.key, 1, 'organizer_payable', 'bank', 1, 'ARS'
          FROM payments.ledger_postings l
         WHERE l.organizer_id = %(organizer_id)s AND l.kind = 'payout'
        """,
    ):
        await tx.execute(statement, count=count)
