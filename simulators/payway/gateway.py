"""The gateway put together: what its API and its administration work on."""

import asyncio

from simulators.chassis.database import Database
from simulators.chassis.faults import FaultSwitch
from simulators.chassis.settings import Settings
from simulators.payway.dials import Switchboard
from simulators.payway.payments import Payments
from simulators.payway.refunds import Refunds
from simulators.payway.sites import Sites
from simulators.payway.tables import SCHEMA
from simulators.payway.tokens import Tokens

__all__ = ["Gateway"]


SILENCE_MS = 60_000


class Gateway:
    """Everything over one database file. `closing` is set when the process is about to end, so that held answers let go."""

    def __init__(self, settings: Settings, master_key: str) -> None:
        """`master_key` is what sites' keys are derived from."""
        self.settings = settings
        self.closing = asyncio.Event()
        self.database = Database(settings.data / "payway.sqlite3", SCHEMA)
        self.switch = FaultSwitch(self.database)
        self.switchboard = Switchboard(self.database)
        self.sites = Sites(self.database, master_key)
        self.tokens = Tokens(self.database)
        self.payments = Payments(self.database, self.tokens)
        self.refunds = Refunds(self.database, self.payments)

    async def keep_silent(self) -> None:
        """Longer than any caller waits."""
        await self.pause(SILENCE_MS)

    async def pause(self, milliseconds: int) -> None:
        """Wait so long, or until the process is about to end."""
        if milliseconds:
            try:
                await asyncio.wait_for(self.closing.wait(), milliseconds / 1000)
            except TimeoutError:
                return
