"""An organizer who takes transfers and cash, and whoever looks at the bank account and the drawer."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.awaited import AwaitedPayment
from alltickets.payments.codes import shown_code
from alltickets.payments.gateways.offline import Cash, Transfer
from alltickets.payments.port import Instructions
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.payments.service.checkout import Started, StartPayment
from alltickets.payments.service.confirming import Seen
from alltickets.payments.statements.reading import Layout
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock

__all__ = ["ASKED", "CASH", "TRANSFER", "Office"]

ASKED = Money(24_000_00, "ARS")
TRANSFER = {
    "holder": "Medianoche Producciones SRL",
    "cuit": "30-12345678-1",
    "bank": "Banco del Puerto",
    "cbu": "2850590940090418135201",
    "alias": "medianoche.shows",
}
CASH = {"place": "Pasaje del Aromo 1450", "opening": "Jueves a sábado, 17 a 21"}
LAYOUT = Layout(booked_on=1, amount=3, descriptions=(2,))


@dataclass
class Office:
    """What a test does not care about is filled in."""

    database: Database
    clock: SettableClock
    payments: Payments
    actor: Actor
    transfer: AccountDetails
    cash: AccountDetails

    @staticmethod
    async def open(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> "Office":
        payments = Payments(database, clock, key_ring, [Transfer(), Cash()], public_url="http://127.0.0.1:8000")
        actor = Actor.system(organizer_id, "Caja")
        transfer = await _connect(payments, actor, "transfer", TRANSFER)
        cash = await _connect(payments, actor, "cash", CASH)
        office = Office(database, clock, payments, actor, transfer, cash)
        await payments.statements.put_layout(actor, transfer.id, LAYOUT)
        return office

    @property
    def organizer_id(self) -> UUID:
        return self.actor.organizer_id

    async def connect(self, gateway: str, settings: dict[str, str]) -> AccountDetails:
        return await _connect(self.payments, self.actor, gateway, settings)

    def request(self, **fields: Any) -> StartPayment:
        now = self.clock()
        boring = {
            "reference": new_id(),
            "amount": ASKED,
            "description": "Noche de luna",
            "payer_email": "ana@example.com",
            "return_url": "http://127.0.0.1:8000/back",
            "expires_at": now + timedelta(minutes=10),
            "option_id": self.transfer.id,
            "kept_until_max": now + timedelta(days=8),
            "begins_at": now + timedelta(days=30),
            "number": "7KQ2-M9XA",
        }
        return StartPayment(**{**boring, **fields})

    async def start(self, one: StartPayment | None = None, **fields: Any) -> Started:
        async with self.database.transaction(self.organizer_id) as tx:
            [outcome] = await self.payments.start(tx, [one or self.request(**fields)])
        assert isinstance(outcome, Started), outcome
        assert isinstance(outcome.step, Instructions)
        return outcome

    async def confirm(self, started: Started, *, minor: int = ASKED.minor, actor: Actor | None = None) -> AwaitedPayment:
        seen = Seen(amount_minor=minor, received_on=self.clock().date(), note="Comprobante 17")
        return await self.payments.confirming.confirm(actor or self.actor, started.attempt_id, seen)

    def line(self, what: Started | str, *, amount: str = "24.000,00") -> str:
        """A line of the bank's for what a payment is named, or for any words."""
        if isinstance(what, Started):
            assert isinstance(what.step, Instructions)
            what = f"TRANSF INMEDIATA {shown_code(what.step.code)} VARIOS"
        return f"{self.clock():%d/%m/%Y};{what};{amount}"

    def statement(self, *lines: str) -> bytes:
        return "\n".join(["Fecha;Concepto;Importe", *lines]).encode()

    async def audited(self) -> list[str]:
        """What was written into the audit log, oldest first."""
        async with self.database.reading(self.organizer_id) as reader:
            rows = await reader.fetch_tuples(
                "SELECT action FROM identity.audit_entries WHERE organizer_id = %(organizer_id)s ORDER BY audit_entry_id"
            )
        return [action for (action,) in rows if not action.startswith(("gateway_account", "statement_layout"))]


async def _connect(payments: Payments, actor: Actor, gateway: str, settings: dict[str, str]) -> AccountDetails:
    return await payments.accounts.connect(actor, gateway, label=gateway.title(), currency="ARS", settings=settings, credentials={})
