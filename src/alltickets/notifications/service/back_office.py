"""What organizers do with mails: see what became of them, send one again, say where answers go."""

from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.notifications.records import StoredMail, mails_of_order, read_reply_address, write_reply_address
from alltickets.notifications.service.queueing import Queueing
from alltickets.orders.interface import Order, OrderNotFound, read_orders
from alltickets.platform.database import Database, Reader

__all__ = ["BackOffice"]


class BackOffice:
    """The organizer's use cases of mails."""

    def __init__(self, database: Database, queueing: Queueing) -> None:
        self._database = database
        self._queueing = queueing

    async def mails_of(self, actor: Actor, order_id: UUID) -> list[StoredMail]:
        """The mails about an order, the oldest first. Raises `OrderNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            await _order(reader, order_id)
            return await mails_of_order(reader, order_id)

    async def resend(self, actor: Actor, order_id: UUID) -> StoredMail:
        """Send the buyer once more what tells how the order stands. Raises `OrderNotFound` or `NothingToSend`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            mail = await self._queueing.resend(tx, await _order(tx, order_id))
            await record(tx, actor, "mail.resent", Subject("order", order_id), {"kind": mail.kind.value})
        return StoredMail(mail.mail_id, mail.kind, mail.recipient, mail.state, 0, None, mail.queued_at, None)

    async def reply_address(self, actor: Actor) -> str | None:
        """Where answers to the organizer's mails go; None: to the installation's own address."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await read_reply_address(reader)

    async def set_reply_address(self, actor: Actor, reply_to: str | None) -> None:
        """Have answers go there, or nowhere in particular."""
        async with self._database.transaction(actor.organizer_id) as tx:
            await write_reply_address(tx, reply_to)
            await record(tx, actor, "mail.reply_address_set", Subject("organizer", actor.organizer_id), {"reply_to": reply_to})


async def _order(reader: Reader, order_id: UUID) -> Order:
    found = await read_orders(reader, order_ids=[order_id])
    if not found:
        raise OrderNotFound
    return found[0]
