"""The whole application in this process, on the test's database, as a surface serves it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx

from alltickets.identity.interface import Actor, NewOrganizer, Permission
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.main import Contexts, build_asgi, build_contexts
from alltickets.platform.secrets import KeyRing
from alltickets.platform.settings import Settings
from tests.passwords import cheap_passwords
from tests.sql_rules import check_statement


@dataclass(frozen=True)
class Served:
    """The application and the owner of a fresh organizer."""

    contexts: Contexts
    app: Any
    owner: Actor

    async def with_another_owner(self) -> "Served":
        """The same application, and the owner of another fresh organizer."""
        return Served(self.contexts, self.app, await _sign_up(self.contexts))

    async def api_key(self, *permissions: Permission) -> str:
        """A token that may do this."""
        return (await self.contexts.identity.api_keys.create(self.owner, "Integración", permissions)).token

    async def device(self) -> str:
        """The token of a paired scanner for all events."""
        created = await self.contexts.identity.devices.create(self.owner, "Puerta 1", event_id=None)
        return (await self.contexts.identity.devices.pair(created.pairing_code, address=f"test {new_id()}")).token

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A program with this token, or with none."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=cast(Any, self.app)), base_url="http://tickets.example", headers=headers)


@contextlib.asynccontextmanager
async def serving(database_url: str, folder: Path, clock: Clock, *, hot_lane: bool) -> AsyncIterator[Served]:
    """Open the application's database and let go of it afterwards. The listener stays away: one process needs no announcements."""
    settings = Settings(database_url=database_url, data_dir=folder, key_ring=f"1:{KeyRing.generate_key()}", hot_lane=hot_lane)
    contexts = build_contexts(settings, clock=clock, observe=check_statement, passwords=cheap_passwords())
    await contexts.database.open()
    yield Served(contexts, build_asgi(contexts, "all"), await _sign_up(contexts))
    await contexts.access.drained()
    await contexts.http.aclose()
    contexts.tickets.close()
    contexts.identity.close()
    await contexts.database.close()


async def _sign_up(contexts: Contexts) -> Actor:
    unique = new_id().hex
    wish = NewOrganizer(
        name=f"Club {unique}",
        slug=f"club-{unique}",
        owner_name="Ana Paz",
        owner_mail=f"{unique}@example.com",
        owner_password="correct horse",
    )
    return (await contexts.identity.organizers.sign_up(wish, address=f"test {unique}")).actor
