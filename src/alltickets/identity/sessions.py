"""Sessions: what a sign-in yields. The token goes into a cookie, its hash into the directory of credentials."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from alltickets.identity.actors import Actor, ActorKind
from alltickets.identity.credentials import announce_change, issue_credential, revoke_credentials
from alltickets.identity.rules import ROLE_PERMISSIONS, SESSION_LIFETIME, Role
from alltickets.identity.tokens import CredentialKind, hash_of, new_token
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Transaction

__all__ = ["SignedIn", "announce_sessions_of", "end_session", "end_sessions_of", "hold_membership", "start_session"]


@dataclass(frozen=True)
class SignedIn:
    """A session that begins: the token exists nowhere else."""

    actor: Actor
    expires_at: datetime
    token: str = field(repr=False)


async def hold_membership(tx: Transaction, user_id: UUID) -> Role | None:
    """The user's role, None for no member. Locked until `tx` ends, so that no removal passes between this and a session's beginning."""
    rows = await tx.fetch_tuples(
        """
        SELECT m.role
          FROM identity.memberships m
         WHERE m.organizer_id = %(organizer_id)s AND m.user_id = %(user_id)s
           FOR KEY SHARE
        """,
        user_id=user_id,
    )
    return Role(rows[0][0]) if rows else None


async def start_session(
    tx: Transaction, *, user_id: UUID, name: str, role: Role, now: datetime, expires_at: datetime | None = None
) -> SignedIn:
    """Begin a session of a member of the transaction's organizer; None: it may live its whole lifetime. Two statements."""
    session_id, token = new_id(), new_token(CredentialKind.SESSION)
    ends_at = expires_at or now + SESSION_LIFETIME
    await tx.execute(
        """
        INSERT INTO identity.sessions (organizer_id, session_id, user_id, started_at, last_seen_at, expires_at)
        VALUES (%(organizer_id)s, %(session_id)s, %(user_id)s, %(now)s, %(now)s, %(expires_at)s)
        """,
        session_id=session_id,
        user_id=user_id,
        now=now,
        expires_at=ends_at,
    )
    await issue_credential(tx, CredentialKind.SESSION, hash_of(token), session_id, expires_at=ends_at)
    actor = Actor(tx.organizer_id, ActorKind.USER, name, ROLE_PERMISSIONS[role], user_id=user_id, credential_id=session_id)
    return SignedIn(actor, ends_at, token)


async def end_session(tx: Transaction, session_id: UUID) -> list[bytes]:
    """End one session; the hashes that no longer open anything."""
    await tx.execute(
        "DELETE FROM identity.sessions WHERE organizer_id = %(organizer_id)s AND session_id = %(session_id)s", session_id=session_id
    )
    return await revoke_credentials(tx, [session_id])


async def end_sessions_of(tx: Transaction, user_id: UUID) -> list[bytes]:
    """End every session that the user has for this organizer; the hashes that no longer open anything."""
    rows = await tx.fetch_tuples(
        "DELETE FROM identity.sessions WHERE organizer_id = %(organizer_id)s AND user_id = %(user_id)s RETURNING session_id",
        user_id=user_id,
    )
    return await revoke_credentials(tx, [session_id for (session_id,) in rows])


async def announce_sessions_of(tx: Transaction, user_id: UUID) -> list[bytes]:
    """Have what the user's sessions may do looked up again everywhere; their hashes."""
    rows = await tx.fetch_tuples(
        """
        SELECT c.hash
          FROM identity.sessions s
          JOIN identity.credentials c
            ON c.organizer_id = s.organizer_id AND c.subject_id = s.session_id
         WHERE s.organizer_id = %(organizer_id)s AND s.user_id = %(user_id)s
        """,
        user_id=user_id,
    )
    return announce_change(tx, [token_hash for (token_hash,) in rows])
