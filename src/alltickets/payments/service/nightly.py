"""The nightly look: what no callback told and the poller gave up is found by asking, account by account, slowly, each night."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_absences, apply_reports
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.nightly.rules import ASKED_AT_ONCE, TURN, is_down, next_night, pause_after
from alltickets.payments.nightly.store import (
    Round,
    States,
    accounts_without_round,
    begin_rounds,
    claim_round,
    open_attempts,
    put_round,
    states_of,
    wake_others,
)
from alltickets.payments.port import GatewayError, GatewayPayment
from alltickets.payments.reconciliation.fetching import ask_for_report
from alltickets.payments.sellers.store import suspect
from alltickets.payments.service.reservations import Reservations
from alltickets.payments.sweeping import organizers_with_due_looks, sweep_each
from alltickets.platform.database import Database

__all__ = ["Nightly"]

_log = structlog.get_logger()
_looks = Counter("alltickets_payment_looks", "Attempts that the nightly look asked about, by what came of it", ["outcome"])


class Nightly:
    """Use case of looking. A round is a row: a process that dies leaves it where it was, and another one goes on."""

    def __init__(self, database: Database, clock: Clock, connections: Connections, reservations: Reservations) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._reservations = reservations

    async def sweep(self) -> int:
        """One turn of the round that is due longest, for each organizer; how many turns those were."""
        return await sweep_each(await organizers_with_due_looks(self._database, self._clock()), self.turn)

    async def turn(self, organizer_id: UUID) -> int:
        """The same for one organizer: 1, or 0 where none of its rounds is due."""
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            accounts = await self._connections.of(tx)
            missing = await accounts_without_round(tx)
            if missing:
                await begin_rounds(tx, {one: None if accounts.is_offline(one) else next_night(now, one) for one in missing})
            one = await claim_round(tx, now)
            if one is None:
                return 0
            if one.began_at is None:
                one = Round(one.account_id, None, now, 0, 0, 0, 0)
                await wake_others(tx, one.account_id, now)
            assert one.began_at is not None
            ids = await open_attempts(tx, one.account_id, after=one.after, began_at=one.began_at, limit=ASKED_AT_ONCE)
        if ids:
            await self._turn(organizer_id, accounts, one, ids)
        else:
            await self._end(organizer_id, accounts, one)
        return 1

    async def _turn(self, organizer_id: UUID, accounts: Accounts, one: Round, ids: list[UUID]) -> None:
        """Ask about these, one after the other, until there is no use in asking; apply the answers and write how far that was."""
        answers: dict[UUID, list[GatewayPayment]] = {}
        failed, stopped_by, last_error = 0, None, None
        after = one.after
        for attempt_id in ids:
            try:
                answers[attempt_id] = await accounts.gateway_of(one.account_id).query(str(attempt_id))
            except GatewayError as error:
                _log.warning("gateway not asked at night", attempt=str(attempt_id), kind=error.kind, code=error.code)
                last_error = error
                if is_down(error.kind):
                    stopped_by = error
                    break
                if error.kind == "not_found":
                    # It knows of nothing, which is as much an answer as an empty one.
                    answers[attempt_id] = []
                else:
                    failed += 1
            after = attempt_id
        mended = await self._apply(organizer_id, accounts, one.account_id, answers)
        _looks.labels("failed").inc(failed)
        now = self._clock()
        one = replace(
            one,
            after=after,
            asked=one.asked + len(answers) + failed,
            mended=one.mended + mended,
            failed=one.failed + failed,
            failures_in_row=0 if stopped_by is None else one.failures_in_row + 1,
        )
        rests = pause_after(one.failures_in_row) if stopped_by is not None else TURN
        async with self._database.transaction(organizer_id) as tx:
            if stopped_by is not None and stopped_by.kind == "auth_config":
                await suspect(tx, [one.account_id], now)
            if last_error is not None:
                await note_failure(tx, one.account_id, "query", last_error, now)
            await put_round(tx, one, due_at=now + rests, ended_at=None)

    async def _apply(self, organizer_id: UUID, accounts: Accounts, account_id: UUID, answers: dict[UUID, list[GatewayPayment]]) -> int:
        """On the way of every answer of a gateway; how many attempts that moved."""
        reports = [Report(account_id, payment) for answer in answers.values() for payment in answer]
        absent = {attempt_id: accounts.absent_for_min(account_id) for attempt_id, answer in answers.items() if not answer}
        moved = 0
        if reports:
            moved += await self._moved(organizer_id, accounts, list(answers), reports=reports)
        if absent:
            async with self._database.transaction(organizer_id) as tx:
                await apply_absences(tx, absent, now=self._clock())
        _looks.labels("mended").inc(moved)
        _looks.labels("as_known").inc(len(answers) - moved)
        return moved

    async def _moved(self, organizer_id: UUID, accounts: Accounts, ids: list[UUID], *, reports: list[Report]) -> int:
        async with self._database.transaction(organizer_id) as tx:
            before = await states_of(tx, ids)
            await apply_reports(tx, reports, cause="query", now=self._clock())
        await self._reservations.settle(organizer_id, accounts, [report.payment for report in reports], ids)
        async with self._database.reading(organizer_id) as reader:
            after = await states_of(reader, ids)
        moved = [attempt_id for attempt_id in ids if before.get(attempt_id) != after.get(attempt_id)]
        for attempt_id in moved:
            _log.warning("found at night", attempt=str(attempt_id), before=_words(before, attempt_id), after=_words(after, attempt_id))
        return len(moved)

    async def _end(self, organizer_id: UUID, accounts: Accounts, one: Round) -> None:
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            if accounts.makes_reports(one.account_id):
                await ask_for_report(tx, one.account_id, now)
            await put_round(tx, replace(one, after=None, began_at=None), due_at=next_night(now, one.account_id), ended_at=now)
        _log.info(
            "looked at everything open",
            account=str(one.account_id),
            asked=one.asked,
            mended=one.mended,
            failed=one.failed,
            seconds=_seconds(one.began_at, now),
        )


def _words(states: States, attempt_id: UUID) -> str:
    """An attempt's status, and those of its charges, for people."""
    rows = states.get(attempt_id, set())
    attempt = {str(status) for status, *_ in rows}
    charges = sorted(f"{status} {refunded}" for _, charge_id, status, refunded in rows if charge_id is not None)
    return ", ".join([*attempt, *charges])


def _seconds(began_at: datetime | None, now: datetime) -> float:
    return 0.0 if began_at is None else round((now - began_at).total_seconds(), 1)
