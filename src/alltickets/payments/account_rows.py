"""Gateway accounts as rows: written by whoever connects one, with credentials or with the consent of a seller."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.payments.breaker.store import forget
from alltickets.payments.connections import sealing_context
from alltickets.payments.port import AccountEnvironment
from alltickets.payments.refusals import AccountInvalid, AccountNotFound
from alltickets.payments.routing.records import insert_schedules, raise_routing_version, read_schedules
from alltickets.payments.routing.rules.seeds import seeds_of
from alltickets.payments.splitting import SplitContract
from alltickets.platform.database import Transaction
from alltickets.platform.secrets import KeyRing

__all__ = [
    "AccountRow",
    "Sealed",
    "insert_account",
    "lock_contracts",
    "note_test_account",
    "put_contracts",
    "put_credentials",
    "replace_account",
    "seal_credentials",
]

HINT_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Sealed:
    """Credentials as they are stored, and their last characters for people."""

    text: str = field(repr=False)
    hint: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What an account is. credentials None: those that it has."""

    id: UUID
    gateway: str
    label: str
    currency: str
    settings: Mapping[str, str]
    credentials: Sealed | None
    environment: AccountEnvironment

    def values(self, now: datetime) -> dict[str, object]:
        """The columns."""
        sealed = self.credentials
        return {
            "id": self.id,
            "gateway": self.gateway,
            "label": self.label,
            "currency": self.currency,
            "settings": msgspec.json.encode(self.settings).decode(),
            "sealed": None if sealed is None else sealed.text,
            "hint": None if sealed is None else sealed.hint,
            "environment": self.environment,
            "now": now,
        }


def seal_credentials(key_ring: KeyRing, account_id: UUID, credentials: Mapping[str, str]) -> Sealed:
    """Bound to their account: those of another one cannot be passed off as its."""
    text = key_ring.seal(msgspec.json.encode(credentials), sealing_context(account_id))
    return Sealed(text, "".join(credentials.values())[-HINT_LENGTH:])


async def insert_account(tx: Transaction, row: AccountRow, now: datetime) -> None:
    """A new one, the last in the order, with the commissions that its gateway is said to take."""
    await tx.execute(
        """
        INSERT INTO payments.accounts (organizer_id, id, gateway, label, currency, settings, credentials_sealed, credentials_hint,
                                       environment, is_enabled, priority, version, created_at, updated_at)
        SELECT o.organizer_id, %(id)s, %(gateway)s, %(label)s, %(currency)s, %(settings)s::jsonb, %(sealed)s, %(hint)s,
               %(environment)s, true,
               (SELECT count(*) FROM payments.accounts a WHERE a.organizer_id = %(organizer_id)s), 1, %(now)s, %(now)s
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        """,
        **row.values(now),
    )
    await tx.execute(
        """
        INSERT INTO payments.account_directory (gateway, account_id, organizer_id)
        VALUES (%(gateway)s, %(id)s, %(organizer_id)s)
        """,
        gateway=row.gateway,
        id=row.id,
    )
    await _seed_fees(tx, row.gateway, now)


async def replace_account(tx: Transaction, row: AccountRow, now: datetime) -> None:
    """Another description, and other credentials where there are any.

    Raises `AccountNotFound`, or `AccountInvalid` where payments of one environment would be asked about with keys of the other: there
    they never happened.
    """
    await _hold_environment(tx, row.id, row.environment)
    replaced = await tx.execute(
        """
        UPDATE payments.accounts
           SET label = %(label)s, currency = %(currency)s, settings = %(settings)s::jsonb,
               credentials_sealed = coalesce(%(sealed)s, credentials_sealed), credentials_hint = coalesce(%(hint)s, credentials_hint),
               environment = %(environment)s, version = version + 1, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND gateway = %(gateway)s
        """,
        **row.values(now),
    )
    if replaced == 0:
        raise AccountNotFound
    await forget(tx, row.id)


async def put_credentials(
    tx: Transaction, account_id: UUID, credentials: Sealed, environment: AccountEnvironment | None, now: datetime
) -> AccountEnvironment:
    """Other credentials of an account that takes payments from now on; the rest of it stays. Its environment: that one, or (None) the one
    that it has. Raises `AccountInvalid` as `replace_account` does.
    """
    environment = await _hold_environment(tx, account_id, environment)
    await tx.execute(
        """
        UPDATE payments.accounts
           SET credentials_sealed = %(sealed)s, credentials_hint = %(hint)s, environment = %(environment)s, is_enabled = true,
               version = version + 1, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=account_id,
        sealed=credentials.text,
        hint=credentials.hint,
        environment=environment,
        now=now,
    )
    await forget(tx, account_id)
    return environment


async def _hold_environment(tx: Transaction, account_id: UUID, wanted: AccountEnvironment | None) -> AccountEnvironment:
    """The environment in which an account goes on: that one, or (None) its own, under its lock until `tx` ends.

    Raises `AccountNotFound`, or `AccountInvalid` where it has payments of the other.
    """
    # Whoever changes the environment locks the row before they look. Whoever starts a payment does not, so that buyers never wait for
    # it: one that begins between this look and the commit is asked about with the new keys, and not found.
    rows = await tx.fetch_tuples(
        "SELECT environment FROM payments.accounts WHERE organizer_id = %(organizer_id)s AND id = %(id)s FOR UPDATE", id=account_id
    )
    if not rows:
        raise AccountNotFound
    environment: AccountEnvironment = rows[0][0]
    if wanted is None or wanted == environment:
        return environment
    started = await tx.fetch_tuples(
        "SELECT FROM payments.attempts WHERE organizer_id = %(organizer_id)s AND account_id = %(id)s LIMIT 1", id=account_id
    )
    if started:
        raise AccountInvalid((f"the account has payments of the {environment} environment: connect another one for {wanted}",))
    return wanted


async def note_test_account(tx: Transaction, account_id: UUID) -> None:
    """An account that was taken for a live one is for trying. What was started there stays, and is asked about with the same keys."""
    await tx.execute(
        """
        UPDATE payments.accounts
           SET environment = 'test', version = version + 1
         WHERE organizer_id = %(organizer_id)s AND id = %(account_id)s AND environment <> 'test'
        """,
        account_id=account_id,
    )


async def lock_contracts(tx: Transaction, account_id: UUID) -> tuple[SplitContract, ...]:
    """The account's split contracts, under its lock until `tx` ends. Raises `AccountNotFound`."""
    rows = await tx.fetch_tuples(
        "SELECT split_contracts FROM payments.accounts WHERE organizer_id = %(organizer_id)s AND id = %(id)s FOR UPDATE", id=account_id
    )
    if not rows:
        raise AccountNotFound
    return msgspec.convert(rows[0][0], tuple[SplitContract, ...])


async def put_contracts(tx: Transaction, account_id: UUID, contracts: tuple[SplitContract, ...], now: datetime) -> None:
    """Other split contracts of an account that is locked."""
    await tx.execute(
        """
        UPDATE payments.accounts
           SET split_contracts = %(contracts)s::jsonb, version = version + 1, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=account_id,
        contracts=msgspec.json.encode(contracts).decode(),
        now=now,
    )


async def _seed_fees(tx: Transaction, gateway: str, now: datetime) -> None:
    """The commissions that this gateway is said to take, marked as unverified, for whoever has no table of it yet."""
    seeds = seeds_of(gateway, now.date())
    if seeds and not any(one.gateway == gateway for one in await read_schedules(tx)):
        await insert_schedules(tx, seeds)
        await raise_routing_version(tx)
