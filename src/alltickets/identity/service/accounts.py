"""Writes of accounts and memberships that several use cases share; all of them join the caller's transaction."""

from datetime import datetime
from uuid import UUID

from alltickets.identity.queries import Account
from alltickets.identity.rules import Role
from alltickets.platform.database import Transaction

__all__ = ["add_account", "add_membership", "mark_used"]


async def add_account(tx: Transaction, account: Account, *, now: datetime) -> bool:
    """Add a person to the directory; False when the mail has an account."""
    added = await tx.execute(
        """
        /* directory */
        INSERT INTO identity.accounts (user_id, mail, name, password_hash, created_at)
        VALUES (%(user_id)s, %(mail)s, %(name)s, %(password_hash)s, %(now)s)
        ON CONFLICT (mail) DO NOTHING
        """,
        user_id=account.user_id,
        mail=account.mail,
        name=account.name,
        password_hash=account.password_hash,
        now=now,
    )
    return added == 1


async def add_membership(tx: Transaction, user_id: UUID, role: Role, *, now: datetime) -> bool:
    """Make a person a member of the transaction's organizer; False when they are one, whatever their role."""
    added = await tx.execute(
        """
        INSERT INTO identity.memberships (organizer_id, user_id, role, joined_at)
        VALUES (%(organizer_id)s, %(user_id)s, %(role)s, %(now)s)
        ON CONFLICT (organizer_id, user_id) DO NOTHING
        """,
        user_id=user_id,
        role=role.value,
        now=now,
    )
    await mark_used(tx, user_id, now=now)
    return added == 1


async def mark_used(tx: Transaction, user_id: UUID, *, now: datetime) -> None:
    """This is the organizer that the user works for now: the next sign-in leads here."""
    await tx.execute(
        """
        INSERT INTO identity.affiliations (user_id, organizer_id, last_used_at)
        VALUES (%(user_id)s, %(organizer_id)s, %(now)s)
        ON CONFLICT (user_id, organizer_id) DO UPDATE SET last_used_at = excluded.last_used_at
        """,
        user_id=user_id,
        now=now,
    )
