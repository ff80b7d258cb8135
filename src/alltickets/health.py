"""How an operator's machinery sees a process: alive, ready, measured."""

import asyncio
import os
from collections.abc import Sequence

import structlog
from litestar import Response, Router, get
from litestar.openapi import ResponseSpec
from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from alltickets.identity.interface import allow_anyone
from alltickets.kernel.errors import Trouble
from alltickets.migrations import run as migrations
from alltickets.platform.database import Database
from alltickets.platform.outbox import lags

__all__ = ["Health", "health_router"]

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_log = structlog.get_logger()


class Health:
    """Looks at what a process needs to do its work. Once migrated, a database stays it: that is asked only until it is so."""

    def __init__(self, database: Database, migrations_url: str, subscriptions: Sequence[str]) -> None:
        self._database = database
        self._migrations_url = migrations_url
        self._subscriptions = subscriptions
        self._is_migrated = False

    async def faults(self) -> list[str]:
        """What keeps this process from working, in words; empty when it is ready."""
        if not await self._database.is_reachable():
            return ["the database cannot be reached"]
        if not self._is_migrated:
            pending = await asyncio.to_thread(migrations.pending, self._migrations_url)
            if pending:
                return [f"the database lacks {', '.join(pending)}: run `alltickets migrate`"]
            self._is_migrated = True
        return []

    async def metrics(self) -> bytes:
        """Prometheus text: of all processes of this server where it has several, with the lag of the event log."""
        registry = CollectorRegistry()
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            text = generate_latest(registry)
        else:
            text = generate_latest(REGISTRY)
        return text + await self._lag_text()

    async def _lag_text(self) -> bytes:
        registry = CollectorRegistry()
        behind = Gauge("alltickets_events_behind", "Events that a subscription has not read", ["subscription"], registry=registry)
        oldest = Gauge("alltickets_events_oldest_seconds", "Age of the oldest of these", ["subscription"], registry=registry)
        try:
            for lag in await lags(self._database, self._subscriptions):
                behind.labels(lag.subscription).set(lag.events)
                oldest.labels(lag.subscription).set(lag.oldest_seconds)
        except Trouble:
            _log.warning("the lag of the event log cannot be read")
            return b""
        return generate_latest(registry)


def health_router(health: Health) -> Router:
    """The operator's routes. Keep them from the public at the proxy."""

    @get("/health/live", operation_id="healthLive", guards=[allow_anyone("says nothing but that the process answers")])
    async def live() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @get(
        "/health/ready",
        operation_id="healthReady",
        guards=[allow_anyone("says what is missing, nothing of anybody")],
        responses={503: ResponseSpec(dict[str, str | list[str]], description="What is missing", generate_examples=False)},
    )
    async def ready() -> Response[dict[str, str | list[str]]]:
        """The process can do its work."""
        faults = await health.faults()
        return Response({"status": "unready" if faults else "ready", "faults": faults}, status_code=503 if faults else 200)

    @get("/metrics", operation_id="metrics", guards=[allow_anyone("figures of the whole, nothing of anybody")], include_in_schema=False)
    async def metrics() -> Response[bytes]:
        """Figures for Prometheus."""
        return Response(await health.metrics(), media_type=_TEXT)

    return Router("/", route_handlers=[live, ready, metrics], tags=["operations"])
