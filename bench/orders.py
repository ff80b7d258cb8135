"""Whole orders through HTTP: hold, order, the sandbox gateway's callback, two tickets issued; counted when the tickets are there."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.baseline import echo
from bench.figures import options, report, spread
from bench.load import Load, run_wrk
from bench.people import Organizer, Sale
from bench.stack import Stack, wait_until
from bench.stock import read_stock
from simulators.sandbox.credentials import secret_of

CONNECTIONS = 128
CAPACITY = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Run it: `--seconds=10 --rounds=3 --connections=128`; `--mail=off` keeps mail waiting. Exit code 1 if the books disagree."""
    given = options(arguments)
    seconds, rounds = int(given.get("seconds", 10)), int(given.get("rounds", 3))
    connections = int(given.get("connections", CONNECTIONS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        database = stack.start_database()
        try:
            stack.serve(workers=int(given.get("workers", 1)))
            stack.work("events,sweeps")
            if given.get("mail") != "off":
                stack.work("jobs")
            organizer = Organizer(stack.url)
            account_id = organizer.connect_sandbox()
            [account] = organizer.call("GET", "/payments/accounts")
            sale = organizer.publish(capacity=CAPACITY)
            load_of = {"account": account_id, "secret": secret_of(account["settings"]["merchant"])}
            _round(stack, database.url, sale, load_of, 2, connections)
            measured = [_round(stack, database.url, sale, load_of, seconds, connections) for _ in range(rounds)]
            bare = echo(stack, connections)
            stock = read_stock(database.url, sale)
            paid, tickets = _counts(database.url, sale)
        finally:
            stack.stop()
    rates = [rate for rate, _ in measured]
    [(rate, load)] = [one for one in measured if one[0] == sorted(rates)[rounds // 2]][:1]
    report(
        {
            "benchmark": "orders",
            "per_second": round(rate, 1),
            "p50_ms": load.p50_ms,
            "p99_ms": load.p99_ms,
            "errors": sum(one.errors for _, one in measured),
            "oversold": stock.oversold,
            "astray": stock.astray,
            "orders_paid": paid,
            "tickets": tickets,
            "tickets_missing": 2 * paid - tickets,
            "requests_per_second": round(load.per_second, 1),
            "connections": connections,
            "spread": spread(rates),
            "echo_per_second": round(bare.per_second, 1),
        },
        arguments,
    )
    return 1 if stock.oversold or stock.astray or tickets != 2 * paid else 0


def _round(stack: Stack, url: str, sale: Sale, load_of: dict[str, object], seconds: int, connections: int) -> tuple[float, Load]:
    """Orders a second from the first request until the last of them has its tickets, and what wrk saw of each request."""
    before, _ = _counts(url, sale)
    started = time.monotonic()
    arguments = {"event": sale.event_id, "performance": sale.performance_id, "ticket_type": sale.ticket_type_id, **load_of}
    load = run_wrk(stack.url, "orders.lua", seconds=seconds, connections=connections, arguments=arguments)
    wait_until(lambda: _waiting(url, sale) == 0, "every payment to be taken up")
    elapsed = time.monotonic() - started
    after, _ = _counts(url, sale)
    return (after - before) / elapsed, load


def _counts(url: str, sale: Sale) -> tuple[int, int]:
    with psycopg.connect(url) as connection:
        [(paid, tickets)] = connection.execute(
            """
            SELECT (SELECT count(*) FROM orders.orders WHERE organizer_id = %(o)s AND status = 'paid'),
                   (SELECT count(*) FROM tickets.tickets WHERE organizer_id = %(o)s)
            """,
            {"o": sale.organizer_id},
        ).fetchall()
    return paid, tickets


def _waiting(url: str, sale: Sale) -> int:
    """Events that payments or orders have not read yet."""
    with psycopg.connect(url) as connection:
        [(behind,)] = connection.execute(
            """
            SELECT sum(s.position - c.position)
              FROM platform.streams s JOIN platform.cursors c USING (organizer_id)
             WHERE organizer_id = %s AND c.subscription IN ('payments', 'orders')
            """,
            (sale.organizer_id,),
        ).fetchall()
    return int(behind or 0)
