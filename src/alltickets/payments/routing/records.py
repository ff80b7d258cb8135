"""Routing as rows: policies and their versions, commission tables, and the decisions that were taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alltickets.catalog.interface import EventNotFound, read_sale_states
from alltickets.payments.routing.rules.book import RouteContext
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import Approvals, RouteFacts
from alltickets.payments.routing.rules.fees import FeeSchedule
from alltickets.payments.routing.rules.policy import Policy
from alltickets.platform.database import Reader, Transaction, rows_as_json

__all__ = [
    "ActivePolicy",
    "NewDecision",
    "RoutingState",
    "StoredDecision",
    "change_decision",
    "decode_facts",
    "delete_schedule",
    "insert_contexts",
    "insert_decisions",
    "insert_schedules",
    "raise_routing_version",
    "read_approvals",
    "read_contexts",
    "read_decisions",
    "read_facts",
    "read_schedules",
    "read_state",
    "require_events",
    "stored_decision",
]

APPROVED = ["authorized", "capturing", "voiding", "voided", "charged", "partially_refunded", "refunded", "disputed", "charged_back"]
RESOLVED = [*APPROVED, "declined"]
"""What an issuer has answered. What was never tried, called off or not understood says nothing of an account's rate."""
RECENT_MAX = 5_000


class ActivePolicy(msgspec.Struct, frozen=True):
    """The policy in force of a scope: an event's, or under the organizer's own id that of everything else."""

    scope_id: UUID
    version: int
    policy: Policy


class RoutingState(msgspec.Struct, frozen=True):
    """All that an organizer has decided about routing, accounts apart."""

    policies: tuple[ActivePolicy, ...] = ()
    schedules: tuple[FeeSchedule, ...] = ()


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to be kept with its attempt."""

    attempt_id: UUID
    context_id: UUID
    facts: RouteFacts
    decision: Decision


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was kept."""

    attempt_id: UUID
    context_id: UUID
    facts: RouteFacts
    decision: Decision
    decided_at: datetime


_state = msgspec.json.Decoder(RoutingState)
_schedules = msgspec.json.Decoder(tuple[FeeSchedule, ...])
_context = msgspec.json.Decoder(RouteContext)
_facts = msgspec.json.Decoder(RouteFacts)
_decision = msgspec.json.Decoder(Decision)

_SCHEDULE_COLUMNS = """
    fee_schedule_id, gateway, currency, rate_ppm, valid_from, account_id, method, instalments, release_days, fixed_minor,
    vat_basis_points, valid_to, source, is_verified
"""


async def read_state(reader: Reader) -> RoutingState:
    """The policies in force and the commission tables, of one instant. One statement."""
    [(text,)] = await reader.fetch_tuples(
        f"""
        SELECT json_build_object(
                 'policies', (SELECT coalesce(json_agg(json_build_object('scope_id', v.scope_id, 'version', v.version, 'policy', v.policy)),
                                              '[]')
                                FROM payments.routing_policies p
                                JOIN payments.routing_policy_versions v
                                  ON v.organizer_id = p.organizer_id AND v.scope_id = p.scope_id AND v.version = p.active_version
                               WHERE p.organizer_id = o.organizer_id),
                 'schedules', (SELECT coalesce(json_agg(x ORDER BY x.fee_schedule_id), '[]')
                                 FROM (SELECT {_SCHEDULE_COLUMNS}
                                         FROM payments.fee_schedules f
                                        WHERE f.organizer_id = o.organizer_id) x))::text
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
        """
    )
    return _state.decode(text)


async def raise_routing_version(tx: Transaction) -> None:
    """Have every process read the state anew before its next decision. Locks the organizer's row of routing until `tx` ends."""
    await tx.execute(
        """
        INSERT INTO payments.routing_states AS s (organizer_id, version)
        VALUES (%(organizer_id)s, 1)
        ON CONFLICT (organizer_id) DO UPDATE SET version = s.version + 1
        """
    )


async def read_approvals(reader: Reader, since: datetime) -> tuple[Approvals, ...]:
    """How the newest attempts of each account came out, at most the organizer's last five thousand. By the primary key, backwards."""
    rows = await reader.fetch_tuples(
        """
        SELECT x.account_id, count(*) FILTER (WHERE x.status = ANY(%(approved)s)), count(*)
          FROM (SELECT a.account_id, a.status, a.created_at
                  FROM payments.attempts a
                 WHERE a.organizer_id = %(organizer_id)s
                 ORDER BY a.id DESC
                 LIMIT %(limit)s) AS x
         WHERE x.status = ANY(%(resolved)s) AND x.created_at >= %(since)s
         GROUP BY x.account_id
         ORDER BY x.account_id
        """,
        approved=APPROVED,
        resolved=RESOLVED,
        since=since,
        limit=RECENT_MAX,
    )
    return tuple(Approvals(account_id, approved, resolved) for account_id, approved, resolved in rows)


async def insert_contexts(tx: Transaction, contexts: Mapping[UUID, RouteContext], now: datetime) -> set[UUID]:
    """Keep contexts by their digests; the ids of those that were not kept before."""
    rows = await tx.fetch_tuples(
        """
        INSERT INTO payments.route_contexts (organizer_id, context_id, context, created_at)
        SELECT o.organizer_id, x.context_id, x.context, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(context_id uuid, context jsonb)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, context_id) DO NOTHING
        RETURNING context_id
        """,
        rows=rows_as_json([{"context_id": context_id, "context": contexts[context_id]} for context_id in sorted(contexts)]),
        now=now,
    )
    return {context_id for (context_id,) in rows}


async def insert_decisions(tx: Transaction, decisions: Sequence[NewDecision], now: datetime) -> None:
    """Keep decisions, whatever their number. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.route_decisions (organizer_id, attempt_id, context_id, facts, decision, decided_at)
        SELECT o.organizer_id, x.attempt_id, x.context_id, x.facts, x.decision, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(attempt_id uuid, context_id uuid, facts jsonb, decision jsonb)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(decisions),
        now=now,
    )


async def change_decision(tx: Transaction, decision: NewDecision, now: datetime) -> None:
    """Put a decision in the place of the one of its attempt, of which nothing was sent yet."""
    await tx.execute(
        """
        UPDATE payments.route_decisions
           SET context_id = %(context_id)s, facts = %(facts)s::jsonb, decision = %(decision)s::jsonb, decided_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND attempt_id = %(attempt_id)s
        """,
        attempt_id=decision.attempt_id,
        context_id=decision.context_id,
        facts=msgspec.json.encode(decision.facts).decode(),
        decision=msgspec.json.encode(decision.decision).decode(),
        now=now,
    )


async def read_decisions(reader: Reader, reference: UUID) -> list[StoredDecision]:
    """The decisions of a payment's attempts, oldest first."""
    rows = await reader.fetch_tuples(
        """
        SELECT d.attempt_id, d.context_id, d.facts::text, d.decision::text, d.decided_at
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
          JOIN payments.route_decisions d
            ON d.organizer_id = a.organizer_id AND d.attempt_id = a.id
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
         ORDER BY d.attempt_id
        """,
        reference=reference,
    )
    return [stored_decision(row) for row in rows]


async def read_facts(reader: Reader, attempt_id: UUID) -> RouteFacts | None:
    """What was known when an attempt was given its account; None for one that is older than routing."""
    rows = await reader.fetch_tuples(
        """
        SELECT facts::text
          FROM payments.route_decisions
         WHERE organizer_id = %(organizer_id)s AND attempt_id = %(attempt_id)s
        """,
        attempt_id=attempt_id,
    )
    return decode_facts(rows[0][0]) if rows else None


async def read_contexts(reader: Reader, context_ids: Sequence[UUID]) -> dict[UUID, RouteContext]:
    """Contexts by id."""
    rows = await reader.fetch_tuples(
        """
        SELECT context_id, context::text
          FROM payments.route_contexts
         WHERE organizer_id = %(organizer_id)s AND context_id = ANY(%(ids)s)
        """,
        ids=list(context_ids),
    )
    return {context_id: _context.decode(context) for context_id, context in rows}


async def read_schedules(reader: Reader) -> tuple[FeeSchedule, ...]:
    """The organizer's commission tables, line by line, in the order in which they were written."""
    [(text,)] = await reader.fetch_tuples(
        f"""
        SELECT coalesce(json_agg(x ORDER BY x.fee_schedule_id), '[]')::text
          FROM (SELECT {_SCHEDULE_COLUMNS}
                  FROM payments.fee_schedules
                 WHERE organizer_id = %(organizer_id)s) x
        """
    )
    return _schedules.decode(text)


async def insert_schedules(tx: Transaction, schedules: Sequence[FeeSchedule]) -> None:
    """Write new lines of the commission tables, or put others in the place of those of the same id. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.fee_schedules (organizer_id, fee_schedule_id, gateway, currency, rate_ppm, valid_from, account_id, method,
                                            instalments, release_days, fixed_minor, vat_basis_points, valid_to, source, is_verified)
        SELECT o.organizer_id, x.fee_schedule_id, x.gateway, x.currency, x.rate_ppm, x.valid_from, x.account_id, x.method,
               x.instalments, x.release_days, x.fixed_minor, x.vat_basis_points, x.valid_to, x.source, x.is_verified
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(fee_schedule_id uuid, gateway text, currency text, rate_ppm int, valid_from date, account_id uuid, method text,
                        instalments int, release_days int, fixed_minor bigint, vat_basis_points int, valid_to date, source text,
                        is_verified boolean)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, fee_schedule_id) DO UPDATE
           SET gateway = excluded.gateway, currency = excluded.currency, rate_ppm = excluded.rate_ppm, valid_from = excluded.valid_from,
               account_id = excluded.account_id, method = excluded.method, instalments = excluded.instalments,
               release_days = excluded.release_days, fixed_minor = excluded.fixed_minor, vat_basis_points = excluded.vat_basis_points,
               valid_to = excluded.valid_to, source = excluded.source, is_verified = excluded.is_verified
        """,
        rows=rows_as_json([_all_fields(one) for one in schedules]),
    )


async def delete_schedule(tx: Transaction, fee_schedule_id: UUID) -> bool:
    """Take a line out of the commission tables; whether it was there."""
    return bool(
        await tx.execute(
            "DELETE FROM payments.fee_schedules WHERE organizer_id = %(organizer_id)s AND fee_schedule_id = %(id)s", id=fee_schedule_id
        )
    )


async def require_events(reader: Reader, event_ids: Collection[UUID]) -> None:
    """Raise `EventNotFound` for the first of these that is no event of the organizer's. One statement, and none for none."""
    known = await read_sale_states(reader, event_ids) if event_ids else {}
    for event_id in event_ids:
        if event_id not in known:
            raise EventNotFound(str(event_id))


def decode_facts(text: str) -> RouteFacts:
    """Facts from their column."""
    return _facts.decode(text)


def stored_decision(row: Sequence[Any]) -> StoredDecision:
    """A decision from its columns: attempt, context, facts, decision, when."""
    return StoredDecision(row[0], row[1], _facts.decode(row[2]), _decision.decode(row[3]), row[4])


def _all_fields(schedule: FeeSchedule) -> dict[str, object]:
    """Every column: what has its default is left out where such a line is sent, and would be null here."""
    return {name: getattr(schedule, name) for name in schedule.__struct_fields__}
