"""Sellers as rows. Whoever locks more than one row of a seller takes `sellers` before `accounts`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from alltickets.kernel.ids import new_id
from alltickets.payments.account_rows import note_test_account
from alltickets.payments.connections import sealing_context
from alltickets.payments.sellers.port import Grant, Profile, environment_of
from alltickets.payments.sellers.rules import LEASE, next_due, renew_at
from alltickets.platform.database import Reader, Transaction
from alltickets.platform.secrets import KeyRing

__all__ = [
    "Seller",
    "StoredAsk",
    "accounts_of_seller",
    "claim_due",
    "delete_old_asks",
    "forget_seller",
    "keep_ask",
    "mark_connected",
    "mark_revoked",
    "note_profile",
    "postpone",
    "release_ask",
    "store_grant",
    "suspect",
    "take_ask",
]

ASKS_KEPT = timedelta(days=1)
"""So that whoever comes back late is told why."""
CLAIMED_MAX = 10

_credentials = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class StoredAsk:
    """A request to connect, as it is kept."""

    gateway: str
    user_id: UUID
    label: str
    verifier_sealed: str = field(repr=False)
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Seller:
    """A connected seller whose turn it is."""

    account_id: UUID
    gateway: str
    seller_id: str
    grants: int
    expires_at: datetime
    renew_at: datetime
    renew_tries: int
    credentials_sealed: str = field(repr=False)

    def credentials(self, key_ring: KeyRing) -> Mapping[str, str]:
        """The tokens. Raises `SecretsError`."""
        return _credentials.decode(key_ring.open(self.credentials_sealed, sealing_context(self.account_id)))


async def keep_ask(tx: Transaction, digest: bytes, ask: StoredAsk) -> None:
    """Note a request to connect."""
    await tx.execute(
        """
        INSERT INTO payments.seller_asks (organizer_id, state_digest, gateway, user_id, label, verifier_sealed, expires_at)
        SELECT o.organizer_id, %(digest)s, %(gateway)s, %(user_id)s, %(label)s, %(verifier_sealed)s, %(expires_at)s
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        """,
        digest=digest,
        gateway=ask.gateway,
        user_id=ask.user_id,
        label=ask.label,
        verifier_sealed=ask.verifier_sealed,
        expires_at=ask.expires_at,
    )


async def take_ask(tx: Transaction, digest: bytes, *, gateway: str, user_id: UUID, now: datetime) -> tuple[StoredAsk | None, bool]:
    """The request of that state, and whether it was taken just now: by who asked, in time, once."""
    taken = await tx.execute(
        """
        UPDATE payments.seller_asks
           SET used_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND state_digest = %(digest)s AND gateway = %(gateway)s AND user_id = %(user_id)s
           AND used_at IS NULL AND expires_at > %(now)s
        """,
        digest=digest,
        gateway=gateway,
        user_id=user_id,
        now=now,
    )
    found = await tx.fetch_first(
        StoredAsk,
        """
        SELECT gateway, user_id, label, verifier_sealed, expires_at, used_at
          FROM payments.seller_asks
         WHERE organizer_id = %(organizer_id)s AND state_digest = %(digest)s
        """,
        digest=digest,
    )
    return found, taken == 1


async def release_ask(tx: Transaction, digest: bytes) -> None:
    """It came to nothing, and not by anybody's fault here: it may be tried again while it lives."""
    await tx.execute(
        """
        UPDATE payments.seller_asks
           SET used_at = NULL
         WHERE organizer_id = %(organizer_id)s AND state_digest = %(digest)s
        """,
        digest=digest,
    )


async def delete_old_asks(tx: Transaction, now: datetime) -> None:
    """Forget requests that nobody can come back for any more."""
    await tx.execute(
        """
        DELETE FROM payments.seller_asks
         WHERE organizer_id = %(organizer_id)s AND expires_at < %(before)s
        """,
        before=now - ASKS_KEPT,
    )


async def mark_connected(tx: Transaction, gateway: str, grant: Grant, profile: Profile | None, *, now: datetime) -> tuple[UUID, bool]:
    """Note a seller who connects: their account's id, made up where they are new here, and whether they are. Locks their row.

    Without a profile it is looked up in a moment.
    """
    made_up = new_id()
    renewed_at = renew_at(now, grant.expires_in_seconds)
    values = {
        "account_id": made_up,
        "gateway": gateway,
        "seller_id": grant.seller_id,
        "nickname": "" if profile is None else profile.nickname,
        "is_live": environment_of(grant, profile) == "live",
        "expires_at": now + timedelta(seconds=grant.expires_in_seconds),
        "renew_at": renewed_at,
        "due_at": now if profile is None else next_due(now, renewed_at),
        "now": now,
    }
    [(account_id,)] = await tx.fetch_tuples(
        """
        INSERT INTO payments.sellers (organizer_id, account_id, gateway, seller_id, nickname, is_live, grants, expires_at, renew_at,
                                      renew_tries, due_at, connected_at)
        SELECT o.organizer_id, %(account_id)s, %(gateway)s, %(seller_id)s, %(nickname)s, %(is_live)s, 1, %(expires_at)s, %(renew_at)s,
               0, %(due_at)s, %(now)s
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, gateway, seller_id) DO UPDATE
           SET nickname = coalesce(nullif(excluded.nickname, ''), sellers.nickname), is_live = excluded.is_live,
               grants = sellers.grants + 1, expires_at = excluded.expires_at, renew_at = excluded.renew_at, renew_tries = 0,
               due_at = excluded.due_at, revoked_at = NULL, connected_at = excluded.connected_at
        RETURNING account_id
        """,
        **values,
    )
    await tx.execute(
        """
        INSERT INTO payments.seller_directory (gateway, seller_id, account_id, organizer_id)
        VALUES (%(gateway)s, %(seller_id)s, %(account_id)s, %(organizer_id)s)
        ON CONFLICT (gateway, seller_id, account_id) DO NOTHING
        """,
        gateway=gateway,
        seller_id=grant.seller_id,
        account_id=account_id,
    )
    return account_id, account_id == made_up


async def forget_seller(tx: Transaction, account_id: UUID) -> bool:
    """The account is connected otherwise now; whether it was a seller's before. Locks nothing that is not deleted."""
    forgotten = await tx.execute(
        """
        DELETE FROM payments.sellers
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
        """,
        account_id=account_id,
    )
    await tx.execute(
        """
        DELETE FROM payments.seller_directory
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
        """,
        account_id=account_id,
    )
    return forgotten == 1


async def suspect(tx: Transaction, account_ids: Collection[UUID], now: datetime) -> None:
    """Have sellers looked at now: a gateway did not accept their account, or told that they took their leave back."""
    await tx.execute(
        """
        UPDATE payments.sellers
           SET due_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND account_id = ANY(%(account_ids)s)
           AND (due_at IS NULL OR due_at > %(now)s)
        """,
        account_ids=list(account_ids),
        now=now,
    )


_SELLERS = """
    SELECT s.account_id, s.gateway, s.seller_id, s.grants, s.expires_at, s.renew_at, s.renew_tries, a.credentials_sealed
      FROM payments.sellers s
      JOIN payments.accounts a
        ON a.organizer_id = s.organizer_id AND a.id = s.account_id
     WHERE s.organizer_id = %(organizer_id)s AND s.account_id = ANY(%(ids)s)
     ORDER BY s.account_id
"""


async def claim_due(tx: Transaction, now: datetime) -> list[Seller]:
    """Take sellers whose turn it is, for some minutes: another process leaves them alone, and takes them over if this one dies."""
    claimed = await tx.fetch_tuples(
        """
        UPDATE payments.sellers s
           SET due_at = %(again_at)s
         WHERE s.organizer_id = %(organizer_id)s
           AND s.account_id IN (SELECT d.account_id
                                  FROM payments.sellers d
                                 WHERE d.organizer_id = %(organizer_id)s AND d.due_at <= %(now)s
                                 ORDER BY d.due_at
                                 LIMIT %(limit)s
                                   FOR UPDATE SKIP LOCKED)
        RETURNING s.account_id
        """,
        now=now,
        again_at=now + LEASE,
        limit=CLAIMED_MAX,
    )
    ids = [account_id for (account_id,) in claimed]
    if not ids:
        return []
    return await tx.fetch_all(Seller, _SELLERS, ids=ids)


async def store_grant(tx: Transaction, seller: Seller, grant: Grant, sealed: str, *, now: datetime) -> bool:
    """Put new tokens in the place of those that `seller` was claimed with; False where others have come meanwhile."""
    renewed_at = renew_at(now, grant.expires_in_seconds)
    stored = await tx.execute(
        """
        UPDATE payments.sellers
           SET grants = grants + 1, expires_at = %(expires_at)s, renew_at = %(renew_at)s, renew_tries = 0, due_at = %(due_at)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND grants = %(grants)s
        """,
        account_id=seller.account_id,
        grants=seller.grants,
        expires_at=now + timedelta(seconds=grant.expires_in_seconds),
        renew_at=renewed_at,
        due_at=next_due(now, renewed_at),
    )
    if stored == 0:
        return False
    await tx.execute(
        """
        UPDATE payments.accounts
           SET credentials_sealed = %(sealed)s, version = version + 1, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(account_id)s
        """,
        account_id=seller.account_id,
        sealed=sealed,
        now=now,
    )
    return True


async def postpone(tx: Transaction, seller: Seller, *, renewed_at: datetime, tries: int, due_at: datetime | None) -> None:
    """Nothing came of renewing, or there was nothing to renew: the tokens stay, and its turn comes again."""
    await tx.execute(
        """
        UPDATE payments.sellers
           SET renew_at = %(renew_at)s, renew_tries = %(tries)s, due_at = %(due_at)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND grants = %(grants)s
        """,
        account_id=seller.account_id,
        grants=seller.grants,
        renew_at=renewed_at,
        tries=tries,
        due_at=due_at,
    )


async def mark_revoked(tx: Transaction, seller: Seller, now: datetime | None) -> bool:
    """Take the account out of the options, or (`now` None) in again; whether that changed anything. It stays switched on as it was."""
    changed = await tx.execute(
        """
        UPDATE payments.sellers
           SET revoked_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND grants = %(grants)s
           AND (revoked_at IS NULL) = (%(now)s::timestamptz IS NOT NULL)
        """,
        account_id=seller.account_id,
        grants=seller.grants,
        now=now,
    )
    if changed:
        await tx.execute(
            """
            UPDATE payments.accounts
               SET version = version + 1
             WHERE organizer_id = %(organizer_id)s AND id = %(account_id)s
            """,
            account_id=seller.account_id,
        )
    return changed == 1


async def note_profile(tx: Transaction, account_id: UUID, profile: Profile) -> None:
    """What the provider calls the seller. One who was taken for a live one and is a test user has a test account."""
    await tx.execute(
        """
        UPDATE payments.sellers
           SET nickname = %(nickname)s, is_live = is_live AND NOT %(is_test)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
           AND (nickname <> %(nickname)s OR is_live AND %(is_test)s)
        """,
        account_id=account_id,
        nickname=profile.nickname,
        is_test=profile.is_test,
    )
    if profile.is_test:
        await note_test_account(tx, account_id)


async def accounts_of_seller(reader: Reader, gateway: str, seller_id: str) -> list[tuple[UUID, UUID]]:
    """Organizer and account of everybody who connected that seller."""
    rows = await reader.fetch_tuples(
        """
        SELECT organizer_id, account_id
          FROM payments.seller_directory
         WHERE gateway = %(gateway)s AND seller_id = %(seller_id)s
         ORDER BY account_id
         LIMIT 100
        """,
        gateway=gateway,
        seller_id=seller_id,
    )
    return [(organizer_id, account_id) for organizer_id, account_id in rows]
