"""A mail is written: what is so when it leaves, not what was when it was called for."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from alltickets.identity.interface import Organizer, organizer_of
from alltickets.kernel.errors import Trouble
from alltickets.kernel.mail import address_key
from alltickets.kernel.money import Money
from alltickets.marketing.interface import WaitingList
from alltickets.notifications.letters.letter import Letter, html_of, text_of
from alltickets.notifications.letters.paying import is_instructed
from alltickets.notifications.letters.pieces import Facts
from alltickets.notifications.letters.waiting import waiting_letter
from alltickets.notifications.letters.wording import letter_about, recovery_letter
from alltickets.notifications.letters.words import words_of
from alltickets.notifications.records import LeasedMail, orders_of_recipient, read_reply_address
from alltickets.notifications.rules import WITH_TICKETS, MailKind, is_still_true, wait_before
from alltickets.orders.interface import Orders, OrderStatus, ShownOrder
from alltickets.platform.database import Database
from alltickets.platform.mail.message import Attachment, Mail
from alltickets.tickets.interface import Ticket

__all__ = ["AttachmentSource", "Writer"]

PDF = "application/pdf"
RECOVERED_MAX = 20
"""Orders in one mail with links; the newest."""

AttachmentSource = Callable[[ShownOrder, str], Awaitable[Sequence[Attachment]]]
"""Makes files that go with the confirmation of an order, in a locale: tickets on paper, a calendar entry. May be called again."""

_log = structlog.get_logger()


class Writer:
    """Writes mails from what the other contexts know."""

    def __init__(
        self,
        database: Database,
        orders: Orders,
        waiting_list: WaitingList,
        attachments: Sequence[AttachmentSource],
        *,
        sender: str,
        public_url: str,
    ) -> None:
        self._database = database
        self._orders = orders
        self._waiting_list = waiting_list
        self._attachments = attachments
        self._sender = sender
        self._host = urlsplit(public_url).hostname or "localhost"

    async def write(self, organizer_id: UUID, mail: LeasedMail, *, now: datetime) -> Mail | None:
        """The mail as it goes out; None when there is nothing to tell any more."""
        async with self._database.reading(organizer_id) as reader:
            organizer = await organizer_of(reader)
            reply_to = await read_reply_address(reader)
            is_recovery = mail.kind == MailKind.RECOVERED
            recovered = await orders_of_recipient(reader, mail.recipient_key, limit=RECOVERED_MAX) if is_recovery else []
        assert organizer is not None, "whoever sells has signed up"
        files: list[Attachment] = []
        if is_recovery:
            letter = await self._recovery(organizer, recovered, mail.recipient_key, now)
        elif mail.order_id is None:
            assert mail.entry_id is not None, "a mail is about an order, orders, or a waiting list"
            call = await self._waiting_list.call_of(organizer_id, mail.entry_id)
            letter = None if call is None else waiting_letter(call, organizer.name, words_of(call.entry.locale))
        else:
            shown = await self._orders.shop.shown(organizer_id, mail.order_id)
            if not is_still_true(mail.kind, shown.order.status, shown.order.payment_state) or (mail.is_outdone and wait_before(mail.kind)):
                return None
            if mail.kind == MailKind.PAYMENT_INSTRUCTED and not is_instructed(shown):
                # They pay another way by now.
                return None
            ticket = next((one.ticket for one in shown.tickets if one.ticket.ticket_id == mail.ticket_id and one.code), None)
            if mail.ticket_id is not None and ticket is None:
                return None
            buyers = None if mail.kind == MailKind.WITHDRAWAL_NOTICE else shown.order.buyer.locale
            words = words_of(buyers or organizer.locale)
            files = await self._files(shown, words.locale) if mail.kind in WITH_TICKETS else []
            has_tickets = any(file.media_type == PDF for file in files)
            facts = self._facts(organizer, shown, now, mail.amount_minor, has_attachments=has_tickets, ticket=ticket)
            letter = letter_about(mail.kind, facts, words)
        if letter is None:
            return None
        return Mail(
            message_id=f"{mail.mail_id}@{self._host}",
            date=mail.queued_at,
            sender=self._sender,
            sender_name=organizer.name,
            reply_to=reply_to,
            to=mail.recipient,
            language=letter.locale,
            subject=letter.subject,
            text=text_of(letter),
            html=html_of(letter),
            attachments=tuple(files),
            unsubscribe_url=None if letter.leave is None else letter.leave.url,
        )

    async def _recovery(self, organizer: Organizer, order_ids: Sequence[UUID], recipient_key: str, now: datetime) -> Letter | None:
        """The links of the orders that somebody may still want to see. Those of a buyer who gave another address since are not theirs."""
        written_about = [await self._orders.shop.shown(organizer.organizer_id, order_id) for order_id in order_ids]
        shown = [one for one in written_about if address_key(one.order.buyer.mail) == recipient_key]
        open_states = ("pending", "returning", "return_failed")
        wanted = [one for one in shown if one.order.status == OrderStatus.PAID or one.order.payment_state in open_states]
        if not wanted:
            return None
        words = words_of(wanted[0].order.buyer.locale or organizer.locale)
        return recovery_letter([self._facts(organizer, one, now, None, has_attachments=False) for one in wanted], words)

    def _facts(
        self,
        organizer: Organizer,
        shown: ShownOrder,
        now: datetime,
        amount_minor: int | None,
        *,
        has_attachments: bool,
        ticket: Ticket | None = None,
    ) -> Facts:
        order = shown.order
        return Facts(
            shown=shown,
            organizer=organizer.name,
            url=self._orders.secrets.order_url(organizer.organizer_id, order.order_id),
            amount=order.paid if amount_minor is None else Money(amount_minor, order.currency),
            has_attachments=has_attachments,
            now=now,
            ticket=ticket,
        )

    async def _files(self, shown: ShownOrder, locale: str) -> list[Attachment]:
        """What goes with a confirmation. A buyer whose PDF cannot be made gets the mail all the same: the page has everything."""
        files: list[Attachment] = []
        for source in self._attachments:
            try:
                files += await source(shown, locale)
            except Trouble:
                # Too many are being printed: the mail waits rather than go without its tickets.
                raise
            except Exception:
                _log.exception("a mail goes without an attachment", order=str(shown.order.order_id))
        return files
