"""A part of MercadoPago that is down while the rest goes on."""

from typing import Literal

import msgspec
from msgspec import Struct

from simulators.chassis.database import Database
from simulators.mercadopago.errors import unavailable

__all__ = ["Operation", "Outage", "OutageSwitch"]

Operation = Literal["create", "query", "refund"]


class Outage(Struct, forbid_unknown_fields=True, frozen=True):
    """Which calls are answered with 503 until that is taken back; they are not processed."""

    down: tuple[Operation, ...] = ()


class OutageSwitch:
    """The outage that is set, kept over a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.first("SELECT value FROM settings WHERE name = 'outage'")
        self.now = Outage() if row is None else msgspec.json.decode(row["value"], type=Outage)

    def set(self, outage: Outage) -> None:
        """Replace it."""
        self.now = outage
        self._database.execute(
            "INSERT INTO settings (name, value) VALUES ('outage', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            value=msgspec.json.encode(outage),
        )

    def require(self, operation: Operation) -> None:
        """Raises `Refused` 503 where that operation is down."""
        if operation in self.now.down:
            raise unavailable()
