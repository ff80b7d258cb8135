"""The event's page through HTTP, ready-compressed from memory, beside the bare server; and a page built from scratch."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx

from alltickets.main import build_contexts, storefront_of
from alltickets.platform.settings import Settings
from alltickets.storefront.encodings import compress
from alltickets.storefront.languages import LANGUAGES
from bench.baseline import with_app
from bench.figures import options, report, spread
from bench.load import Load, run_wrk
from bench.people import Organizer
from bench.plain import PLAIN
from bench.stack import Stack

CONNECTIONS = 128
TICKET_TYPES = 6
RENDERINGS = 300
DESCRIPTION = "\n\n".join(["Siete horas de música en un galpón de techos altos, con poca luz y sonido de cuatro puntos."] * 6)


def main(arguments: Sequence[str]) -> int:
    """Run it: `--seconds=8 --rounds=3 --connections=128 --workers=1 --again=0` (one request in so many has the page already)."""
    given = options(arguments)
    seconds, rounds = int(given.get("seconds", 8)), int(given.get("rounds", 3))
    connections = int(given.get("connections", CONNECTIONS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        stack.start_database()
        try:
            stack.serve(workers=int(given.get("workers", 1)))
            stack.work()
            event_id, slug = _publish(stack)
            page = httpx.get(f"{stack.url}/e/{slug}", headers={"accept-encoding": "br"}, verify=PLAIN)
            page.raise_for_status()
            asked = {"path": f"/e/{slug}", "etag": page.headers["etag"], "again": given.get("again", "0")}

            def load(url: str, how_long: int) -> Load:
                return run_wrk(url, "page.lua", seconds=how_long, connections=connections, arguments=asked)

            load(stack.url, 2)
            echoes, pages = [], []
            for _ in range(rounds):
                echoes.append(with_app(stack, "bench.apps:echo_factory", lambda url: load(url, 3)))
                pages.append(load(stack.url, seconds))
            os.environ.update(stack.environment)
            milliseconds = asyncio.run(_from_scratch(event_id))
        finally:
            stack.stop()
    middle = sorted(pages, key=lambda one: one.per_second)[rounds // 2]
    bare = sorted(one.per_second for one in echoes)[rounds // 2]
    report(
        {
            "benchmark": "page",
            "per_second": round(middle.per_second, 1),
            "p50_ms": middle.p50_ms,
            "p99_ms": middle.p99_ms,
            "errors": sum(one.errors for one in pages),
            "connections": connections,
            "spread": spread([one.per_second for one in pages]),
            "echo_per_second": round(bare, 1),
            "ratio_to_echo": round(middle.per_second / bare, 3),
            "bytes": len(page.content),
            "bytes_br": int(page.headers["content-length"]),
            **milliseconds,
        },
        arguments,
    )
    return 1 if any(one.errors for one in pages) else 0


def _publish(stack: Stack) -> tuple[UUID, str]:
    """An event such as there are many: six ticket types and a description."""
    organizer = Organizer(stack.url)
    sale = organizer.publish(capacity=50_000)
    path = f"/events/{sale.event_id}"
    for number in range(1, TICKET_TYPES):
        sector = organizer.call("POST", f"{path}/sectors", {"name": f"Platea {number}", "capacity": 5_000})
        body = {
            "sector_id": sector["sector_id"],
            "name": f"Platea {number}",
            "price_minor": 1_000_000 * number,
            "description": "Sin numerar.",
        }
        organizer.call("POST", f"{path}/ticket-types", body)
    event = organizer.call("GET", path)
    changed = organizer.call("PATCH", path, {"version": event["version"], "description": DESCRIPTION, "category": "Recital"})
    return sale.event_id, changed["slug"]


async def _from_scratch(event_id: UUID) -> dict[str, float]:
    """Milliseconds of a processor to decide what the page shows, to render it and to compress it: the middle of many."""
    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    storefront = storefront_of(contexts, "all")
    assert storefront is not None
    parts: dict[str, list[float]] = {"view_ms": [], "render_ms": [], "compress_ms": []}
    for number in range(RENDERINGS):
        event = await contexts.catalog.snapshot(event_id)
        assert event is not None
        started = time.process_time()
        view = await storefront.events.view(event)
        decided = time.process_time()
        body = storefront.events.render(view, LANGUAGES[number % len(LANGUAGES)])
        rendered = time.process_time()
        compress(body)
        ended = time.process_time()
        for name, span in zip(parts, (decided - started, rendered - decided, ended - rendered), strict=True):
            parts[name].append(span * 1_000)
    await contexts.http.aclose()
    contexts.identity.close()
    await contexts.database.close()
    return {name: round(sorted(spans)[len(spans) // 2], 3) for name, spans in parts.items()}
