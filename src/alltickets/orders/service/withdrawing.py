"""Buyers withdraw from a purchase, and organizers answer."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from alltickets.catalog.interface import Catalog
from alltickets.identity.interface import Actor, Limit, Subject, record, spend_tries
from alltickets.kernel.ids import new_id
from alltickets.kernel.mail import address_key
from alltickets.kernel.time import Clock
from alltickets.orders.events import WithdrawalAsked, WithdrawalSettled
from alltickets.orders.quotes import KeptQuotes
from alltickets.orders.records import Order, lock_orders
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen, WithdrawalIsSettled, WithdrawalNotFound
from alltickets.orders.rules import OrderStatus
from alltickets.orders.secrets import OrderSecrets
from alltickets.orders.service.back_office import BackOffice
from alltickets.orders.withdrawals import (
    Withdrawal,
    WithdrawalStatus,
    code_from,
    insert_withdrawal,
    is_in_time,
    list_withdrawals,
    number_key,
    read_withdrawal,
    settle_withdrawal,
    withdrawal_of_order,
)
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page
from alltickets.platform.secrets import KeyRing

__all__ = ["Withdrawing"]

WITHDRAWALS_PER_ADDRESS = Limit("order.withdrawal.address", 20, 3600)
_CONTEXT = "withdrawal"


class Withdrawing:
    """Use cases of withdrawals.

    The code is made from the order's number and the mail address by the key ring, not drawn: it can be told at once without looking whether
    there is such an order, is the same for whoever asks twice, and cannot be made by anybody else.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        quotes: KeptQuotes,
        secrets: OrderSecrets,
        key_ring: KeyRing,
        back_office: BackOffice,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._quotes = quotes
        self._secrets = secrets
        self._key_ring = key_ring
        self._back_office = back_office

    def code_of(self, number: str, mail: str) -> str:
        """The code of a withdrawal from the order of this number, asked for by whoever has this mail address."""
        return code_from(self._key_ring.stamp(f"{number_key(number)} {address_key(mail)}".encode(), _CONTEXT))

    async def spend_try(self, *, address: str) -> None:
        """Count one that asks without an order's secret. Raises `TooManyTries`."""
        await spend_tries(self._database, (WITHDRAWALS_PER_ADDRESS, address), now=self._clock())

    async def ask(self, order_id: UUID, secret: str) -> Withdrawal:
        """Withdraw from the order of this secret; twice is once. Raises `OrderNotFound`, or `OrderNotOpen` if it is not paid."""
        async with self._database.transaction(self._secrets.organizer_of(order_id, secret)) as tx:
            orders = await lock_orders(tx, order_ids=[order_id])
            if not orders:
                raise OrderNotFound
            return await self._ask(tx, orders[0])

    async def ask_matching(self, organizer_id: UUID, order_ids: Collection[UUID], number: str, mail: str) -> None:
        """Withdraw from whichever of these orders has this number and a buyer of this mail address; none: nothing."""
        async with self._database.transaction(organizer_id) as tx:
            for order in await lock_orders(tx, order_ids=order_ids):
                is_meant = number_key(order.number) == number_key(number) and address_key(order.buyer.mail) == address_key(mail)
                if is_meant and order.status == OrderStatus.PAID:
                    await self._ask(tx, order)

    async def page(self, actor: Actor, *, status: WithdrawalStatus | None, cursor: str | None, size: int) -> Page[Withdrawal]:
        """The organizer's withdrawals, the newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await list_withdrawals(reader, status=status, cursor=cursor, size=size)

    async def accept(self, actor: Actor, withdrawal_id: UUID) -> Withdrawal:
        """Call the order off for its buyer: tickets revoked, places free, all of the money on its way back. Twice is once.

        Raises `WithdrawalNotFound` or `WithdrawalIsSettled`.
        """
        return await self._settle(actor, withdrawal_id, WithdrawalStatus.ACCEPTED, None)

    async def decline(self, actor: Actor, withdrawal_id: UUID, reason: str) -> Withdrawal:
        """Leave the order as it is, and tell its buyer why. Twice is once. Raises `WithdrawalNotFound` or `WithdrawalIsSettled`."""
        return await self._settle(actor, withdrawal_id, WithdrawalStatus.DECLINED, reason)

    async def _ask(self, tx: Transaction, order: Order) -> Withdrawal:
        found = await withdrawal_of_order(tx, order.order_id)
        if found is not None:
            return found
        if order.status != OrderStatus.PAID or order.paid_at is None:
            raise OrderNotOpen(order.status)
        now = self._clock()
        event = await self._catalog.snapshot(order.event_id)
        assert event is not None, "an event with orders is never deleted"
        quotes = await self._quotes.read(tx, [order.quote_id])
        starts = [event.performances[line.performance_id].starts_at for line in quotes[order.quote_id].lines]
        asked = Withdrawal(
            withdrawal_id=new_id(),
            order_id=order.order_id,
            code=self.code_of(order.number, order.buyer.mail),
            is_in_time=is_in_time(order.paid_at, starts, now, timezone=event.timezone),
            status=WithdrawalStatus.ASKED,
            reason=None,
            asked_at=now,
            settled_at=None,
        )
        await insert_withdrawal(tx, asked)
        tx.publish(WithdrawalAsked(withdrawal_id=asked.withdrawal_id, order_id=order.order_id, event_id=order.event_id))
        return asked

    async def _settle(self, actor: Actor, withdrawal_id: UUID, status: WithdrawalStatus, reason: str | None) -> Withdrawal:
        async with self._database.transaction(actor.organizer_id) as tx:
            asked = await read_withdrawal(tx, withdrawal_id)
            if asked is None:
                raise WithdrawalNotFound
            # The order's lock lines up whoever settles the same one; what they have written is seen after it.
            [order] = await lock_orders(tx, order_ids=[asked.order_id])
            asked = await read_withdrawal(tx, withdrawal_id)
            assert asked is not None, "withdrawals are never deleted"
            if asked.status == status:
                return asked
            if asked.status != WithdrawalStatus.ASKED:
                raise WithdrawalIsSettled(asked.status)
            if status == WithdrawalStatus.ACCEPTED and order.status == OrderStatus.PAID:
                await self._back_office.call_off(tx, actor, order, f"withdrawal {asked.code}", is_withdrawn=True)
            now = self._clock()
            await settle_withdrawal(tx, withdrawal_id, status, reason, now=now)
            await record(tx, actor, f"withdrawal.{status.value}", Subject("order", order.order_id), {"code": asked.code, "reason": reason})
            tx.publish(
                WithdrawalSettled(withdrawal_id=withdrawal_id, order_id=order.order_id, event_id=order.event_id, status=status.value)
            )
            return replace(asked, status=status, reason=reason, settled_at=now)
