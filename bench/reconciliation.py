"""A settlement report of 100,000 lines held against as many charges: how long it takes, and what it takes of memory."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.main import build_contexts
from alltickets.payments.reconciliation.layouts import LAYOUTS
from alltickets.payments.reconciliation.queries import ReportDetails
from alltickets.platform.database import Database, Transaction, rows_as_json
from alltickets.platform.settings import Settings
from bench.figures import options, report
from bench.people import Organizer
from bench.stack import Stack

LINES = 100_000
SECONDS_MAX = 20
WARM_LINES = 10_000
"""By then everything is loaded and the pools are filled: what memory grows by after that, it grows by with the lines."""
GROWN_MB_MAX = 8
"""The lines that remain are 12 MB as they stand in the file, and several times that as objects: whoever kept them would be above it."""
CHARGES_AT_ONCE = 10_000
ODD_ONE_OUT = 1_000
"""Each line of so many has another amount than our books."""


def main(arguments: Sequence[str]) -> int:
    """Run it: `--lines=100000`. Exit code 1 if it takes 20 s or longer, if memory grows with the lines, or if a line stands otherwise
    than it should.
    """
    lines = int(options(arguments).get("lines", LINES))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        stack.start_database()
        try:
            stack.serve()
            organizer = Organizer(stack.url)
            organizer.connect_sandbox()
            os.environ.update(stack.environment)
            figures, states = asyncio.run(_measure(lines))
        finally:
            stack.stop()
    report({"benchmark": "reconciliation", "lines": lines, **figures, "states": states}, arguments)
    is_right = states == {"matched": lines - lines // ODD_ONE_OUT, "amount_differs": lines // ODD_ONE_OUT}
    return 0 if is_right and figures["seconds"] < SECONDS_MAX and figures["grown_mb"] < GROWN_MB_MAX else 1


async def _measure(lines: int) -> tuple[dict[str, float], dict[str, int]]:
    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    try:
        organizer_id, account_id = await _account(contexts.database)
        sources = [f"pay_{new_id().hex}" for _ in range(lines)]
        await _insert_charges(contexts.database, organizer_id, account_id, sources)
        take_in = contexts.payments.reconciliation.take_in
        actor = Actor.system(organizer_id, "bench")
        peaks: list[float] = []
        _forget_peak()
        started = time.perf_counter()
        first = await take_in(actor, account_id, "first", LAYOUTS["generic"], _file(sources, lambda: peaks.append(_peak_mb())))
        seconds, grown = time.perf_counter() - started, _peak_mb() - peaks[0]
        started = time.perf_counter()
        await take_in(actor, account_id, "again", LAYOUTS["generic"], _file(sources, lambda: None))
        again = time.perf_counter() - started
    finally:
        await contexts.database.close()
    figures = {"per_second": lines / seconds, "seconds": seconds, "again_seconds": again, "grown_mb": grown}
    return {name: round(value, 1) for name, value in figures.items()}, _states_of(first)


def _states_of(one: ReportDetails) -> dict[str, int]:
    return {sums.state: sums.lines for sums in one.sums}


async def _account(database: Database) -> tuple[UUID, UUID]:
    async with database.reading(None) as reader:
        [row] = await reader.fetch_tuples(
            "/* across organizers: the only one */ SELECT organizer_id, account_id FROM payments.account_directory"
        )
    return row[0], row[1]


async def _insert_charges(database: Database, organizer_id: UUID, account_id: UUID, sources: Sequence[str]) -> None:
    for start_at in range(0, len(sources), CHARGES_AT_ONCE):
        async with database.transaction(organizer_id) as tx:
            await _insert_some(tx, account_id, sources[start_at : start_at + CHARGES_AT_ONCE])


async def _insert_some(tx: Transaction, account_id: UUID, sources: Sequence[str]) -> None:
    """Charges with their attempts, which reconciliation reads with them."""
    rows = rows_as_json([{"id": new_id(), "attempt_id": new_id(), "payment_id": new_id(), "source": source} for source in sources])
    await tx.execute(
        """
        INSERT INTO payments.attempts (organizer_id, id, payment_id, account_id, status, version, expires_at, state_since, queries,
                                       absences, needs_review, created_at)
        SELECT o.organizer_id, x.attempt_id, x.payment_id, %(account_id)s, 'charged', 3, now(), now(), 0, 0, false, now()
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(attempt_id uuid, payment_id uuid)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        account_id=account_id,
        rows=rows,
    )
    await tx.execute(
        """
        INSERT INTO payments.charges (organizer_id, id, attempt_id, account_id, provider_payment_id, status, raw_status, amount_minor,
                                      currency, refunded_minor, sequence, is_surplus, first_seen_at, updated_at)
        SELECT o.organizer_id, x.id, x.attempt_id, %(account_id)s, x.source, 'charged', 'approved', 1250000, 'ARS', 0, 1, false,
               now(), now()
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(id uuid, attempt_id uuid, source text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        account_id=account_id,
        rows=rows,
    )


async def _file(sources: Sequence[str], when_warm: Callable[[], None]) -> AsyncIterator[bytes]:
    yield b"payment_id,reference,kind,gross,fee,taxes,net,currency,occurred_at,settles_at\n"
    for number, source in enumerate(sources):
        if number == min(WARM_LINES, len(sources) - 1):
            when_warm()
        gross = "12400.00" if number % ODD_ONE_OUT == 0 else "12500.00"
        yield f"{source},,payment,{gross},605.00,55.00,11840.00,ARS,2026-11-01T20:00:00-03:00,2026-11-19T00:00:00-03:00\n".encode()


def _forget_peak() -> None:
    """Have the kernel count the peak of this process's memory from now on (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    [peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) / 1024
