"""Mails as rows: queued together, taken one by one, settled once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.notifications.rules import MailKind, MailState
from alltickets.platform.database import Reader, Transaction, rows_as_json

__all__ = [
    "LeasedMail",
    "QueuedMail",
    "StoredMail",
    "insert_mails",
    "lease_mail",
    "leased_until",
    "mails_of_order",
    "orders_of_recipient",
    "organizers_of_recipient",
    "postpone_mail",
    "read_reply_address",
    "readdress_mails",
    "remember_recipients",
    "settle_mail",
    "write_reply_address",
]


class QueuedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be sent. `entry_id`: it is about a waiting list; neither that nor `order_id`: about all orders of its recipient."""

    mail_id: UUID
    order_id: UUID | None
    entry_id: UUID | None = None
    kind: MailKind
    occasion: str
    amount_minor: int | None
    recipient: str
    recipient_key: str
    state: MailState
    queued_at: datetime
    settled_at: datetime | None
    ticket_id: UUID | None = None


class StoredMail(msgspec.Struct, frozen=True):
    """A mail as it stands. `fault` is what the mail server said last."""

    mail_id: UUID
    kind: MailKind
    recipient: str
    state: MailState
    tries: int
    fault: str | None
    queued_at: datetime
    settled_at: datetime | None


class LeasedMail(msgspec.Struct, frozen=True):
    """A mail that this process alone is about to send. `is_outdone`: a later one of its kind about the same order is queued or sent."""

    mail_id: UUID
    order_id: UUID | None
    entry_id: UUID | None
    kind: MailKind
    amount_minor: int | None
    recipient: str
    recipient_key: str
    queued_at: datetime
    ticket_id: UUID | None
    is_outdone: bool


async def insert_mails(tx: Transaction, mails: Sequence[QueuedMail]) -> set[UUID]:
    """Store mails, one statement for all; the ids of those that are new: of the same order or entry, kind and occasion there is one."""
    if not mails:
        return set()
    rows = await tx.fetch_tuples(
        """
        INSERT INTO notifications.mails
               (organizer_id, mail_id, order_id, entry_id, kind, occasion, amount_minor, recipient, recipient_key, state, queued_at,
                settled_at, ticket_id)
        SELECT o.organizer_id, x.mail_id, x.order_id, x.entry_id, x.kind, x.occasion, x.amount_minor, x.recipient, x.recipient_key, x.state,
               x.queued_at, x.settled_at, x.ticket_id
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(mail_id uuid, order_id uuid, entry_id uuid, kind text, occasion text, amount_minor bigint, recipient text,
                        recipient_key text, state text, queued_at timestamptz, settled_at timestamptz, ticket_id uuid)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT DO NOTHING
        RETURNING mail_id
        """,
        rows=rows_as_json(mails),
    )
    return {mail_id for (mail_id,) in rows}


async def remember_recipients(tx: Transaction, recipient_keys: Collection[str]) -> None:
    """Note that these addresses have bought from the transaction's organizer. In the order of the keys: others write the same rows."""
    if recipient_keys:
        await tx.execute(
            """
            /* directory */
            INSERT INTO notifications.correspondents (recipient_key, organizer_id)
            SELECT x.recipient_key, %(organizer_id)s
              FROM unnest(%(keys)s::text[]) AS x(recipient_key)
             ORDER BY x.recipient_key
            ON CONFLICT (recipient_key, organizer_id) DO NOTHING
            """,
            keys=sorted(recipient_keys),
        )


async def organizers_of_recipient(reader: Reader, recipient_key: str) -> list[UUID]:
    """Whom an address has bought from."""
    rows = await reader.fetch_tuples(
        "/* directory */ SELECT organizer_id FROM notifications.correspondents WHERE recipient_key = %(key)s ORDER BY organizer_id",
        key=recipient_key,
    )
    return [organizer_id for (organizer_id,) in rows]


async def orders_of_recipient(reader: Reader, recipient_key: str, *, limit: int) -> list[UUID]:
    """The orders that an address was written to about, the newest first. Index: mails_by_recipient."""
    rows = await reader.fetch_tuples(
        """
        SELECT DISTINCT order_id
          FROM notifications.mails
         WHERE organizer_id = %(organizer_id)s AND recipient_key = %(key)s AND order_id IS NOT NULL
         ORDER BY order_id DESC
         LIMIT %(limit)s
        """,
        key=recipient_key,
        limit=limit,
    )
    return [order_id for (order_id,) in rows]


async def lease_mail(tx: Transaction, mail_id: UUID, *, now: datetime, until: datetime) -> LeasedMail | None:
    """Take a queued mail for one try that ends by `until`; None when it is settled, or somebody else's try is under way."""
    rows = await tx.fetch_tuples(
        """
        UPDATE notifications.mails m
           SET lease_until = %(until)s, tries = tries + 1
         WHERE m.organizer_id = %(organizer_id)s AND m.mail_id = %(mail_id)s AND m.state = 'queued'
           AND (m.lease_until IS NULL OR m.lease_until <= %(now)s)
        RETURNING m.mail_id, m.order_id, m.entry_id, m.kind, m.amount_minor, m.recipient, m.recipient_key, m.queued_at,
                  m.ticket_id,
                  EXISTS (SELECT 1
                            FROM notifications.mails n
                           WHERE n.organizer_id = %(organizer_id)s AND n.order_id = m.order_id AND n.kind = m.kind
                             AND n.mail_id > m.mail_id AND n.state IN ('queued', 'sent')) AS is_outdone
        """,
        mail_id=mail_id,
        now=now,
        until=until,
    )
    return next((LeasedMail(mail_id, order_id, entry_id, MailKind(kind), *rest) for mail_id, order_id, entry_id, kind, *rest in rows), None)


async def leased_until(tx: Transaction, mail_id: UUID) -> datetime | None:
    """When the try that is under way has ended at the latest; None when the mail is settled."""
    rows = await tx.fetch_tuples(
        "SELECT lease_until FROM notifications.mails WHERE organizer_id = %(organizer_id)s AND mail_id = %(mail_id)s AND state = 'queued'",
        mail_id=mail_id,
    )
    return rows[0][0] if rows else None


async def postpone_mail(tx: Transaction, mail_id: UUID, fault: str) -> bool:
    """End a try that came to nothing; False when the mail was settled meanwhile."""
    touched = await tx.execute(
        """
        UPDATE notifications.mails
           SET lease_until = NULL, fault = %(fault)s
         WHERE organizer_id = %(organizer_id)s AND mail_id = %(mail_id)s AND state = 'queued'
        """,
        mail_id=mail_id,
        fault=fault,
    )
    return touched == 1


async def readdress_mails(tx: Transaction, order_id: UUID, recipient: str, recipient_key: str, *, now: datetime) -> None:
    """Have the mails about an order that wait go to another address. One whose try is under way is too late for that."""
    await tx.execute(
        """
        UPDATE notifications.mails
           SET recipient = %(recipient)s, recipient_key = %(recipient_key)s
         WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s AND state = 'queued'
           AND kind NOT IN ('address_changed', 'withdrawal_notice')
           AND (lease_until IS NULL OR lease_until <= %(now)s)
        """,
        order_id=order_id,
        recipient=recipient,
        recipient_key=recipient_key,
        now=now,
    )


async def settle_mail(tx: Transaction, mail_id: UUID, state: MailState, *, now: datetime, fault: str | None = None) -> None:
    """Say what became of a queued mail. What was said before stands."""
    await tx.execute(
        """
        UPDATE notifications.mails
           SET state = %(state)s, settled_at = %(now)s, lease_until = NULL, fault = %(fault)s
         WHERE organizer_id = %(organizer_id)s AND mail_id = %(mail_id)s AND state = 'queued'
        """,
        mail_id=mail_id,
        state=state.value,
        now=now,
        fault=fault,
    )


async def mails_of_order(reader: Reader, order_id: UUID) -> list[StoredMail]:
    """The mails about an order, the oldest first. The unique index on order and kind carries it."""
    rows = await reader.fetch_tuples(
        """
        SELECT mail_id, kind, recipient, state, tries, fault, queued_at, settled_at
          FROM notifications.mails
         WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s
         ORDER BY mail_id
        """,
        order_id=order_id,
    )
    return [StoredMail(mail_id, MailKind(kind), recipient, MailState(state), *rest) for mail_id, kind, recipient, state, *rest in rows]


async def read_reply_address(reader: Reader) -> str | None:
    """Where answers to the organizer's mails go; None: to the sender's address, which is the installation's."""
    rows = await reader.fetch_tuples("SELECT reply_to FROM notifications.reply_addresses WHERE organizer_id = %(organizer_id)s")
    return rows[0][0] if rows else None


async def write_reply_address(tx: Transaction, reply_to: str | None) -> None:
    """Set that address, or take it away."""
    if reply_to is None:
        await tx.execute("DELETE FROM notifications.reply_addresses WHERE organizer_id = %(organizer_id)s")
        return
    await tx.execute(
        """
        INSERT INTO notifications.reply_addresses (organizer_id, reply_to)
        VALUES (%(organizer_id)s, %(reply_to)s)
        ON CONFLICT (organizer_id) DO UPDATE SET reply_to = excluded.reply_to
        """,
        reply_to=reply_to,
    )
