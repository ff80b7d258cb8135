"""The gateway put together: what its API, its pages and its administration work on."""

import asyncio
import time

from simulators.sandbox.amounts import is_currency
from simulators.sandbox.answers import Answers
from simulators.sandbox.database import Database
from simulators.sandbox.errors import invalid
from simulators.sandbox.faults import FaultSwitch
from simulators.sandbox.outgoing import Outgoing
from simulators.sandbox.payments import Payments
from simulators.sandbox.sender import Sender
from simulators.sandbox.sessions import Sessions
from simulators.sandbox.settings import Settings
from simulators.sandbox.wire import Charge

__all__ = ["Gateway"]

VALID_DAYS_MAX = 366


class Gateway:
    """Everything over one database file. `closing` is set when the process is about to end, so that held answers let go."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.closing = asyncio.Event()
        self.database = Database(settings.data / "sandbox.sqlite3")
        self.switch = FaultSwitch(self.database)
        self.outgoing = Outgoing(self.database, self.switch)
        self.payments = Payments(self.database, self.outgoing)
        self.sessions = Sessions(self.database, self.payments, settings.public_url)
        self.answers = Answers(self.database)
        self.sender = Sender(settings, self.payments, self.outgoing)

    def check(self, charge: Charge) -> None:
        """What the shape of a charge cannot say. Raises `Refused` 400."""
        if not is_currency(charge.currency):
            raise invalid(f"{charge.currency} is not a currency of ISO 4217.")
        if charge.expires_at > time.time() + VALID_DAYS_MAX * 86_400:
            raise invalid(f"expires_at lies more than {VALID_DAYS_MAX} days ahead; is it in seconds?")
        self.settings.require_allowed("return_url", charge.return_url)
        self.settings.require_allowed("callback_url", charge.callback_url)
