"""kill -9 between each two steps of capture, confirm, ledger and mail: afterwards nothing is lost, nothing twice, and the books are right.

A worker is held at a seam by a lock that the test has in the database, or by a mail server that does not answer, and is killed there.
"""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.people import Buyer, Organizer
from bench.plain import PLAIN
from bench.stack import Stack, wait_until
from tests.journeys.books import Books
from tests.journeys.rush import PLACES_EACH, Rush
from tests.journeys.workers import Workers
from tests.mail_server import MailServerDouble

# What a worker stands before, each a lock on rows of one organizer.
PAYMENT: LiteralString = "SELECT 1 FROM payments.payments WHERE organizer_id = %(o)s AND reference = %(order)s FOR UPDATE"
STREAM: LiteralString = "SELECT 1 FROM platform.streams WHERE organizer_id = %(o)s FOR UPDATE"
ORDER: LiteralString = "SELECT 1 FROM orders.orders WHERE organizer_id = %(o)s AND order_id = %(order)s FOR UPDATE"
POOLS: LiteralString = "SELECT 1 FROM inventory.pools WHERE organizer_id = %(o)s FOR UPDATE"
BALANCES: LiteralString = "SELECT 1 FROM payments.ledger_balances WHERE organizer_id = %(o)s FOR UPDATE"
MAIL: LiteralString = """
    INSERT INTO notifications.mails (organizer_id, mail_id, order_id, kind, occasion, recipient, recipient_key, state, queued_at)
    VALUES (%(o)s, gen_random_uuid(), %(order)s, 'confirmation', '', '', '', 'queued', now())
"""

STANDING: LiteralString = """
    SELECT a.status,
           (SELECT status FROM orders.orders WHERE organizer_id = %(o)s AND order_id = %(order)s),
           (SELECT count(*) FROM tickets.tickets WHERE organizer_id = %(o)s AND order_id = %(order)s),
           (SELECT count(*) FROM payments.ledger_postings WHERE organizer_id = %(o)s AND payment_id = a.payment_id),
           (SELECT string_agg(state, ',') FROM notifications.mails WHERE organizer_id = %(o)s AND order_id = %(order)s)
      FROM payments.payments p
      JOIN payments.attempts a ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
     WHERE p.organizer_id = %(o)s AND p.reference = %(order)s
"""


class SilentMailServer(MailServerDouble):
    """Takes every mail, and says so only once it may speak."""

    def begin(self) -> None:
        """Listen, beside everything else."""
        self._loop = asyncio.new_event_loop()
        self._may_speak = asyncio.Event()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        asyncio.run_coroutine_threadsafe(self.start(), self._loop).result()

    def speak(self) -> None:
        self._loop.call_soon_threadsafe(self._may_speak.set)

    def end(self) -> None:
        asyncio.run_coroutine_threadsafe(self.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def ids_of(self, address: str) -> list[str]:
        """The Message-IDs of what came for an address."""
        return [str(one["Message-ID"]) for one in self.taken if one["To"] == address]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        await self._may_speak.wait()
        return answer


class Purchase:
    """Orders at an organizer of its own, paid at the gateway."""

    def __init__(self, stack: Stack, name: str) -> None:
        self.stack = stack
        self.mail = f"{name}@example.com"
        self.organizer = Organizer(stack.url)
        self.organizer.connect_sandbox()
        self.sale = self.organizer.publish(capacity=10)
        self.buyer = Buyer(stack.url)
        self.orders: list[dict[str, Any]] = []

    def pay(self, **buyer: str) -> None:
        """Order, pay, and wait until the gateway's callback is stored."""
        data = {"name": "Julia Ríos", "mail": self.mail, "document": "30.123.456", **buyer}
        hold = self.buyer.hold(self.sale, PLACES_EACH).json()
        self.orders.append(self.buyer.order(self.sale, hold["hold_id"], buyer=data).json())
        back = self.buyer.pay(self.orders[-1])
        told = {"payment": httpx.URL(back.headers["location"]).params["payment"], "state": "delivered"}
        sandbox = f"{self.stack.sandbox_url}/admin/callbacks"
        wait_until(lambda: httpx.get(sandbox, params=told, timeout=10, verify=PLAIN).json()["callbacks"], "the callback to be stored", 20)

    @property
    def named(self) -> dict[str, object]:
        """As statements name the newest order."""
        return {"o": self.organizer.organizer_id, "order": self.orders[-1]["order_id"]}

    def standing(self, look: "psycopg.Connection[Any]") -> tuple[Any, ...]:
        """How far it has come: attempt, order, tickets, postings, mails."""
        row = look.execute(STANDING, self.named).fetchone()
        assert row is not None
        standing: tuple[Any, ...] = row
        return standing

    def faults(self) -> list[str]:
        """What is wrong with the books in the end."""
        told = {order["order_id"]: order for order in self.orders}
        books = Books(self.stack.database.url, self.stack.sandbox_url, self.organizer, self.sale)
        books.settle()
        faults = books.faults(Rush(self.stack.url, self.sale, 0, random.Random(0), (0, 0), orders=told))
        left = books.sell_the_rest()
        return faults if left is None else [*faults, left]


class Barriers(ExitStack):
    """Locks in a worker's way. When they go, what is left of a dead one finds out that nobody listens."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._all: list[psycopg.Connection[Any]] = []

    def put(self, lock: LiteralString, purchase: Purchase) -> "psycopg.Connection[Any]":
        connection = self.enter_context(psycopg.connect(self._url))
        self.callback(connection.rollback)
        connection.execute(lock, purchase.named)
        self._all.append(connection)
        return connection

    def remove(self, barrier: "psycopg.Connection[Any]") -> None:
        self._all.remove(barrier)
        barrier.rollback()

    def wait(self, look: "psycopg.Connection[Any]") -> None:
        """Until somebody stands before each."""
        waiting = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"

        def is_held(barrier: "psycopg.Connection[Any]") -> bool:
            return look.execute(waiting, [barrier.info.backend_pid]).fetchone() is not None

        wait_until(lambda: all(is_held(one) for one in self._all), "somebody at each seam", 30)


@pytest.fixture
def mail_server() -> Iterator[SilentMailServer]:
    server = SilentMailServer()
    server.begin()
    yield server
    server.end()


@pytest.fixture
def workers(stack: Stack, mail_server: SilentMailServer) -> Iterator[Workers]:
    workers = Workers(stack, {"ALLTICKETS_SMTP_URL": f"{mail_server.url}?starttls=off"})
    yield workers
    workers.go_on()


@pytest.fixture
def look(stack: Stack) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(stack.database.url, autocommit=True) as look:
        yield look


def test_whoever_is_killed_between_two_steps_has_them_done_once(
    stack: Stack, workers: Workers, mail_server: SilentMailServer, look: "psycopg.Connection[Any]"
) -> None:
    names = ("unapplied", "untold", "unconfirmed", "unplaced", "unticketed", "unbooked")
    *early, unbooked = purchases = [Purchase(stack, name) for name in names]
    unapplied, untold, unconfirmed, unplaced, unticketed = early
    unbooked.pay(mail="before@example.com")
    unbooked.buyer.paid(unbooked.orders[0])
    wait_until(lambda: unbooked.standing(look)[3] and unbooked.standing(look)[4] == "sent", "the first posting and its mail", 20)
    workers.stand_still()
    for one in early:
        one.pay()

    with Barriers(stack.database.url) as barriers:
        barriers.put(PAYMENT, unapplied)
        barriers.put(STREAM, untold)
        barriers.put(ORDER, unconfirmed)
        barriers.put(POOLS, unplaced)
        at_order = barriers.put(ORDER, unticketed)
        worker = workers.begin("events")
        barriers.wait(look)
        # All of it is written then, and the last statement before the commit is not.
        barriers.put(STREAM, unticketed)
        barriers.remove(at_order)
        barriers.wait(look)
        workers.kill(worker)
        first = [one.standing(look)[:3] for one in early]
    unbooked.pay()
    with Barriers(stack.database.url) as barriers:
        barriers.put(BALANCES, unbooked)
        barriers.put(MAIL, unbooked)
        worker = workers.begin("events", "jobs")
        barriers.wait(look)
        wait_until(lambda: all(mail_server.ids_of(one.mail) for one in early), "the mails to be handed in", 30)
        workers.kill(worker)
        second = [one.standing(look) for one in purchases]
    mail_server.speak()
    _let_a_minute_pass(look)
    workers.begin("events", "jobs", "sweeps")
    wait_until(lambda: all(one.standing(look)[4] == "sent" for one in purchases), "the mails to be sent", 60)

    assert first == [
        ("awaiting_buyer", "awaiting_payment", 0),
        ("awaiting_buyer", "awaiting_payment", 0),
        ("charged", "awaiting_payment", 0),
        ("charged", "awaiting_payment", 0),
        ("charged", "awaiting_payment", 0),
    ]
    assert [(*standing[:3], standing[4]) for standing in second[:5]] == [("charged", "paid", PLACES_EACH, "queued")] * 5
    assert second[5] == ("charged", "paid", PLACES_EACH, 0, None)
    assert [one.faults() for one in purchases] == [[]] * 6
    assert [len(set(mail_server.ids_of(one.mail))) for one in purchases] == [1] * 6


def _let_a_minute_pass(look: "psycopg.Connection[Any]") -> None:
    """For what a dead worker had taken: its mails, and its jobs."""
    look.execute("UPDATE notifications.mails SET lease_until = now() WHERE lease_until IS NOT NULL")
    look.execute("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 minute'")
