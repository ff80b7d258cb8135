"""Routing as rows: policies and their versions, commission tables, and the decisions that were taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
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
    "UnfollowedDecision",
    "append_decision",
    "decode_facts",
    "delete_schedule",
    "insert_contexts",
    "insert_decisions",
    "insert_schedules",
    "insert_unfollowed",
    "raise_routing_version",
    "read_approvals",
    "read_contexts",
    "read_decisions",
    "read_facts",
    "read_schedules",
    "read_state",
    "require_events",
]

APPROVED = ["authorized", "capturing", "voiding", "voided", "charged", "partially_refunded", "refunded", "disputed", "charged_back"]
RESOLVED = [*APPROVED, "declined"]
"""What an issuer has answered. What was never tried, called off or not understood says nothing of an account's rate."""
RECENT_MAX = 5_000
_NO_TIME = datetime.min.replace(tzinfo=UTC)


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
class UnfollowedDecision:
    """A decision by which no attempt goes anywhere: no account could take the payment, or the card is taken elsewhere."""

    context_id: UUID
    facts: RouteFacts
    decision: Decision

    @property
    def digest(self) -> UUID:
        """The same whenever it is the same that was decided, for whichever card and at whatever time."""
        facts = msgspec.structs.replace(self.facts, at=_NO_TIME, card_bin=None if self.facts.card_bin is None else "")
        return UUID(bytes=blake2b(msgspec.json.encode([self.context_id, facts, self.decision]), digest_size=16).digest())


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision as it was kept: which one of its attempt's, from 1. `counts`: it is the last of them.

    One by which no attempt goes anywhere has neither attempt nor number, and does not count.
    """

    attempt_id: UUID | None
    number: int | None
    counts: bool
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
    """Keep the first decisions of attempts, whatever their number. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.route_decisions (organizer_id, attempt_id, number, context_id, facts, decision, decided_at)
        SELECT o.organizer_id, x.attempt_id, 1, x.context_id, x.facts, x.decision, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(attempt_id uuid, context_id uuid, facts jsonb, decision jsonb)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(decisions),
        now=now,
    )


async def append_decision(tx: Transaction, decision: NewDecision, now: datetime) -> None:
    """Keep a further decision of an attempt, of which nothing was sent yet; under the payment's lock.

    What was decided alike for a card that begins otherwise is not kept again: which card was charged, the charge says.
    """
    await tx.execute(
        """
        INSERT INTO payments.route_decisions (organizer_id, attempt_id, number, context_id, facts, decision, decided_at)
        SELECT o.organizer_id, x.attempt_id, coalesce(d.number, 0) + 1, x.context_id, x.facts, x.decision, %(now)s
          FROM platform.organizers o
         CROSS JOIN json_to_recordset(%(rows)s::json) AS x(attempt_id uuid, context_id uuid, facts jsonb, decision jsonb)
          LEFT JOIN LATERAL (SELECT l.number, l.context_id, l.facts, l.decision
                               FROM payments.route_decisions l
                              WHERE l.organizer_id = o.organizer_id AND l.attempt_id = x.attempt_id
                              ORDER BY l.number DESC
                              LIMIT 1) AS d ON true
         WHERE o.organizer_id = %(organizer_id)s
           AND (d.context_id, d.decision, d.facts - 'at' - 'card_bin', d.facts->'card_bin' IS NULL)
               IS DISTINCT FROM (x.context_id, x.decision, x.facts - 'at' - 'card_bin', x.facts->'card_bin' IS NULL)
        """,
        rows=rows_as_json([decision]),
        now=now,
    )


async def insert_unfollowed(tx: Transaction, decisions: Sequence[UnfollowedDecision], now: datetime) -> None:
    """Keep decisions by which no attempt goes anywhere, each once, of payments that there are. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.unfollowed_decisions (organizer_id, reference, digest, context_id, facts, decision, decided_at)
        SELECT p.organizer_id, p.reference, x.digest, x.context_id, x.facts, x.decision, %(now)s
          FROM json_to_recordset(%(rows)s::json) AS x(reference uuid, digest uuid, context_id uuid, facts jsonb, decision jsonb)
          JOIN payments.payments p
            ON p.reference = x.reference
         WHERE p.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, reference, digest) DO NOTHING
        """,
        rows=rows_as_json(
            [
                {
                    "reference": one.facts.reference,
                    "digest": one.digest,
                    "context_id": one.context_id,
                    "facts": one.facts,
                    "decision": one.decision,
                }
                for one in decisions
            ]
        ),
        now=now,
    )


async def read_decisions(reader: Reader, reference: UUID) -> list[StoredDecision]:
    """Every decision about a payment, oldest first."""
    rows = await reader.fetch_tuples(
        """
        SELECT d.attempt_id, d.number, d.number = max(d.number) OVER (PARTITION BY d.attempt_id),
               d.context_id, d.facts::text, d.decision::text, d.decided_at
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
          JOIN payments.route_decisions d
            ON d.organizer_id = a.organizer_id AND d.attempt_id = a.id
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
         UNION ALL
        SELECT NULL, NULL, false, u.context_id, u.facts::text, u.decision::text, u.decided_at
          FROM payments.unfollowed_decisions u
         WHERE u.organizer_id = %(organizer_id)s AND u.reference = %(reference)s
         ORDER BY 7, 1, 2
        """,
        reference=reference,
    )
    return [
        StoredDecision(attempt_id, number, counts, context_id, _facts.decode(facts), _decision.decode(decision), decided_at)
        for attempt_id, number, counts, context_id, facts, decision, decided_at in rows
    ]


async def read_facts(reader: Reader, attempt_id: UUID) -> RouteFacts | None:
    """What was known when an attempt was given its account; None for one that is older than routing."""
    rows = await reader.fetch_tuples(
        """
        SELECT facts::text
          FROM payments.route_decisions
         WHERE organizer_id = %(organizer_id)s AND attempt_id = %(attempt_id)s
         ORDER BY number DESC
         LIMIT 1
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


def _all_fields(schedule: FeeSchedule) -> dict[str, object]:
    """Every column: what has its default is left out where such a line is sent, and would be null here."""
    return {name: getattr(schedule, name) for name in schedule.__struct_fields__}
