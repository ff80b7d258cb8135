"""Payment sessions: a charge announced through the API instead of signed into a link."""

import secrets
import sqlite3
import time
from typing import Literal

import msgspec
from msgspec import Struct

from simulators.chassis.database import Database
from simulators.chassis.errors import Refused
from simulators.sandbox.payments import Payments
from simulators.sandbox.wire import Charge

__all__ = ["Session", "Sessions"]


class Session(Struct, frozen=True):
    """A session as the API shows it. completed: paid; expired: its time is over or the merchant closed it."""

    id: str
    url: str
    reference: str
    expires_at: int
    status: Literal["open", "completed", "expired"]


class Sessions:
    """Every session of every merchant."""

    def __init__(self, database: Database, payments: Payments, public_url: str) -> None:
        self._database = database
        self._payments = payments
        self._public_url = public_url

    def open(self, charge: Charge) -> Session:
        """Announce a charge; the buyer is to be sent to the session's `url`."""
        session_id = f"ses_{secrets.token_hex(12)}"
        self._database.execute(
            "INSERT INTO sessions (id, merchant, reference, charge, expires_at) VALUES (:id, :merchant, :reference, :charge, :expires_at)",
            id=session_id,
            merchant=charge.merchant,
            reference=charge.reference,
            charge=msgspec.json.encode(charge),
            expires_at=charge.expires_at,
        )
        return self.find(charge.merchant, session_id)

    def find(self, merchant: str, session_id: str) -> Session:
        """The merchant's session. Raises `Refused` 404, also for another merchant's."""
        row = self._row(session_id)
        if row["merchant"] != merchant:
            raise _no_session(session_id)
        return self._session(row)

    def expire(self, merchant: str, session_id: str) -> Session:
        """Close it to the buyer; done again it changes nothing. Raises `Refused` 404, or 409 when it was paid."""
        if self.find(merchant, session_id).status == "completed":
            raise Refused(409, "session_completed", "The session was paid; refund the payment instead.")
        self._database.execute("UPDATE sessions SET closed = 1 WHERE id = :id", id=session_id)
        return self.find(merchant, session_id)

    def charge_of(self, session_id: str) -> tuple[Charge, bool]:
        """What the buyer is asked to pay, and whether the merchant closed it. Raises `Refused` 404."""
        row = self._row(session_id)
        return msgspec.json.decode(row["charge"], type=Charge), bool(row["closed"])

    def _row(self, session_id: str) -> sqlite3.Row:
        row = self._database.first("SELECT * FROM sessions WHERE id = :id", id=session_id)
        if row is None:
            raise _no_session(session_id)
        return row

    def _session(self, row: sqlite3.Row) -> Session:
        status: Literal["open", "completed", "expired"] = "open"
        if self._payments.is_paid(row["merchant"], row["reference"]):
            status = "completed"
        elif row["closed"] or row["expires_at"] <= time.time():
            status = "expired"
        return Session(row["id"], f"{self._public_url}/pay?session={row['id']}", row["reference"], row["expires_at"], status)


def _no_session(session_id: str) -> Refused:
    return Refused(404, "not_found", f"There is no session {session_id}.")
