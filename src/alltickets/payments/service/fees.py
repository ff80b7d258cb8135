"""Commission tables of an organizer: read, written line by line, and asked what a payment is expected to cost."""

from datetime import date
from uuid import UUID

import msgspec

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.connections import Connections
from alltickets.payments.port import PaymentMethod
from alltickets.payments.refusals import FeeScheduleNotFound, RoutingInvalid
from alltickets.payments.routing.records import delete_schedule, insert_schedules, raise_routing_version, read_schedules
from alltickets.payments.routing.rules.fees import FeeEstimate, FeeSchedule, estimate_fee
from alltickets.payments.routing.rules.validating import schedule_faults
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["FeesService"]


class FeesService:
    """Use cases of commission tables."""

    def __init__(self, database: Database, connections: Connections) -> None:
        self._database = database
        self._connections = connections

    async def all_of(self, organizer_id: UUID) -> tuple[FeeSchedule, ...]:
        """Every line, in the order in which they were written; what is no longer valid too."""
        async with self._database.reading(organizer_id) as reader:
            return await read_schedules(reader)

    async def add(self, actor: Actor, schedule: FeeSchedule) -> FeeSchedule:
        """Write a new line under an id of its own. Raises `RoutingInvalid` with every fault, or `GatewayUnknown`."""
        return await self._write(actor, msgspec.structs.replace(schedule, fee_schedule_id=new_id()), "fee_schedule.added")

    async def replace(self, actor: Actor, schedule: FeeSchedule) -> FeeSchedule:
        """Put another line in the place of the one of its id. What was decided by the former one stays as it was decided.

        Raises `FeeScheduleNotFound`, `RoutingInvalid` with every fault, or `GatewayUnknown`.
        """
        return await self._write(actor, schedule, "fee_schedule.replaced")

    async def remove(self, actor: Actor, fee_schedule_id: UUID) -> None:
        """Take a line out. Raises `FeeScheduleNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            if not await delete_schedule(tx, fee_schedule_id):
                raise FeeScheduleNotFound
            await self._note(tx, actor, "fee_schedule.removed", fee_schedule_id)

    async def estimate(
        self, reader: Reader, account_id: UUID, amount: Money, *, method: PaymentMethod | None, instalments: int | None, on: date
    ) -> FeeEstimate | None:
        """What a payment on an account is expected to cost, by its own term of release; None where no table says. Two statements.

        instalments: those that the seller bears. Raises `AccountNotFound`.
        """
        account = (await self._connections.of(reader)).get(account_id)
        return estimate_fee(
            await read_schedules(reader),
            amount,
            gateway=account.provider,
            account_id=account_id,
            method=method,
            instalments=instalments,
            release_days=account.terms.release_days,
            on=on,
        )

    async def _write(self, actor: Actor, schedule: FeeSchedule, action: str) -> FeeSchedule:
        async with self._database.transaction(actor.organizer_id) as tx:
            known = {one.fee_schedule_id for one in await read_schedules(tx)}
            if action == "fee_schedule.replaced" and schedule.fee_schedule_id not in known:
                raise FeeScheduleNotFound
            self._connections.provider(schedule.gateway)
            rows = await tx.fetch_tuples("SELECT id, gateway FROM payments.accounts WHERE organizer_id = %(organizer_id)s")
            faults = schedule_faults(schedule, dict(rows))
            if faults:
                raise RoutingInvalid(tuple(faults))
            await insert_schedules(tx, [schedule])
            await self._note(tx, actor, action, schedule.fee_schedule_id)
        return schedule

    async def _note(self, tx: Transaction, actor: Actor, action: str, fee_schedule_id: UUID) -> None:
        await raise_routing_version(tx)
        await record(tx, actor, action, Subject("fee_schedule", fee_schedule_id))
