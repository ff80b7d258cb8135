"""Keeping access codes from being guessed."""

from collections.abc import Iterable
from uuid import UUID

from alltickets.catalog.rules.snapshot import EventSnapshot, is_unlocked
from alltickets.catalog.rules.states import Visibility
from alltickets.identity.interface import FailedTries, Limit
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database

__all__ = ["AccessCodes"]

WRONG_CODES = Limit("access_code", 30, 900)
"""Of one address on one event. A network with many buyers behind one address mistypes now and then; 2,880 guesses a day find no code."""


class AccessCodes:
    """Watches the codes that shoppers give, wherever they give them; one per process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._clock = clock
        self._wrong = FailedTries(database, WRONG_CODES)

    async def check(self, event: EventSnapshot, ticket_type_ids: Iterable[UUID], code: str, *, address: str) -> None:
        """Count `code` if it opens none of these ticket types. One that opens any costs no statement, nor where none is sold by code.

        Raises `TooManyTries` for an address that gave too many wrong ones, and then for right ones as well: to be answered only then would
        tell which they are.
        """
        asked = [event.ticket_types[one] for one in ticket_type_ids if one in event.ticket_types]
        by_code = [one for one in asked if one.visibility == Visibility.CODE]
        if not by_code or not event.is_public:
            return
        key, now = f"{event.event_id}/{address}", self._clock()
        self._wrong.check(key, now=now)
        if not any(is_unlocked(one, code) for one in by_code):
            await self._wrong.count(key, now=now)
