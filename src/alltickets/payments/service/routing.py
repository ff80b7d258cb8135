"""Routing policies, drafted and put in force version by version; what buyers may choose from; and why a payment went where it went."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.catalog.interface import VersionConflict, read_sale_states
from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.refusals import PaymentNotFound, RoutingDraftMissing, RoutingInvalid
from alltickets.payments.routing.records import (
    StoredDecision,
    raise_routing_version,
    read_contexts,
    read_decisions,
    require_events,
)
from alltickets.payments.routing.router import Router
from alltickets.payments.routing.rules.book import RouteBook, RouteContext
from alltickets.payments.routing.rules.deciding import decide
from alltickets.payments.routing.rules.explaining import explain
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.routing.rules.offering import PaymentOption, offered
from alltickets.payments.routing.rules.policy import Policy
from alltickets.payments.routing.rules.validating import event_ids_of, policy_faults
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["ExplainedDecision", "PolicyDetails", "PolicySummary", "PolicyVersion", "RoutingService"]

VERSIONS_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class PolicyDetails:
    """The policy of an event, or (`event_id` None) of every event without one of its own.

    revision: what a change rests on. draft: what was written since the last activation, with everything that keeps it from being
    activated. active: what is in force; version 0: nothing is.
    """

    event_id: UUID | None
    revision: int
    draft: Policy | None
    faults: list[str]
    active_version: int
    active: Policy | None


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """Whose policy, which version of it is in force (0: none), and whether there is a draft of another."""

    event_id: UUID | None
    active_version: int
    has_draft: bool


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy that is or was in force."""

    version: int
    policy: Policy
    activated_at: datetime
    activated_by: str


@dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """A decision with its whole input, told in sentences. is_reproducible: the same input gives it again."""

    stored: StoredDecision
    context: RouteContext
    sentences: list[str]
    is_reproducible: bool


@dataclass(frozen=True, slots=True)
class _Row:
    scope_id: UUID
    draft: Policy | None
    revision: int
    active_version: int
    versions: int
    active: Policy | None


_policy = msgspec.json.Decoder(Policy)


class RoutingService:
    """Use cases of routing."""

    def __init__(self, database: Database, clock: Clock, connections: Connections, router: Router) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._router = router

    async def policies(self, organizer_id: UUID) -> list[PolicySummary]:
        """Every policy that was ever written: the organizer's first, then those of events."""
        async with self._database.reading(organizer_id) as reader:
            rows = await _read_rows(reader)
        rows.sort(key=lambda one: (one.scope_id != organizer_id, one.scope_id))
        return [
            PolicySummary(None if one.scope_id == organizer_id else one.scope_id, one.active_version, one.draft is not None) for one in rows
        ]

    async def read(self, organizer_id: UUID, event_id: UUID | None) -> PolicyDetails:
        """The policy of that event, or the organizer's. Raises `EventNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            return await _read_details(reader, event_id)

    async def save_draft(self, actor: Actor, event_id: UUID | None, made_on: int, policy: Policy) -> PolicyDetails:
        """Keep a draft, faults and all: nothing is decided by it. Raises `EventNotFound` or `VersionConflict`."""
        options = tuple(one if one.option_id is not None else msgspec.structs.replace(one, option_id=new_id()) for one in policy.options)
        policy = msgspec.structs.replace(policy, options=options)
        async with self._database.transaction(actor.organizer_id) as tx:
            await require_events(tx, [] if event_id is None else [event_id])
            scope_id = event_id or actor.organizer_id
            await tx.execute(
                """
                INSERT INTO payments.routing_policies (organizer_id, scope_id, revision, active_version, versions, updated_at)
                VALUES (%(organizer_id)s, %(scope_id)s, 0, 0, 0, %(now)s)
                ON CONFLICT (organizer_id, scope_id) DO NOTHING
                """,
                scope_id=scope_id,
                now=self._clock(),
            )
            written = await tx.execute(
                """
                UPDATE payments.routing_policies
                   SET draft = %(draft)s::jsonb, revision = revision + 1, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND scope_id = %(scope_id)s AND revision = %(made_on)s
                """,
                scope_id=scope_id,
                draft=msgspec.json.encode(policy).decode(),
                made_on=made_on,
                now=self._clock(),
            )
            if not written:
                raise VersionConflict((await _locked(tx, scope_id)).revision)
            await record(tx, actor, "routing_policy.drafted", _subject(actor, event_id))
            return await _read_details(tx, event_id)

    async def activate(self, actor: Actor, event_id: UUID | None, made_on: int) -> PolicyDetails:
        """Put the draft in force as a new version, for every payment that is started from now on.

        Raises `EventNotFound`, `RoutingDraftMissing`, `VersionConflict`, or `RoutingInvalid` with every fault.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            await require_events(tx, [] if event_id is None else [event_id])
            row = await _locked(tx, event_id or actor.organizer_id)
            if row.draft is None:
                raise RoutingDraftMissing
            if row.revision != made_on:
                raise VersionConflict(row.revision)
            faults = await _faults(tx, row.draft)
            if faults:
                raise RoutingInvalid(tuple(faults))
            version = row.versions + 1
            await tx.execute(
                """
                INSERT INTO payments.routing_policy_versions (organizer_id, scope_id, version, policy, activated_at, activated_by)
                SELECT p.organizer_id, p.scope_id, %(version)s, p.draft, %(now)s, %(by)s
                  FROM payments.routing_policies p
                 WHERE p.organizer_id = %(organizer_id)s AND p.scope_id = %(scope_id)s
                """,
                scope_id=row.scope_id,
                version=version,
                by=actor.label,
                now=self._clock(),
            )
            await self._put_in_force(tx, row.scope_id, version)
            await record(tx, actor, "routing_policy.activated", _subject(actor, event_id), {"version": version})
            return await _read_details(tx, event_id)

    async def deactivate(self, actor: Actor, event_id: UUID | None, made_on: int) -> PolicyDetails:
        """Take the policy out of force: the organizer's counts for the event again, and without that the order of the accounts.

        Raises `EventNotFound` or `VersionConflict`.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            await require_events(tx, [] if event_id is None else [event_id])
            row = await _locked(tx, event_id or actor.organizer_id)
            if row.revision != made_on:
                raise VersionConflict(row.revision)
            if row.active_version:
                await self._put_in_force(tx, row.scope_id, 0)
                await record(tx, actor, "routing_policy.deactivated", _subject(actor, event_id), {"version": row.active_version})
            return await _read_details(tx, event_id)

    async def versions(self, organizer_id: UUID, event_id: UUID | None) -> list[PolicyVersion]:
        """The policy's versions, newest first, at most the last hundred. Raises `EventNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            await require_events(reader, [] if event_id is None else [event_id])
            rows = await reader.fetch_tuples(
                """
                SELECT version, policy::text, activated_at, activated_by
                  FROM payments.routing_policy_versions
                 WHERE organizer_id = %(organizer_id)s AND scope_id = %(scope_id)s
                 ORDER BY version DESC
                 LIMIT %(limit)s
                """,
                scope_id=event_id or organizer_id,
                limit=VERSIONS_SHOWN_MAX,
            )
        return [PolicyVersion(version, _policy.decode(policy), at, by) for version, policy, at, by in rows]

    async def options(self, organizer_id: UUID, currency: str, purpose: PaymentPurpose) -> list[PaymentOption]:
        """The ways to pay that a buyer may choose from now, first choice first; none where routing alone decides."""
        async with self._database.reading(organizer_id) as reader:
            accounts = await self._connections.of(reader)
            books = await self._router.books(reader, accounts)
        now = self._clock()
        options = offered(books.of(purpose.event_id), currency, purpose, now, accounts.failing(now))
        return [
            replace(one, pay_within_hours=accounts.patience_hours(one.account_ids), has_card_form=_has_card_form(accounts, one.account_ids))
            for one in options
        ]

    async def decisions(self, organizer_id: UUID, reference: UUID) -> list[ExplainedDecision]:
        """Every decision about a payment, oldest first; each is taken again for it. Raises `PaymentNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            stored = await read_decisions(reader, reference)
            if not stored:
                await _require_payment(reader, reference)
            contexts = await read_contexts(reader, list({one.context_id for one in stored}))
        books = {context_id: RouteBook(context) for context_id, context in contexts.items()}
        return [_explained(books[one.context_id], one) for one in stored]

    async def _put_in_force(self, tx: Transaction, scope_id: UUID, version: int) -> None:
        await tx.execute(
            """
            UPDATE payments.routing_policies
               SET active_version = %(version)s, versions = greatest(versions, %(version)s), revision = revision + 1,
                   draft = CASE WHEN %(version)s = 0 THEN draft END, updated_at = %(now)s
             WHERE organizer_id = %(organizer_id)s AND scope_id = %(scope_id)s
            """,
            scope_id=scope_id,
            version=version,
            now=self._clock(),
        )
        await raise_routing_version(tx)


def _explained(book: RouteBook, stored: StoredDecision) -> ExplainedDecision:
    again = decide(book, stored.facts)
    return ExplainedDecision(stored, book.context, explain(book, stored.facts, stored.decision), again == stored.decision)


def _has_card_form(accounts: Accounts, account_ids: Iterable[UUID]) -> bool:
    """Whether the card may be entered on a form of ours."""
    return any(accounts.get(one).gateway.capabilities.flow == "card_form" for one in account_ids)


def _subject(actor: Actor, event_id: UUID | None) -> Subject:
    return Subject("event", event_id) if event_id is not None else Subject("organizer", actor.organizer_id)


async def _locked(tx: Transaction, scope_id: UUID) -> _Row:
    """The policy's row, locked until `tx` ends; an empty one where nothing was ever written."""
    rows = await _read_rows(tx, scope_id, lock=True)
    return rows[0] if rows else _Row(scope_id, None, 0, 0, 0, None)


async def _read_rows(reader: Reader, scope_id: UUID | None = None, *, lock: bool = False) -> list[_Row]:
    rows = await reader.fetch_tuples(
        """
        SELECT p.scope_id, p.draft::text, p.revision, p.active_version, p.versions, v.policy::text
          FROM payments.routing_policies p
          LEFT JOIN payments.routing_policy_versions v
            ON v.organizer_id = p.organizer_id AND v.scope_id = p.scope_id AND v.version = p.active_version
         WHERE p.organizer_id = %(organizer_id)s AND (%(scope_id)s::uuid IS NULL OR p.scope_id = %(scope_id)s)
        """
        + ("FOR UPDATE OF p" if lock else ""),
        scope_id=scope_id,
    )
    return [_Row(row[0], _read(row[1]), row[2], row[3], row[4], _read(row[5])) for row in rows]


def _read(policy: str | None) -> Policy | None:
    return None if policy is None else _policy.decode(policy)


async def _read_details(reader: Reader, event_id: UUID | None) -> PolicyDetails:
    await require_events(reader, [] if event_id is None else [event_id])
    rows = await _read_rows(reader, event_id or reader.organizer_id)
    return await _details(reader, rows[0]) if rows else PolicyDetails(event_id, 0, None, [], 0, None)


async def _details(reader: Reader, row: _Row) -> PolicyDetails:
    return PolicyDetails(
        event_id=None if row.scope_id == reader.organizer_id else row.scope_id,
        revision=row.revision,
        draft=row.draft,
        faults=[] if row.draft is None else await _faults(reader, row.draft),
        active_version=row.active_version,
        active=row.active,
    )


async def _faults(reader: Reader, policy: Policy) -> list[str]:
    """Everything that keeps it from being activated."""
    rows = await reader.fetch_tuples("SELECT id FROM payments.accounts WHERE organizer_id = %(organizer_id)s")
    faults = policy_faults(policy, {account_id for (account_id,) in rows})
    event_ids = event_ids_of(policy)
    known: Iterable[UUID] = await read_sale_states(reader, event_ids) if event_ids else ()
    return faults + [f"conditions: there is no event {one}" for one in sorted(event_ids - set(known))]


async def _require_payment(reader: Reader, reference: UUID) -> None:
    rows = await reader.fetch_tuples(
        "SELECT id FROM payments.payments WHERE organizer_id = %(organizer_id)s AND reference = %(reference)s", reference=reference
    )
    if not rows:
        raise PaymentNotFound
