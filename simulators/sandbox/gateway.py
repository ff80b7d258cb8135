"""The gateway put together: what its API, its pages and its administration work on."""

import asyncio
import time

from simulators.chassis.answers import Answers
from simulators.chassis.database import Database
from simulators.chassis.errors import invalid
from simulators.chassis.faults import FaultSwitch
from simulators.chassis.outgoing import Callback, Outgoing
from simulators.chassis.sender import Sender
from simulators.chassis.settings import Settings
from simulators.sandbox.amounts import is_currency
from simulators.sandbox.credentials import secret_of, sign_callback
from simulators.sandbox.payments import Payments
from simulators.sandbox.sessions import Sessions
from simulators.sandbox.tables import SCHEMA
from simulators.sandbox.wire import Charge

__all__ = ["Gateway"]

VALID_DAYS_MAX = 366


class Gateway:
    """Everything over one database file. `closing` is set when the process is about to end, so that held answers let go."""

    def __init__(self, settings: Settings, master_key: str) -> None:
        """`master_key` is what merchants' secrets are derived from."""
        self.settings = settings
        self._master_key = master_key
        self.closing = asyncio.Event()
        self.database = Database(settings.data / "sandbox.sqlite3", SCHEMA)
        self.switch = FaultSwitch(self.database)
        self.outgoing = Outgoing(self.database, self.switch)
        self.payments = Payments(self.database, self.outgoing)
        self.sessions = Sessions(self.database, self.payments, settings.public_url)
        self.answers = Answers(self.database)
        self.sender = Sender(settings, self.outgoing, sign=self._sign, apply_due=self.payments.apply_due)

    def secret_of(self, merchant: str) -> str:
        """The merchant's secret at this gateway."""
        return secret_of(merchant, self._master_key)

    def check(self, charge: Charge) -> None:
        """What the shape of a charge cannot say. Raises `Refused` 400."""
        if not is_currency(charge.currency):
            raise invalid(f"{charge.currency} is not a currency of ISO 4217.")
        if charge.expires_at > time.time() + VALID_DAYS_MAX * 86_400:
            raise invalid(f"expires_at lies more than {VALID_DAYS_MAX} days ahead; is it in seconds?")
        self.settings.require_allowed("return_url", charge.return_url)
        self.settings.require_allowed("callback_url", charge.callback_url)

    def _sign(self, callback: Callback, sent_at: int) -> dict[str, str]:
        secret = self.secret_of(callback.merchant)
        # A forger knows everything but the secret.
        signature = sign_callback(secret[::-1] if callback.signing == "forged" else secret, sent_at, callback.body)
        return {"x-sandbox-signature": signature, "user-agent": "SandboxGateway/1.0"}
