"""Where a buyer is written to: whether mail arrives there, and another address where it does not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record, spend_tries
from alltickets.kernel.mail import address_key
from alltickets.kernel.time import Clock
from alltickets.notifications.records import mails_of_order, readdress_mails, remember_recipients
from alltickets.notifications.rules import (
    ADDRESSES_PER_ORDER,
    RESENDS_PER_ADDRESS,
    MailKind,
    News,
    has_bounced,
    kind_of_resend,
)
from alltickets.notifications.service.queueing import Queueing
from alltickets.orders.interface import Order, OrderNotFound, Orders, check_mail, correct_buyer_mail, read_orders
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["Addresses", "MailAddress"]


@dataclass(frozen=True, slots=True)
class MailAddress:
    """Where the buyer of an order is written to. `can_resend`: there is a mail that tells how the order stands."""

    mail: str
    has_bounced: bool
    can_resend: bool


class Addresses:
    """Use cases of buyers about their mail address. Whoever has the order's secret may; a wrong one raises `OrderNotFound`."""

    def __init__(self, database: Database, clock: Clock, orders: Orders, queueing: Queueing) -> None:
        self._database = database
        self._clock = clock
        self._orders = orders
        self._queueing = queueing

    async def read(self, order_id: UUID, secret: str) -> MailAddress:
        """The address, and whether it took the last mail. Raises `OrderNotFound`."""
        async with self._database.reading(self._orders.secrets.organizer_of(order_id, secret)) as reader:
            found = await read_orders(reader, order_ids=[order_id])
            if not found:
                raise OrderNotFound
            return await _address_of(reader, found[0])

    async def correct(self, order_id: UUID, secret: str, mail: str, *, address: str) -> None:
        """Write to another address from now on, and send there what tells how the order stands. address: where that is asked from.

        What waits goes there too, lost links are found by it, and the former address is told, unless it bounced. Raises `OrderNotFound`,
        `HoldersInvalid` for what is no address, or `TooManyTries`.
        """
        organizer_id = self._orders.secrets.organizer_of(order_id, secret)
        mail, now = check_mail(mail), self._clock()
        tries = ((ADDRESSES_PER_ORDER, str(order_id)), (RESENDS_PER_ADDRESS, address))
        await spend_tries(self._database, *tries, now=now)
        async with self._database.transaction(organizer_id) as tx:
            before, after = await correct_buyer_mail(tx, order_id, mail)
            if before != after:
                await self._follow(tx, before, after, now)
            if kind_of_resend(after.status, after.payment_state) is not None:
                await self._queueing.resend(tx, after)

    async def _follow(self, tx: Transaction, before: Order, after: Order, now: datetime) -> None:
        former = await _address_of(tx, before)
        key = address_key(after.buyer.mail)
        await readdress_mails(tx, after.order_id, after.buyer.mail, key, now=now)
        await remember_recipients(tx, [key])
        # Whoever reads the former address learns that it is no longer written to: it may have been taken from them.
        if not former.has_bounced:
            occasion = f"{now.isoformat()} {after.order_id}"
            await self._queueing.queue(tx, before, News(before.order_id, MailKind.ADDRESS_CHANGED, occasion))
        detail: dict[str, str | int | bool | None] = {"order": after.number, "had_bounced": former.has_bounced}
        actor = Actor.buyer(tx.organizer_id, after.number)
        await record(tx, actor, "order.mail_corrected", Subject("order", after.order_id), detail)


async def _address_of(reader: Reader, order: Order) -> MailAddress:
    mails = await mails_of_order(reader, order.order_id)
    can_resend = kind_of_resend(order.status, order.payment_state) is not None
    settled = [(address_key(one.recipient), one.state) for one in mails]
    return MailAddress(order.buyer.mail, has_bounced(settled, address_key(order.buyer.mail)), can_resend)
