"""The poller: asks gateways about every attempt that is not final. It needs no callback to bring a payment home."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_absences, apply_conclusion, apply_failed_queries, apply_reports
from alltickets.payments.asking import PERSON_WAITS_SECONDS_MAX, answered_within
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.port import GatewayError, GatewayPayment
from alltickets.payments.queries import payment_of
from alltickets.payments.refusals import QueryFailed
from alltickets.payments.rules import AttemptStatus
from alltickets.payments.schedule import LOOK_AGAIN_SECONDS
from alltickets.payments.sellers.store import suspect
from alltickets.payments.service.reservations import Reservations
from alltickets.payments.sweeping import organizers_with_due_attempts, sweep_each
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["Poller"]

CLAIMED_MAX = 50
CALLS_AT_ONCE_MAX = 10

_UNASKED: dict[AttemptStatus, AttemptStatus] = {"created": "expired", "sending": "unknown"}
"""What an attempt that is due comes to before anybody is asked: nobody began it in time; its caller died with the answer."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    id: UUID
    account_id: UUID
    status: AttemptStatus


class Poller:
    """Use cases of asking."""

    def __init__(self, database: Database, clock: Clock, connections: Connections, reservations: Reservations) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._reservations = reservations

    async def sweep(self) -> int:
        """Ask about attempts that are due and apply the answers; how many those were. What is only reserved is taken, or given
        back where it pays for nothing (`Reservations.settle`).

        An attempt still "sending" when it is due lost its caller: it becomes "unknown" and is asked about. One that was never begun
        and has run out becomes "expired" without a question, and so does one that nobody has recorded money for where there is no
        gateway to ask. The gateway is asked outside of transactions.
        """
        return await sweep_each(await organizers_with_due_attempts(self._database, self._clock()), self._sweep)

    async def ask(self, organizer_id: UUID, reference: UUID) -> int:
        """Ask about every attempt of a payment now, whatever its state, but for those that nobody has begun or is just calling for.

        How many were asked about; 0 also where there is no such payment.
        """
        asked, accounts = await self._askable(organizer_id, reference)
        await self._ask_about(organizer_id, accounts, asked)
        return len(asked)

    async def ask_for(self, actor: Actor, reference: UUID) -> None:
        """As `ask`, because somebody wants it, who is recorded, and for as long as a person waits.

        Raises `PaymentNotFound`, or `QueryFailed` where any gateway did not say; what others said is applied.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            await payment_of(tx, reference)
            await record(tx, actor, "payment.queried", Subject("payment", reference))
        asked, accounts = await self._askable(actor.organizer_id, reference)
        answers = await self._ask_about(actor.organizer_id, accounts, asked, seconds_max=PERSON_WAITS_SECONDS_MAX)
        for answer in answers:
            if isinstance(answer, GatewayError):
                raise QueryFailed(str(answer))

    async def _sweep(self, organizer_id: UUID) -> int:
        due, accounts = await self._claim(organizer_id)
        offline = {one for one in due if accounts.is_offline(one.account_id)}
        for one in due:
            await self._conclude_unasked(organizer_id, one, "expired" if one in offline else _UNASKED.get(one.status))
        await self._ask_about(organizer_id, accounts, [one for one in due if one.status != "created" and one not in offline])
        return len(due)

    async def _askable(self, organizer_id: UUID, reference: UUID) -> tuple[list[_Due], Accounts]:
        async with self._database.reading(organizer_id) as reader:
            attempts = await _attempts_of(reader, reference)
            accounts = await self._connections.of(reader)
        return [one for one in attempts if one.status not in _UNASKED and not accounts.is_offline(one.account_id)], accounts

    async def _ask_about(
        self, organizer_id: UUID, accounts: Accounts, asked: Sequence[_Due], *, seconds_max: float | None = None
    ) -> list[list[GatewayPayment] | GatewayError]:
        slots = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        answers = await asyncio.gather(*(_ask(accounts, one, slots, seconds_max) for one in asked))
        await self._apply(organizer_id, accounts, dict(zip(asked, answers, strict=True)))
        return answers

    async def _claim(self, organizer_id: UUID) -> tuple[list[_Due], Accounts]:
        """Take attempts that are due, for a minute: another process leaves them alone, and takes them over if this one dies."""
        async with self._database.transaction(organizer_id) as tx:
            return await _take_due(tx, self._clock()), await self._connections.of(tx)

    async def _conclude_unasked(self, organizer_id: UUID, one: _Due, ending: AttemptStatus | None) -> None:
        if ending is not None:
            async with self._database.transaction(organizer_id) as tx:
                await apply_conclusion(tx, one.id, ending, cause="silence", now=self._clock())

    async def _apply(self, organizer_id: UUID, accounts: Accounts, answers: dict[_Due, list[GatewayPayment] | GatewayError]) -> None:
        """Some transactions: each locks payments in id order, which together they would not."""
        reports = [Report(one.account_id, payment) for one, answer in answers.items() if isinstance(answer, list) for payment in answer]
        absent = {one.id: accounts.absent_for_min(one.account_id) for one, answer in answers.items() if answer == []}
        failed = {one.id: answer for one, answer in answers.items() if isinstance(answer, GatewayError)}
        if reports:
            async with self._database.transaction(organizer_id) as tx:
                await apply_reports(tx, reports, cause="query", now=self._clock())
        if absent:
            async with self._database.transaction(organizer_id) as tx:
                await apply_absences(tx, absent, now=self._clock())
        if failed:
            async with self._database.transaction(organizer_id) as tx:
                await apply_failed_queries(tx, failed, now=self._clock())
        failures = [(one.account_id, answer) for one, answer in answers.items() if isinstance(answer, GatewayError)]
        # Of several errors of an account that one is kept which people have to put right.
        errors = dict(sorted(failures, key=lambda failure: failure[1].kind == "auth_config"))
        if errors:
            async with self._database.transaction(organizer_id) as tx:
                refused = [account_id for account_id, error in errors.items() if error.kind == "auth_config"]
                if refused:
                    await suspect(tx, refused, self._clock())
                for account_id in sorted(errors):
                    await note_failure(tx, account_id, "query", errors[account_id], self._clock())
        # Last, for it calls gateways again: whatever becomes of that, what was answered is written.
        asked = [one.id for one, answer in answers.items() if isinstance(answer, list)]
        await self._reservations.settle(organizer_id, accounts, [report.payment for report in reports], asked)


async def _ask(accounts: Accounts, one: _Due, slots: asyncio.Semaphore, seconds_max: float | None) -> list[GatewayPayment] | GatewayError:
    async with slots:
        try:
            async with answered_within(seconds_max):
                return await accounts.gateway_of(one.account_id).query(str(one.id))
        except GatewayError as error:
            _log.warning("gateway not asked", attempt=str(one.id), kind=error.kind, code=error.code)
            return [] if error.kind == "not_found" else error


async def _attempts_of(reader: Reader, reference: UUID) -> list[_Due]:
    return await reader.fetch_all(
        _Due,
        """
        SELECT a.id, a.account_id, a.status
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
         ORDER BY a.id
        """,
        reference=reference,
    )


async def _take_due(tx: Transaction, now: datetime) -> list[_Due]:
    """What somebody waits for first: in a rush more buyers are typing than can be asked about in a minute."""
    return await tx.fetch_all(
        _Due,
        """
        UPDATE payments.attempts a
           SET next_query_at = %(again_at)s
         WHERE a.organizer_id = %(organizer_id)s
           AND a.id IN (SELECT d.id
                          FROM payments.attempts d
                         WHERE d.organizer_id = %(organizer_id)s AND d.next_query_at <= %(now)s
                         ORDER BY d.status = 'awaiting_buyer', d.next_query_at
                         LIMIT %(limit)s
                           FOR UPDATE SKIP LOCKED)
        RETURNING a.id, a.account_id, a.status
        """,
        now=now,
        again_at=now + timedelta(seconds=LOOK_AGAIN_SECONDS),
        limit=CLAIMED_MAX,
    )
