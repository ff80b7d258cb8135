"""Scans at the door through HTTP: each ticket once, each admitted, beside the bare server."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.main import build_contexts
from alltickets.platform.settings import Settings
from alltickets.tickets.interface import IssueTicket, issue
from bench.baseline import echo
from bench.figures import options, report
from bench.load import run_wrk
from bench.people import Organizer, Sale
from bench.stack import Stack

CONNECTIONS = 64
TICKETS = 100_000
ISSUED_AT_ONCE = 1_000


def main(arguments: Sequence[str]) -> int:
    """Run it: `--seconds=10 --tickets=100000 --connections=64`. Exit code 1 unless each admission is one ticket's first."""
    given = options(arguments)
    seconds, connections = int(given.get("seconds", 10)), int(given.get("connections", CONNECTIONS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        database = stack.start_database()
        try:
            stack.serve(workers=int(given.get("workers", 1)))
            stack.work()
            organizer = Organizer(stack.url)
            sale = organizer.publish(capacity=1_000)
            steward = organizer.steward(sale)
            codes = Path(folder) / "codes"
            codes.write_text("\n".join(asyncio.run(_issue(stack, sale, int(given.get("tickets", TICKETS))))))
            load_of = {"codes": codes, "checkpoint": steward.checkpoint_id, "token": steward.token}
            load = run_wrk(stack.url, "scans.lua", seconds=seconds, connections=connections, arguments=load_of)
            bare = echo(stack, connections)
            admitted, tickets, scans = _counts(database.url, sale)
        finally:
            stack.stop()
    report(
        {
            "benchmark": "scans",
            "per_second": round(load.per_second, 1),
            "p50_ms": load.p50_ms,
            "p99_ms": load.p99_ms,
            "errors": load.errors,
            "oversold": admitted - tickets,
            "admitted": admitted,
            "scans": scans,
            "connections": connections,
            "echo_per_second": round(bare.per_second, 1),
        },
        arguments,
    )
    return 0 if admitted == tickets and not load.errors else 1


async def _issue(stack: Stack, sale: Sale, count: int) -> list[str]:
    """Issue tickets, and their codes."""
    contexts = build_contexts(Settings.from_environment({**stack.environment}))
    await contexts.open()
    now = datetime.now(UTC)
    codes: list[str] = []
    for _ in range(0, count, ISSUED_AT_ONCE):
        order_id = new_id()
        requests = [
            IssueTicket(
                order_id=order_id,
                number=number,
                event_id=sale.event_id,
                performance_id=sale.performance_id,
                ticket_type_id=sale.ticket_type_id,
                sector_id=sale.sector_id,
                holder_name="Julia Ríos",
                price=Money(1_000_000, "ARS"),
            )
            for number in range(1, ISSUED_AT_ONCE + 1)
        ]
        async with contexts.database.transaction(sale.organizer_id) as tx:
            await issue(tx, requests, now=now)
        codes += [shown.code for shown in await contexts.tickets.shown_of_order(sale.organizer_id, order_id) if shown.code]
    await contexts.close()
    return codes


def _counts(url: str, sale: Sale) -> tuple[int, int, int]:
    """Admissions, the tickets that they are of, and all scans."""
    with psycopg.connect(url) as connection:
        [row] = connection.execute(
            """
            SELECT (SELECT count(*) FROM access.redemptions WHERE organizer_id = %(o)s),
                   (SELECT count(DISTINCT ticket_id) FROM access.redemptions WHERE organizer_id = %(o)s),
                   (SELECT count(*) FROM access.scans WHERE organizer_id = %(o)s)
            """,
            {"o": sale.organizer_id},
        ).fetchall()
    admitted, tickets, scans = row
    return admitted, tickets, scans
