"""The gateway put together: what its API, its pages and its administration work on."""

import asyncio

from simulators.chassis.answers import Answers
from simulators.chassis.database import Database
from simulators.chassis.faults import FaultSwitch
from simulators.chassis.outgoing import Outgoing
from simulators.chassis.sender import Sender
from simulators.chassis.settings import Settings
from simulators.mercadopago.credentials import Keys
from simulators.mercadopago.documents import Order, Preference
from simulators.mercadopago.notices import Notices
from simulators.mercadopago.oauth import OAuth
from simulators.mercadopago.outage import OutageSwitch
from simulators.mercadopago.payments import Payments
from simulators.mercadopago.preferences import Preferences, is_expired
from simulators.mercadopago.reports import Reports
from simulators.mercadopago.tables import SCHEMA

__all__ = ["Gateway"]


class Gateway:
    """Everything over one database file. `closing` is set when the process is about to end, so that held answers let go."""

    def __init__(self, settings: Settings, keys: Keys, *, in_seconds: bool = False) -> None:
        """in_seconds: whether notices are signed with a time in seconds instead of milliseconds."""
        self.settings = settings
        self.keys = keys
        self.closing = asyncio.Event()
        self.database = Database(settings.data / "mercadopago.sqlite3", SCHEMA)
        self.switch = FaultSwitch(self.database)
        self.outage = OutageSwitch(self.database)
        self.outgoing = Outgoing(self.database, self.switch)
        self.notices = Notices(self.outgoing, keys, in_seconds=in_seconds)
        self.preferences = Preferences(self.database, settings)
        self.payments = Payments(self.database, self.outgoing, self.notices)
        self.reports = Reports(self.database, self.payments)
        self.oauth = OAuth(self.database, keys)
        self.answers = Answers(self.database)
        self.sender = Sender(settings, self.outgoing, sign=self.notices.headers, apply_due=self.payments.apply_due)

    def order_of(self, preference: Preference) -> Order:
        """The merchant order that a preference stands for."""
        return Order(preference, self.payments.of_preference(preference.id), is_expired(preference))
