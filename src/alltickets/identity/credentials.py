"""The directory of credentials: what a token's hash stands for, and whose it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from alltickets.identity.tokens import CredentialKind
from alltickets.platform.database import Reader, Transaction

__all__ = ["TOPIC", "Found", "announce_change", "find_credential", "issue_credential", "revoke_credentials"]

TOPIC = "identity.credentials"
"""Announced with a hash in hex when what it stands for changes or ends."""


class Found(NamedTuple):
    """Whose a credential is, and which session, key, device or invitation it opens."""

    organizer_id: UUID
    subject_id: UUID


async def find_credential(reader: Reader, kind: CredentialKind, token_hash: bytes, *, now: datetime) -> Found | None:
    """The credential of that kind and hash, unless it has expired. One look by the primary key."""
    return await reader.fetch_first(
        Found,
        """
        /* directory */
        SELECT c.organizer_id, c.subject_id
          FROM identity.credentials c
         WHERE c.hash = %(hash)s AND c.kind = %(kind)s AND (c.expires_at IS NULL OR c.expires_at > %(now)s)
        """,
        hash=token_hash,
        kind=kind.value,
        now=now,
    )


async def issue_credential(
    tx: Transaction, kind: CredentialKind, token_hash: bytes, subject_id: UUID, *, expires_at: datetime | None
) -> None:
    """Make a token valid for a thing of the transaction's organizer; None: until it is revoked."""
    await tx.execute(
        """
        INSERT INTO identity.credentials (hash, kind, organizer_id, subject_id, expires_at)
        VALUES (%(hash)s, %(kind)s, %(organizer_id)s, %(subject_id)s, %(expires_at)s)
        """,
        hash=token_hash,
        kind=kind.value,
        subject_id=subject_id,
        expires_at=expires_at,
    )


async def revoke_credentials(tx: Transaction, subject_ids: Sequence[UUID]) -> list[bytes]:
    """End the credentials of these things in every process; their hashes, for `Authenticator.forget` after the commit."""
    rows = await tx.fetch_tuples(
        """
        DELETE FROM identity.credentials
         WHERE organizer_id = %(organizer_id)s AND subject_id = ANY(%(subject_ids)s)
        RETURNING hash
        """,
        subject_ids=list(subject_ids),
    )
    return announce_change(tx, [token_hash for (token_hash,) in rows])


def announce_change(tx: Transaction, hashes: Sequence[bytes]) -> list[bytes]:
    """Have every process look these credentials up again; returns them."""
    for token_hash in hashes:
        tx.announce(TOPIC, token_hash.hex())
    return list(hashes)
