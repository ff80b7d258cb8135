"""Holds on one hot sector through HTTP, beside the bare server and the same hold with a row lock per request."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.baseline import echo, with_app
from bench.figures import options, report, spread
from bench.load import Load, run_wrk
from bench.people import Organizer, Sale
from bench.stack import Stack
from bench.stock import read_stock

CONNECTIONS = 128
CAPACITY = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """Run it: `--seconds=10 --rounds=3 --connections=128 --workers=1`. Exit code 1 if anything was oversold."""
    given = options(arguments)
    seconds, rounds = int(given.get("seconds", 10)), int(given.get("rounds", 3))
    connections = int(given.get("connections", CONNECTIONS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        database = stack.start_database()
        try:
            stack.serve(workers=int(given.get("workers", 1)))
            stack.work()
            sale = Organizer(stack.url).publish(capacity=CAPACITY)
            load_holds(stack, sale, 2, connections)
            echoes, holds = [], []
            for _ in range(rounds):
                echoes.append(echo(stack, connections))
                holds.append(load_holds(stack, sale, seconds, connections))
            row_lock = with_app(stack, "bench.apps:row_lock_factory", lambda url: load_holds(stack, sale, 5, connections, url=url))
            stock = read_stock(database.url, sale)
        finally:
            stack.stop()
    best = sorted(holds, key=lambda load: load.per_second)[rounds // 2]
    bare = sorted(load.per_second for load in echoes)[rounds // 2]
    report(
        {
            "benchmark": "holds",
            "per_second": round(best.per_second, 1),
            "p50_ms": best.p50_ms,
            "p99_ms": best.p99_ms,
            "errors": sum(load.errors for load in holds),
            "oversold": stock.oversold,
            "astray": stock.astray,
            "connections": connections,
            "spread": spread([load.per_second for load in holds]),
            "echo_per_second": round(bare, 1),
            "ratio_to_echo": round(best.per_second / bare, 3),
            "row_lock_per_second": round(row_lock.per_second, 1),
        },
        arguments,
    )
    return 1 if stock.oversold or stock.astray else 0


def load_holds(stack: Stack, sale: Sale, seconds: int, connections: int, *, url: str | None = None, quantity: int = 1) -> Load:
    """Holds of new visitors for so many seconds."""
    arguments = {"event": sale.event_id, "performance": sale.performance_id, "ticket_type": sale.ticket_type_id, "quantity": quantity}
    return run_wrk(url or stack.url, "holds.lua", seconds=seconds, connections=connections, arguments=arguments)
