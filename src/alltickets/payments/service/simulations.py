"""What would have happened under another policy: past decisions taken anew, page by page, never more than a request can bear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.kernel.ids import first_id_at
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.refusals import RoutingInvalid
from alltickets.payments.routing.records import APPROVED, ActivePolicy, RoutingState, decode_facts, read_state, require_events
from alltickets.payments.routing.router import Books
from alltickets.payments.routing.rules.fees import backdated
from alltickets.payments.routing.rules.policy import Policy
from alltickets.payments.routing.rules.simulating import PastDecision, Tally, simulate
from alltickets.payments.routing.rules.validating import policy_faults
from alltickets.platform.database import Database, Reader

__all__ = ["AskSimulation", "Simulation", "Simulations"]

DECISIONS_MAX = 5_000
PAGE = 250
"""Decided in one go: some ten milliseconds in which this process answers nobody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSimulation:
    """Which payments, under which policy. event_id: that event's alone; None: all, where events with a policy of their own keep it.

    after: the `next_after` of the part before.
    """

    policy: Policy
    event_id: UUID | None
    since: datetime
    until: datetime
    after: UUID | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """The sums of one part of the period. `next_after`: where the next part begins; None: this was the last."""

    tally: Tally
    decisions: int
    next_after: UUID | None


class Simulations:
    """Use cases of looking back."""

    def __init__(self, database: Database, connections: Connections) -> None:
        self._database = database
        self._connections = connections

    async def run(self, organizer_id: UUID, ask: AskSimulation) -> Simulation:
        """Decide at most five thousand past payments anew, with the accounts and commission tables of today.

        Before a table's first line that line counts. Raises `EventNotFound`, or `RoutingInvalid` with every fault of the policy.
        """
        async with self._database.reading(organizer_id) as reader:
            await require_events(reader, [] if ask.event_id is None else [ask.event_id])
            accounts = await self._connections.of(reader)
            books = await self._books(reader, accounts, ask)
        forms = [one.id for one in accounts.all if one.gateway.capabilities.flow == "card_form"]
        tally, count = Tally(), 0
        after, until = ask.after or first_id_at(ask.since), first_id_at(ask.until)
        while count < DECISIONS_MAX:
            # A connection for each page: nobody waits for one while this decides.
            async with self._database.reading(organizer_id) as reader:
                page = await _read_page(reader, after, until, forms)
            past = [one for _, one in page if ask.event_id in (None, one.facts.purpose.event_id)]
            tally.add(simulate(past, books.of, forms))
            count += len(page)
            if len(page) < PAGE:
                return Simulation(tally, count, None)
            after = page[-1][0]
        return Simulation(tally, count, after)

    async def _books(self, reader: Reader, accounts: Accounts, ask: AskSimulation) -> Books:
        """The books of today, with this policy in the place of the one that it is to replace."""
        faults = policy_faults(ask.policy, {one.id for one in accounts.all})
        if faults:
            raise RoutingInvalid(tuple(faults))
        state = await read_state(reader)
        scope_id = ask.event_id or reader.organizer_id
        version = max((one.version for one in state.policies if one.scope_id == scope_id), default=0) + 1
        others = tuple(one for one in state.policies if one.scope_id != scope_id)
        policies = (*others, ActivePolicy(scope_id, version, ask.policy))
        return Books(reader.organizer_id, accounts, RoutingState(policies, backdated(state.schedules)))


async def _read_page(reader: Reader, after: UUID, until: UUID, forms: Sequence[UUID]) -> Sequence[tuple[UUID, PastDecision]]:
    """The decisions that follow, of each attempt the one that counts, by the primary key, with what came of their attempts.

    An attempt at a form that was left for another account's, so that nothing of it was ever sent, was none.
    """
    rows = await reader.fetch_tuples(
        """
        SELECT d.attempt_id, d.facts::text, a.account_id, a.status = ANY(%(approved)s), c.method, c.instalments, c.card_bin
          FROM payments.route_decisions d
          JOIN payments.attempts a
            ON a.organizer_id = d.organizer_id AND a.id = d.attempt_id
          JOIN payments.payments p
            ON p.organizer_id = a.organizer_id AND p.id = a.payment_id
          LEFT JOIN LATERAL (SELECT h.facts->>'method' AS method, (h.facts->>'installments')::int AS instalments,
                                    left(h.facts->>'card_bin', 6) AS card_bin
                               FROM payments.charges h
                              WHERE h.organizer_id = d.organizer_id AND h.attempt_id = d.attempt_id
                              ORDER BY h.id
                              LIMIT 1) AS c ON true
         WHERE d.organizer_id = %(organizer_id)s AND d.attempt_id > %(after)s AND d.attempt_id < %(until)s
           AND d.number = (SELECT max(l.number)
                             FROM payments.route_decisions l
                            WHERE l.organizer_id = d.organizer_id AND l.attempt_id = d.attempt_id)
           AND NOT (a.status IN ('created', 'expired') AND a.account_id = ANY(%(forms)s) AND a.id <> p.newest_attempt_id)
         ORDER BY d.attempt_id
         LIMIT %(limit)s
        """,
        approved=APPROVED,
        after=after,
        until=until,
        forms=list(forms),
        limit=PAGE,
    )
    return [(row[0], PastDecision(decode_facts(row[1]), row[2], row[3], row[4], row[5], row[6])) for row in rows]
