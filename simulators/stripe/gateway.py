"""The simulated Stripe put together: what its API, its pages and its administration work on."""

import asyncio

from simulators.chassis.database import Database
from simulators.chassis.faults import FaultSwitch
from simulators.chassis.outgoing import Outgoing
from simulators.chassis.sender import Sender
from simulators.chassis.settings import Settings
from simulators.stripe.balance import Balance
from simulators.stripe.behaviour import Behaviours
from simulators.stripe.disputes import Disputes
from simulators.stripe.documents import Documents
from simulators.stripe.endpoints import Endpoints
from simulators.stripe.events import Events
from simulators.stripe.idempotency import Keys
from simulators.stripe.keys import Account, account_of
from simulators.stripe.lists import Lists
from simulators.stripe.paying import Paying
from simulators.stripe.refunds import Refunds
from simulators.stripe.sessions import Sessions
from simulators.stripe.tables import SCHEMA

__all__ = ["Gateway"]


class Gateway:
    """Everything over one database file. `closing` is set when the process is about to end, so that held answers let go."""

    def __init__(self, settings: Settings, master_key: str) -> None:
        """`master_key` is what secret keys and webhook secrets are derived from."""
        self.settings = settings
        self.master_key = master_key
        self.closing = asyncio.Event()
        self.database = Database(settings.data / "stripe.sqlite3", SCHEMA)
        self.switch = FaultSwitch(self.database)
        self.behaviours = Behaviours(self.database)
        self.outgoing = Outgoing(self.database, self.switch)
        self.documents = Documents(self.database)
        self.endpoints = Endpoints(self.documents, settings, self.behaviours, master_key)
        self.events = Events(self.documents, self.endpoints, self.outgoing, self.behaviours)
        self.balance = Balance(self.documents, self.events, self.behaviours)
        self.disputes = Disputes(self.documents, self.events, self.balance, self.behaviours)
        self.sessions = Sessions(self.documents, self.events, settings, self.behaviours)
        self.paying = Paying(self.documents, self.events, self.balance, self.disputes, self.behaviours)
        self.refunds = Refunds(self.database, self.documents, self.events, self.balance, self.behaviours)
        self.lists = Lists(self.documents, self.behaviours)
        self.keys = Keys(self.database, self.behaviours)
        self.sender = Sender(settings, self.outgoing, sign=self.events.sign, apply_due=self._apply_due)

    def account_of(self, key: str) -> Account | None:
        """Whose secret key this is; None for nobody's and for one that was revoked."""
        account = account_of(key, self.master_key)
        return None if account is None or account.id in self.behaviours.now.revoked else account

    def _apply_due(self) -> float | None:
        with self.database.transaction():
            dues = [due for due in (self.sessions.apply_due(), self.refunds.apply_due()) if due is not None]
        return min(dues) - self.behaviours.now.clock_ahead_seconds if dues else None
