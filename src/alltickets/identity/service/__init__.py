"""The use cases of identity, by what they are about; `IdentityService` holds them together."""

from alltickets.identity.actors import Actor
from alltickets.identity.audit import AuditEntry, list_entries
from alltickets.identity.authenticator import Authenticator
from alltickets.identity.cookies import SessionCookie
from alltickets.identity.passwords import Passwords
from alltickets.identity.rules import Limits
from alltickets.identity.service.api_keys import ApiKeys
from alltickets.identity.service.devices import Devices
from alltickets.identity.service.members import Members
from alltickets.identity.service.organizers import Organizers
from alltickets.identity.service.sessions import Sessions
from alltickets.identity.service.sweep import sweep_expired
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database
from alltickets.platform.paging import Page

__all__ = ["IdentityService"]


class IdentityService:
    """Identity as the composition root builds it: one per process."""

    def __init__(
        self, database: Database, clock: Clock, cookie: SessionCookie, *, passwords: Passwords | None = None, limits: Limits | None = None
    ) -> None:
        self.clock = clock
        self.cookie = cookie
        self.authenticator = Authenticator(database, clock, cookie)
        self._database = database
        self._passwords = passwords or Passwords()
        limits = limits or Limits()
        self.organizers = Organizers(database, clock, self._passwords, limits)
        self.sessions = Sessions(database, clock, self._passwords, limits, self.authenticator)
        self.members = Members(database, clock, self._passwords, limits, self.authenticator)
        self.api_keys = ApiKeys(database, clock, self.authenticator)
        self.devices = Devices(database, clock, limits, self.authenticator)

    async def audit_entries(self, actor: Actor, *, cursor: str | None, size: int) -> Page[AuditEntry]:
        """The organizer's audit log, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await list_entries(reader, cursor=cursor, size=size)

    async def sweep_expired(self) -> int:
        """Delete what has expired; how many rows. One round of the loop `identity.expired`."""
        return await sweep_expired(self._database, now=self.clock())

    def close(self) -> None:
        """Give back the threads."""
        self._passwords.close()
