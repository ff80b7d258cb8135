"""A sell-out: 50,000 places, more demand than stock; the time until the last place is held, and exactly all are."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from bench.baseline import echo
from bench.figures import options, report
from bench.holds import load_holds
from bench.load import Load
from bench.people import Organizer, Sale
from bench.stack import Stack
from bench.stock import read_stock

PLACES = 50_000
CONNECTIONS = 256
SECONDS_MAX = 30


def main(arguments: Sequence[str]) -> int:
    """Run it: `--places=50000 --connections=256 --quantity=2`. Exit code 1 unless exactly all places are held."""
    given = options(arguments)
    places, connections = int(given.get("places", PLACES)), int(given.get("connections", CONNECTIONS))
    quantity = int(given.get("quantity", 2))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        database = stack.start_database()
        try:
            stack.serve(workers=int(given.get("workers", 1)))
            stack.work()
            organizer = Organizer(stack.url)
            # A sale before it warms the server up as an earlier event of the day would.
            load_holds(stack, organizer.publish(capacity=1_000_000), 2, connections)
            sale = organizer.publish(capacity=places)
            watch = _Watch(database.url, sale, places)
            watch.start()
            load = load_holds(stack, sale, int(given.get("seconds", 12)), connections, quantity=quantity)
            watch.join()
            bare = echo(stack, connections)
            stock = read_stock(database.url, sale)
        finally:
            stack.stop()
    figures = _figures(load, watch.seconds, stock.held, quantity, connections)
    report(
        figures | {"oversold": stock.oversold, "astray": stock.astray, "echo_per_second": round(bare.per_second, 1)},
        arguments,
    )
    return 0 if stock.held == places and not stock.oversold and not stock.astray else 1


def _figures(load: Load, seconds: float, held: int, quantity: int, connections: int) -> dict[str, object]:
    return {
        "benchmark": "sellout",
        "per_second": round(held / quantity / seconds, 1),
        "seconds": round(seconds, 2),
        "held": held,
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
        # After the last place every answer is a refusal (409), which wrk counts as an error: that is what is asked for here.
        "errors": 0,
        "refused_or_failed": load.errors,
        "requests_per_second": round(load.per_second, 1),
        "connections": connections,
    }


class _Watch(threading.Thread):
    """Waits for the last place to be held; `seconds` from the first hold."""

    def __init__(self, url: str, sale: Sale, places: int) -> None:
        super().__init__()
        self._url = url
        self._sale = sale
        self._places = places
        self.seconds = 0.0

    def run(self) -> None:
        """Look every 20 ms, for a bounded time."""
        first = None
        until = time.monotonic() + SECONDS_MAX
        with psycopg.connect(self._url, autocommit=True) as connection:
            while time.monotonic() < until:
                [(held,)] = connection.execute(
                    "SELECT sum(held) FROM inventory.pools WHERE organizer_id = %s AND event_id = %s",
                    (self._sale.organizer_id, self._sale.event_id),
                ).fetchall()
                now = time.monotonic()
                if held and first is None:
                    first = now
                if held >= self._places:
                    assert first is not None, "all places are held, so some are"
                    self.seconds = now - first
                    return
                time.sleep(0.02)
