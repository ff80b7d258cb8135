"""News become mails: a row for each and a job for some, in one transaction. Buyers who ask for mail get it the same way."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.identity.interface import spend_tries
from alltickets.kernel.ids import new_id
from alltickets.kernel.mail import address_key
from alltickets.kernel.time import Clock
from alltickets.marketing.events import PlacesFreed
from alltickets.marketing.interface import WaitingEntry, read_waiting_entries
from alltickets.notifications.records import (
    QueuedMail,
    insert_mails,
    orders_of_recipient,
    organizers_of_recipient,
    read_reply_address,
    remember_recipients,
)
from alltickets.notifications.refusals import NothingToSend
from alltickets.notifications.rules import (
    FRESH_FOR,
    RECOVERIES_PER_ADDRESS,
    RECOVERIES_PER_MAIL,
    RESENDS_PER_ADDRESS,
    RESENDS_PER_ORDER,
    MailKind,
    MailState,
    News,
    is_still_true,
    kind_of_resend,
    news_of,
    wait_before,
)
from alltickets.orders.interface import Order, OrderNotFound, Orders, read_orders
from alltickets.platform.database import Database, Transaction
from alltickets.platform.jobs import Arguments, Jobs
from alltickets.platform.outbox import Recorded

__all__ = ["RECOVER", "SEND", "WITHDRAW", "Queueing"]

SEND = "mail.send"
RECOVER = "mail.recover"
WITHDRAW = "order.withdraw"
WITHDRAWN_AMONG_MAX = 500
"""Orders of one address at one organizer that a number is looked for among; the newest."""
MAILS_PER_JOB = 8
"""Few enough that a worker which is told to stop soon has, and that several workers share what a rush leaves."""


class Queueing:
    """Use cases that end with mails in the queue."""

    def __init__(self, database: Database, clock: Clock, jobs: Jobs, orders: Orders) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._orders = orders

    async def on_events(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Queue what these events call for. Four statements and one for each wait, whatever their number; a repetition queues nothing."""
        now = self._clock()
        news = [(one, entry.occurred_at) for entry in recorded if (one := news_of(entry.event)) is not None]
        orders = {order.order_id: order for order in await read_orders(tx, order_ids={one.order_id for one, _ in news})}
        mails = [
            _mail(orders[one.order_id], one, now, is_fresh=now - occurred_at < FRESH_FOR)
            for one, occurred_at in news
            if one.order_id in orders and _is_worth_a_mail(one, orders[one.order_id])
        ]
        await self._queue(tx, [*mails, *await _notices(tx, mails), *await _of_waiting(tx, recorded, now)], now)
        # Whoever was sold something may ask for it again, even where it was too long ago to be written about.
        await remember_recipients(tx, {mail.recipient_key for mail in mails})

    async def resend(self, tx: Transaction, order: Order) -> QueuedMail:
        """Queue the mail that tells how the order stands once more. Raises `NothingToSend`."""
        kind = kind_of_resend(order.status, order.payment_state)
        if kind is None:
            raise NothingToSend(order.status)
        return await self.queue(tx, order, News(order.order_id, kind, f"again {new_id()}"))

    async def queue(self, tx: Transaction, order: Order, news: News) -> QueuedMail:
        """Queue this mail to the order's buyer, to be sent at once."""
        now = self._clock()
        mail = _mail(order, news, now, is_fresh=True)
        await self._queue(tx, [mail], now, at_once=True)
        return mail

    async def resend_to_buyer(self, order_id: UUID, secret: str, *, address: str) -> None:
        """The same for a buyer who has the order's secret. Raises `OrderNotFound`, `TooManyTries` or `NothingToSend`."""
        organizer_id = self._orders.secrets.organizer_of(order_id, secret)
        tries = ((RESENDS_PER_ORDER, str(order_id)), (RESENDS_PER_ADDRESS, address))
        await spend_tries(self._database, *tries, now=self._clock())
        async with self._database.transaction(organizer_id) as tx:
            found = await read_orders(tx, order_ids=[order_id])
            if not found:
                raise OrderNotFound
            await self.resend(tx, found[0])

    async def ask_recovery(self, mail: str, *, address: str) -> None:
        """Have the links of all orders of this mail address sent to it. Raises `TooManyTries`.

        Nothing is looked up here, so neither the answer nor its time says whether the address is known.
        """
        tries = ((RECOVERIES_PER_MAIL, address_key(mail)), (RECOVERIES_PER_ADDRESS, address))
        await spend_tries(self._database, *tries, now=self._clock())
        async with self._database.transaction(None) as tx:
            await self._jobs.defer(tx, RECOVER, mail=mail)

    async def recover(self, mail: str) -> None:
        """Queue a mail with the links of the address's orders for each organizer that it has bought from."""
        async with self._database.reading(None) as reader:
            organizers = await organizers_of_recipient(reader, address_key(mail))
        now = self._clock()
        for organizer_id in organizers:
            async with self._database.transaction(organizer_id) as tx:
                queued = QueuedMail(
                    mail_id=new_id(),
                    order_id=None,
                    kind=MailKind.RECOVERED,
                    occasion="",
                    amount_minor=None,
                    recipient=mail,
                    recipient_key=address_key(mail),
                    state=MailState.QUEUED,
                    queued_at=now,
                    settled_at=None,
                )
                await self._queue(tx, [queued], now)

    async def ask_withdrawal(self, number: str, mail: str, *, address: str) -> str:
        """Withdraw from the order of this number that was bought with this mail address: the code of that. Raises `TooManyTries`.

        Nothing is looked up here: the code is the same whether or not there is such an order, and so is the time that it takes. If there
        is, its buyer is written to.
        """
        await self._orders.withdrawing.spend_try(address=address)
        async with self._database.transaction(None) as tx:
            await self._jobs.defer(tx, WITHDRAW, number=number, mail=mail)
        return self._orders.withdrawing.code_of(number, mail)

    async def withdraw(self, number: str, mail: str) -> None:
        """Look for that order among all that the address was written to about, of whatever organizer, and withdraw from it."""
        key = address_key(mail)
        async with self._database.reading(None) as reader:
            organizers = await organizers_of_recipient(reader, key)
        for organizer_id in organizers:
            async with self._database.reading(organizer_id) as reader:
                order_ids = await orders_of_recipient(reader, key, limit=WITHDRAWN_AMONG_MAX)
            await self._orders.withdrawing.ask_matching(organizer_id, order_ids, number, mail)

    async def _queue(self, tx: Transaction, mails: Sequence[QueuedMail], now: datetime, *, at_once: bool = False) -> None:
        """Store mails, and defer jobs for the new ones that are to be sent, some mails each: a job's rows cost as much as an order's."""
        new = await insert_mails(tx, mails)
        due: dict[datetime | None, list[str]] = {}
        for mail in mails:
            if mail.mail_id in new and mail.state == MailState.QUEUED:
                wait = wait_before(mail.kind)
                run_at = now + wait if wait and not at_once else None
                due.setdefault(run_at, []).append(str(mail.mail_id))
        organizer_id = str(tx.organizer_id)
        for run_at, ids in due.items():
            chunks = [ids[first : first + MAILS_PER_JOB] for first in range(0, len(ids), MAILS_PER_JOB)]
            each: list[Arguments] = [{"organizer_id": organizer_id, "mail_ids": list(chunk)} for chunk in chunks]
            await self._jobs.defer_each(tx, SEND, each, run_at=run_at)


async def _notices(tx: Transaction, mails: Sequence[QueuedMail]) -> list[QueuedMail]:
    """For organizers, who have to answer within a day: one beside each that tells a buyer the code, where there is an address."""
    asked = [mail for mail in mails if mail.kind == MailKind.WITHDRAWAL_ASKED]
    reply_to = await read_reply_address(tx) if asked else None
    if reply_to is None:
        return []
    # Without a key: whoever asks for the orders of this address is not sent those that it was told of.
    return [
        msgspec.structs.replace(mail, mail_id=new_id(), kind=MailKind.WITHDRAWAL_NOTICE, recipient=reply_to, recipient_key="")
        for mail in asked
    ]


def _is_worth_a_mail(news: News, order: Order) -> bool:
    """Most orders that expire were only left; of those nobody is told. What else is untrue by now may be true again when it is sent."""
    return news.kind != MailKind.ORDER_EXPIRED or is_still_true(news.kind, order.status, order.payment_state)


async def _of_waiting(tx: Transaction, recorded: Sequence[Recorded], now: datetime) -> list[QueuedMail]:
    """Mails to those on waiting lists whose turn it is; whoever has left meanwhile gets none."""
    called = {
        entry_id: now - entry.occurred_at < FRESH_FOR
        for entry in recorded
        if isinstance(entry.event, PlacesFreed)
        for entry_id in entry.event.entry_ids
    }
    if not called:
        return []
    return [_waiting_mail(one, now, is_fresh=called[one.entry_id]) for one in await read_waiting_entries(tx, called)]


def _waiting_mail(entry: WaitingEntry, now: datetime, *, is_fresh: bool) -> QueuedMail:
    return QueuedMail(
        mail_id=new_id(),
        order_id=None,
        entry_id=entry.entry_id,
        kind=MailKind.PLACES_FREED,
        occasion="" if entry.called_at is None else entry.called_at.isoformat(),
        amount_minor=None,
        recipient=entry.mail,
        recipient_key=address_key(entry.mail),
        state=MailState.QUEUED if is_fresh else MailState.DROPPED,
        queued_at=now,
        settled_at=None if is_fresh else now,
    )


def _mail(order: Order, news: News, now: datetime, *, is_fresh: bool) -> QueuedMail:
    return QueuedMail(
        mail_id=new_id(),
        order_id=order.order_id,
        kind=news.kind,
        occasion=news.occasion,
        amount_minor=news.amount_minor,
        recipient=order.buyer.mail,
        recipient_key=address_key(order.buyer.mail),
        state=MailState.QUEUED if is_fresh else MailState.DROPPED,
        queued_at=now,
        settled_at=None if is_fresh else now,
        ticket_id=news.ticket_id,
    )
