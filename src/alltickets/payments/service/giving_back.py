"""Money that came for a payment and does not pay it: given back whole when people say so, through the refunds of everybody else."""

from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.events import FlagKind
from alltickets.payments.flags.store import settle_of_attempts
from alltickets.payments.queries import PaymentDetails, payment_of
from alltickets.payments.refunds.ordering import NewRefund, order_refunds
from alltickets.payments.refunds.store import REFUNDED_COLUMNS, Refundable, give_up, refundable_of
from alltickets.payments.refusals import NothingToRefund, PaymentNotFound
from alltickets.payments.standings import CHARGE_COLUMNS
from alltickets.platform.database import Database, Transaction

__all__ = ["GivingBack"]

_SETTLES: tuple[FlagKind, ...] = ("amount_mismatch", "account_mismatch")


class GivingBack:
    """Use case of giving back what does not fit."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def order(self, actor: Actor, reference: UUID) -> PaymentDetails:
        """Order back, whole, every charge of a payment that holds money and did not bring the payment's.

        Under the payment's lock, so that nothing is ordered back twice, and nothing that has become the kept charge; from then on it never
        becomes that, whatever its gateway says. Said again while it is on its way it is the same. Raises `PaymentNotFound`, or
        `NothingToRefund` where there is no such money.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            payment_id = await _lock(tx, reference)
            found = await _aside(tx, payment_id)
            due = [one for one in found if one.left_minor]
            if not due and not any(one.on_its_way_minor for one in found):
                raise NothingToRefund
            if due:
                await self._order(tx, actor, reference, payment_id, due)
            return await payment_of(tx, reference)

    async def _order(self, tx: Transaction, actor: Actor, reference: UUID, payment_id: UUID, due: list[Refundable]) -> None:
        now = self._clock()
        await give_up(tx, [one.charge.id for one in due])
        refunds = [
            NewRefund(
                id=new_id(),
                reference=reference,
                payment_id=payment_id,
                charge_id=one.charge.id,
                amount=Money(one.left_minor, one.charge.amount.currency),
                reason="does not fit",
                is_kept=False,
            )
            for one in due
        ]
        await order_refunds(tx, refunds, now)
        await settle_of_attempts(tx, [one.charge.attempt_id for one in due], _SETTLES, by=actor.label, note="given back", now=now)
        for one in refunds:
            noted: dict[str, str | int | bool | None] = {"amount_minor": one.amount.minor, "currency": one.amount.currency}
            await record(tx, actor, "payment.given_back", Subject("payment", reference), {**noted, "charge_id": str(one.charge_id)})


async def _lock(tx: Transaction, reference: UUID) -> UUID:
    rows = await tx.fetch_tuples(
        """
        SELECT p.id
          FROM payments.payments p
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
           FOR UPDATE
        """,
        reference=reference,
    )
    if not rows:
        raise PaymentNotFound
    found: UUID = rows[0][0]
    return found


async def _aside(tx: Transaction, payment_id: UUID) -> list[Refundable]:
    """The charges that hold money and did not bring the payment's."""
    # A statement of its own: the one that waits for the lock would read charges as they were before the wait.
    rows = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}, {REFUNDED_COLUMNS}
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
          JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
          LEFT JOIN payments.refunds r
            ON r.organizer_id = c.organizer_id AND r.charge_id = c.id
         WHERE p.organizer_id = %(organizer_id)s AND p.id = %(payment_id)s AND c.id IS DISTINCT FROM p.kept_charge_id
         GROUP BY c.organizer_id, c.id
         ORDER BY c.id
        """,
        payment_id=payment_id,
    )
    return [refundable_of(row) for row in rows]
