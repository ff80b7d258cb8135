"""Gateway accounts of an organizer: connected, switched, listed, tested. Credentials go in and never come out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import CURRENCY_EXPONENTS
from alltickets.kernel.time import Clock
from alltickets.payments.account_rows import (
    AccountRow,
    insert_account,
    lock_contracts,
    note_test_account,
    put_contracts,
    replace_account,
    seal_credentials,
)
from alltickets.payments.breaker.rules import Operation, Outcome, fold, verdict_on
from alltickets.payments.breaker.store import close_breaker, lock_breaker, note_failure, write_breaker
from alltickets.payments.connections import ConnectedAccount, Connections, sealing_context
from alltickets.payments.flags.words import Translated
from alltickets.payments.instalments.rules import InstalmentPlan, plans_faults
from alltickets.payments.port import TEST_ACCOUNT, AccountEnvironment, Capabilities, GatewayError, GatewayErrorKind
from alltickets.payments.refusals import AccountInvalid, AccountNotFound, RoutingInvalid
from alltickets.payments.routing.records import require_events
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.routing.rules.validating import terms_faults
from alltickets.payments.sellers.port import RENEWED_BY
from alltickets.payments.sellers.store import forget_seller
from alltickets.payments.splitting import SplitContract, ended, with_contract
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.secrets import KeyRing, SecretsError

__all__ = ["AccountDetails", "AccountsService", "CheckResult", "LastError", "SellerDetails"]

BARRED = Translated(
    "Esta cuenta es de prueba: no se la ofrecemos a quienes compran. La prueba de conexión funciona igual.",
    "This account is a test account: buyers are not offered it. The connection test works all the same.",
)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SellerDetails:
    """Who let us act for them, until when their tokens are good, and since when they have taken that back."""

    seller_id: str
    nickname: str
    is_live: bool
    connected_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastError:
    """What went wrong at an account: what was being done, which kind of error it was, and in words."""

    operation: Operation
    kind: GatewayErrorKind
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AccountDetails:
    """An account as its organizer sees it. `credentials_hint` is the end of the secret, to tell two apart.

    left_out_until: its gateway failed, and no new payments go there before that moment. seller: where the account was connected
    through the platform's application.
    """

    id: UUID
    gateway: str
    label: str
    currency: str
    environment: AccountEnvironment
    settings: dict[str, str]
    credentials_hint: str
    is_enabled: bool
    priority: int
    left_out_until: datetime | None
    error_operation: Operation | None
    error_kind: GatewayErrorKind | None
    error_text: str | None
    error_at: datetime | None
    terms: dict[str, Any]
    instalment_plans: list[dict[str, Any]]
    """As `AccountTerms`."""
    split_contracts: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    seller_id: str | None
    seller_nickname: str | None
    seller_is_live: bool | None
    seller_connected_at: datetime | None
    seller_expires_at: datetime | None
    seller_revoked_at: datetime | None
    capabilities: Capabilities | None = None
    """None: it cannot be opened, and takes nothing."""
    is_barred: bool = False
    """It is a test account, and this installation sells nothing for what is paid there."""

    @property
    def last_error(self) -> LastError | None:
        """What went wrong last, if anything has since its credentials were entered."""
        if self.error_operation is None:
            return None
        assert self.error_kind is not None
        assert self.error_at is not None
        return LastError(self.error_operation, self.error_kind, self.error_text or "", self.error_at)

    @property
    def note(self) -> Translated | None:
        """What its organizer has to know of it and might not expect."""
        return BARRED if self.is_barred else None

    @property
    def seller(self) -> SellerDetails | None:
        """The columns of the seller together."""
        if self.seller_id is None:
            return None
        assert self.seller_connected_at is not None
        assert self.seller_expires_at is not None
        return SellerDetails(
            self.seller_id,
            self.seller_nickname or "",
            bool(self.seller_is_live),
            self.seller_connected_at,
            self.seller_expires_at,
            self.seller_revoked_at,
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What an account goes on with. is_sellers: who the seller is tells its environment, and not what is entered."""

    credentials: dict[str, str] = field(repr=False)
    environment: AccountEnvironment
    is_sellers: bool

    def environment_with(self, stated: AccountEnvironment) -> AccountEnvironment:
        """Its environment with other settings, by which it would be `stated`. Raises `AccountInvalid` where its keys are of the other."""
        if self.is_sellers or stated == self.environment:
            return self.environment
        fault = f"credentials: those that are stored are of a {self.environment} account, so enter those of the {stated} one as well"
        raise AccountInvalid((fault,))


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the gateway accepts the account: `error_kind` and a sentence where it does not."""

    is_working: bool
    error_kind: GatewayErrorKind | None = None
    detail: str | None = None


class AccountsService:
    """Use cases of gateway accounts."""

    def __init__(self, database: Database, clock: Clock, key_ring: KeyRing, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._key_ring = key_ring
        self._connections = connections

    async def connect(
        self,
        actor: Actor,
        gateway: str,
        *,
        label: str,
        currency: str,
        settings: Mapping[str, str],
        credentials: Mapping[str, str],
        account_id: UUID | None = None,
    ) -> AccountDetails:
        """Store an account, ready to take payments. With the id of an account of that gateway its settings and credentials are replaced;
        without credentials it keeps those that it has.

        Raises `GatewayUnknown`, `AccountInvalid` with every fault, or `AccountNotFound`.
        """
        if RENEWED_BY in credentials:
            # It makes an account one of a seller who gave their leave: live, divided, its notices signed with the platform's secret.
            raise AccountInvalid((f"credentials: {RENEWED_BY} comes with a seller's consent alone, and is not entered",))
        kept = await self._kept_of(actor.organizer_id, account_id) if account_id is not None and not credentials else None
        opened = self._connections.provider(gateway).connect(settings, credentials if kept is None else kept.credentials)
        environment = opened.environment if kept is None else kept.environment_with(opened.environment)
        if currency not in CURRENCY_EXPONENTS or currency not in opened.capabilities.currencies:
            raise AccountInvalid((f"currency: {gateway} takes {', '.join(opened.capabilities.currencies)}",))
        now, is_new = self._clock(), account_id is None
        account_id = account_id or new_id()
        sealed = None if kept else seal_credentials(self._key_ring, account_id, credentials)
        row = AccountRow(account_id, gateway, label, currency, settings, sealed, environment)
        async with self._database.transaction(actor.organizer_id) as tx:
            if is_new:
                await insert_account(tx, row, now)
            else:
                if sealed is not None and await forget_seller(tx, account_id):
                    await self._end_split(tx, actor, account_id, now)
                await replace_account(tx, row, now)
            action = "gateway_account.connected" if is_new else "gateway_account.replaced"
            detail = {"gateway": gateway, "label": label, "environment": environment}
            await record(tx, actor, action, Subject("gateway_account", account_id), detail)
        return await self._details(actor.organizer_id, account_id)

    def bars(self, environment: AccountEnvironment) -> bool:
        """Whether buyers are offered no account of this kind."""
        return self._connections.bars(environment)

    async def switch(self, actor: Actor, account_id: UUID, *, is_enabled: bool) -> AccountDetails:
        """Let an account take payments, or no new ones. What was started on it is followed to its end. Raises `AccountNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            switched = await tx.execute(
                """
                UPDATE payments.accounts
                   SET is_enabled = %(is_enabled)s, version = version + 1, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND is_enabled <> %(is_enabled)s
                """,
                id=account_id,
                is_enabled=is_enabled,
                now=self._clock(),
            )
            if switched:
                action = "gateway_account.enabled" if is_enabled else "gateway_account.disabled"
                await record(tx, actor, action, Subject("gateway_account", account_id))
        return await self._details(actor.organizer_id, account_id)

    async def all_of(self, organizer_id: UUID) -> list[AccountDetails]:
        """Every account of the organizer, first choice first."""
        async with self._database.reading(organizer_id) as reader:
            rows = await reader.fetch_all(AccountDetails, _DETAILS + " ORDER BY a.priority, a.id")
            return await self._able(reader, rows)

    async def set_terms(self, actor: Actor, account_id: UUID, terms: AccountTerms) -> AccountDetails:
        """Say what the account may be used for from now on.

        Raises `AccountNotFound`, `EventNotFound`, or `RoutingInvalid` with every fault.
        """
        faults = terms_faults(terms)
        if faults:
            raise RoutingInvalid(tuple(faults))
        async with self._database.transaction(actor.organizer_id) as tx:
            await require_events(tx, terms.event_ids)
            changed = await tx.execute(
                """
                UPDATE payments.accounts
                   SET terms = %(terms)s::jsonb, version = version + 1, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s
                """,
                id=account_id,
                terms=msgspec.json.encode(terms).decode(),
                now=self._clock(),
            )
            if changed:
                await record(tx, actor, "gateway_account.terms_changed", Subject("gateway_account", account_id))
        return await self._details(actor.organizer_id, account_id)

    async def set_instalment_plans(self, actor: Actor, account_id: UUID, plans: Sequence[InstalmentPlan]) -> AccountDetails:
        """State what instalments with interest cost at the account, in the place of what was stated before.

        Raises `AccountNotFound`, or `RoutingInvalid` with every fault, also for an account whose instalments are not chosen here.
        """
        # First whose it is: what is wrong with the plans is nobody's business who has no such account.
        account = await self._connected(actor.organizer_id, account_id)
        faults = plans_faults(plans)
        if plans and account.gateway.capabilities.instalments != "form":
            faults.append("no instalments are chosen here: where the gateway has any, its own page tells what they cost")
        if faults:
            raise RoutingInvalid(tuple(faults))
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.execute(
                """
                UPDATE payments.accounts
                   SET instalment_plans = %(plans)s::jsonb, version = version + 1, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s
                """,
                id=account_id,
                plans=msgspec.json.encode(plans).decode(),
                now=self._clock(),
            )
            await record(tx, actor, "gateway_account.instalments_changed", Subject("gateway_account", account_id))
        return await self._details(actor.organizer_id, account_id)

    async def agree_split(self, actor: Actor, account_id: UUID, contract: SplitContract) -> AccountDetails:
        """State what the platform takes of what is sold at the account from a day on: an operator's word alone. What is under way stays.

        Raises `AccountNotFound`, or `AccountInvalid` for an account whose gateway divides nothing for it.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            contracts = await lock_contracts(tx, account_id)
            # As it stands under the lock: whoever replaces the seller's tokens ends what is agreed, and it stays ended.
            account = (await self._connections.of(tx)).get(account_id)
            if contract.takes != "nothing" and not account.divides:
                raise AccountInvalid(
                    (f"{account.label}: {account.provider} divides sales only of sellers who connected with their consent",)
                )
            await put_contracts(tx, account_id, with_contract(contracts, contract), self._clock())
            detail = {"valid_from": contract.valid_from.isoformat(), "takes": contract.takes}
            await record(tx, actor, "gateway_account.split_agreed", Subject("gateway_account", account_id), detail)
        return await self._details(actor.organizer_id, account_id)

    async def _end_split(self, tx: Transaction, actor: Actor, account_id: UUID, now: datetime) -> None:
        """Nothing is divided at an account any more whose seller's consent was replaced by other tokens."""
        stated = await lock_contracts(tx, account_id)
        contracts = ended(stated, now.astimezone(UTC).date())
        if contracts != stated:
            await put_contracts(tx, account_id, contracts, now)
            await record(tx, actor, "gateway_account.split_ended", Subject("gateway_account", account_id))

    async def put_in_order(self, actor: Actor, account_ids: Sequence[UUID]) -> list[AccountDetails]:
        """Have the accounts stand in this order: the first goes first where no rule says otherwise. Raises `RoutingInvalid` unless it
        names each account once.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            # Locked as everybody locks accounts, by id: two who sort at once end with the order of one of them.
            rows = await tx.fetch_tuples("SELECT id FROM payments.accounts WHERE organizer_id = %(organizer_id)s ORDER BY id FOR UPDATE")
            known = {account_id for (account_id,) in rows}
            faults = [f"account_ids: there is no account {one}" for one in account_ids if one not in known]
            faults += [f"account_ids: {one} is missing" for one in sorted(known - set(account_ids))]
            if len(set(account_ids)) < len(account_ids):
                faults.append("account_ids: an account is named twice")
            if faults:
                raise RoutingInvalid(tuple(faults))
            await tx.execute(
                """
                UPDATE payments.accounts a
                   SET priority = x.priority, version = a.version + 1, updated_at = %(now)s
                  FROM unnest(%(ids)s::uuid[], %(priorities)s::int[]) AS x(id, priority)
                 WHERE a.organizer_id = %(organizer_id)s AND a.id = x.id AND a.priority <> x.priority
                """,
                ids=list(account_ids),
                priorities=list(range(len(account_ids))),
                now=self._clock(),
            )
            await record(tx, actor, "gateway_accounts.sorted", Subject("organizer", actor.organizer_id))
        return await self.all_of(actor.organizer_id)

    async def check(self, organizer_id: UUID, account_id: UUID) -> CheckResult:
        """Whether the gateway accepts the account: if so, payments go there again, else why not is kept. Raises `AccountNotFound`.

        One that is not accepted leaves the options at once, as when a payment fails of that. One that counts as live and turns out to
        be for trying is a test account from now on.
        """
        account = await self._connected(organizer_id, account_id)
        try:
            await account.gateway.check()
        except GatewayError as error:
            now = self._clock()
            async with self._database.transaction(organizer_id) as tx:
                if error.code == TEST_ACCOUNT:
                    await note_test_account(tx, account_id)
                if verdict_on(error.kind) == "locked_out":
                    # Of other failures a test tells nothing that buyers' own calls would not: it counts as none of theirs.
                    breaker = await lock_breaker(tx, account_id)
                    await write_breaker(tx, account_id, fold(breaker, [Outcome(verdict="locked_out")], now))
                await note_failure(tx, account_id, "connect", error, now)
            return CheckResult(False, error.kind, str(error))
        async with self._database.transaction(organizer_id) as tx:
            await close_breaker(tx, account_id)
        return CheckResult(True)

    async def reseal(self) -> int:
        """Move credentials to the ring's active key, per organizer; of how many accounts. What cannot be opened is told and left."""
        async with self._database.reading(None) as reader:
            found = await reader.fetch_tuples(
                """
                /* across organizers: finds whose credentials are sealed under an older key; each is resealed in its own transaction */
                SELECT DISTINCT organizer_id
                  FROM payments.accounts
                 WHERE NOT starts_with(credentials_sealed, %(current)s)
                 LIMIT 1000
                """,
                current=f"v{self._key_ring.active_version}:",
            )
        resealed = 0
        for (organizer_id,) in found:
            async with self._database.transaction(organizer_id) as tx:
                resealed += await self._reseal_of(tx)
        return resealed

    async def _reseal_of(self, tx: Transaction) -> int:
        """Move the credentials of one organizer's accounts. Their version stays: whoever has an account open goes on with it."""
        rows = await tx.fetch_tuples(
            """
            SELECT id, credentials_sealed
              FROM payments.accounts
             WHERE organizer_id = %(organizer_id)s AND NOT starts_with(credentials_sealed, %(current)s)
             ORDER BY id
               FOR UPDATE
            """,
            current=f"v{self._key_ring.active_version}:",
        )
        moved = self._key_ring.rotate_each(
            [(account_id, sealed, sealing_context(account_id)) for account_id, sealed in rows],
            lambda account_id, fault: _log.error(
                "credentials of a gateway account cannot be resealed", account=str(account_id), fault=str(fault)
            ),
        )
        await tx.execute(
            """
            UPDATE payments.accounts a
               SET credentials_sealed = x.sealed
              FROM unnest(%(ids)s::uuid[], %(sealed)s::text[]) AS x(id, sealed)
             WHERE a.organizer_id = %(organizer_id)s AND a.id = x.id
            """,
            ids=list(moved),
            sealed=list(moved.values()),
        )
        return len(moved)

    async def _connected(self, organizer_id: UUID, account_id: UUID) -> ConnectedAccount:
        async with self._database.reading(organizer_id) as reader:
            return (await self._connections.of(reader)).get(account_id)

    async def _kept_of(self, organizer_id: UUID, account_id: UUID) -> "_Kept":
        """What an account keeps that is given no credentials. Raises `AccountNotFound` or `AccountInvalid`."""
        async with self._database.reading(organizer_id) as reader:
            rows = await reader.fetch_tuples(
                """
                SELECT a.credentials_sealed, a.environment, s.account_id IS NOT NULL
                  FROM payments.accounts a
                  LEFT JOIN payments.sellers s
                    ON s.organizer_id = a.organizer_id AND s.account_id = a.id
                 WHERE a.organizer_id = %(organizer_id)s AND a.id = %(id)s
                """,
                id=account_id,
            )
        if not rows:
            raise AccountNotFound
        [(sealed, environment, is_sellers)] = rows
        try:
            opened = self._key_ring.open(sealed, sealing_context(account_id))
        except SecretsError as fault:
            raise AccountInvalid(("credentials: those that are stored cannot be opened any more, so enter them again",)) from fault
        return _Kept(msgspec.json.decode(opened, type=dict[str, str]), environment, is_sellers)

    async def _details(self, organizer_id: UUID, account_id: UUID) -> AccountDetails:
        """As it is committed: what others may still take back is opened by nobody. Raises `AccountNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            details = await reader.fetch_all(AccountDetails, _DETAILS + " AND a.id = %(id)s", id=account_id)
            if not details:
                raise AccountNotFound
            return (await self._able(reader, details))[0]

    async def _able(self, reader: Reader, details: list[AccountDetails]) -> list[AccountDetails]:
        """Each with what its gateway can do for it, and whether buyers are kept away from it."""
        opened = {account.id: account for account in (await self._connections.of(reader)).all}
        return [
            replace(one, capabilities=account.gateway.capabilities, is_barred=account.is_barred)
            if (account := opened.get(one.id)) is not None
            else replace(one, is_barred=self._connections.bars(one.environment))
            for one in details
        ]


_DETAILS = """
    SELECT a.id, a.gateway, a.label, a.currency, a.environment, a.settings, a.credentials_hint, a.is_enabled, a.priority, a.terms,
           a.instalment_plans, a.split_contracts, b.opened_until AS left_out_until, b.last_error_operation AS error_operation,
           b.last_error_kind AS error_kind, b.last_error AS error_text, b.last_error_at AS error_at, a.created_at, a.updated_at,
           s.seller_id, s.nickname AS seller_nickname, s.is_live AS seller_is_live, s.connected_at AS seller_connected_at,
           s.expires_at AS seller_expires_at, s.revoked_at AS seller_revoked_at
      FROM payments.accounts a
      LEFT JOIN payments.sellers s
        ON s.organizer_id = a.organizer_id AND s.account_id = a.id
      LEFT JOIN payments.breakers b
        ON b.organizer_id = a.organizer_id AND b.account_id = a.id
     WHERE a.organizer_id = %(organizer_id)s
"""
