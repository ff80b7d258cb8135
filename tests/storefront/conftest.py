"""The shop as a browser meets it: the whole application of one process on the run's database, asked over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import pytest_asyncio

from alltickets.main import Contexts, build_asgi, build_contexts
from alltickets.platform.settings import Settings
from tests.conftest import SettableClock
from tests.sql_rules import check_statement

SITE = "http://tickets.example"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class Site:
    """An application with its clock, and clients for it."""

    contexts: Contexts
    clock: SettableClock
    app: Any

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """Somebody who looks at pages."""
        transport = httpx.ASGITransport(app=cast(Any, self.app), client=("127.0.0.1", 4000), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=SITE, headers={**BROWSER, **headers})


@pytest_asyncio.fixture
async def site(database_url: str, clock: SettableClock, tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(database_url=database_url, data_dir=tmp_path, public_url=SITE, surface="all")
    contexts = build_contexts(settings, clock=clock, observe=check_statement)
    await contexts.database.open()
    yield Site(contexts, clock, build_asgi(contexts, "all"))
    await contexts.http.aclose()
    contexts.identity.close()
    await contexts.database.close()
