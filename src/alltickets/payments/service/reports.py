"""Settlement reports are asked for each night, waited for, fetched and taken in, where a gateway makes them when it is asked."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor
from alltickets.kernel.time import Clock
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.port import GatewayError, SettlementFile, SettlementOrdered
from alltickets.payments.reconciliation.fetching import Fetch, claim_fetch, end_fetch, postpone_fetch
from alltickets.payments.reconciliation.layouts import LAYOUTS, Layout
from alltickets.payments.reconciliation.queries import ReportDetails
from alltickets.payments.refusals import SettlementUnreadable
from alltickets.payments.schedule import next_try
from alltickets.payments.service.reconciliation import Reconciliation
from alltickets.payments.sweeping import organizers_with_due_reports, sweep_each
from alltickets.platform.database import Database

__all__ = ["Reports"]

LOOKED_AFTER = timedelta(minutes=1)
"""How often one is asked about while it is made, which takes minutes."""

_log = structlog.get_logger()
_fetched = Counter("alltickets_payment_reports", "Settlement reports that gateways were asked for, by what came of it", ["outcome"])


class Reports:
    """Use case of fetching. A fetch is a row: a process that dies leaves it where it was, and another one goes on.

    Taken in twice a report changes nothing, for each of its lines counts once.
    """

    def __init__(self, database: Database, clock: Clock, connections: Connections, reconciliation: Reconciliation) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._reconciliation = reconciliation

    async def sweep(self) -> int:
        """One step of the fetch that is due longest, for each organizer; how many those were."""
        return await sweep_each(await organizers_with_due_reports(self._database, self._clock()), self.turn)

    async def turn(self, organizer_id: UUID) -> int:
        """The same for one organizer: 1, or 0 where nothing is due."""
        async with self._database.transaction(organizer_id) as tx:
            one = await claim_fetch(tx, self._clock())
            accounts = await self._connections.of(tx)
        if one is None:
            return 0
        try:
            found = await _ask(accounts, one)
            report = await self._take_in(organizer_id, one, found) if isinstance(found, SettlementFile) else None
        except (GatewayError, SettlementUnreadable) as fault:
            await self._note_fault(organizer_id, one, fault)
            return 1
        async with self._database.transaction(organizer_id) as tx:
            if report is not None:
                await end_fetch(tx, one, report.id)
            elif isinstance(found, SettlementOrdered):
                again_at = None if self._is_over(one) else self._clock() + LOOKED_AFTER
                await postpone_fetch(tx, one, again_at, ordered=found.name, fault=None if again_at else "never made")
        return 1

    async def _take_in(self, organizer_id: UUID, one: Fetch, file: SettlementFile) -> ReportDetails:
        async def content() -> AsyncIterator[bytes]:
            yield file.content

        actor = Actor.system(organizer_id, "settlement reports")
        report = await self._reconciliation.take_in(actor, one.account_id, file.name, _layout_of(file), content())
        _log.info("settlement report taken in", account=str(one.account_id), report=str(report.id), name=file.name)
        _fetched.labels("taken_in").inc()
        return report

    async def _note_fault(self, organizer_id: UUID, one: Fetch, fault: GatewayError | SettlementUnreadable) -> None:
        """It is tried again for a day, unless nothing would change; the next night's report begins where this one did."""
        now, ordered = self._clock(), one.ordered
        is_final = not isinstance(fault, GatewayError) or fault.kind in ("declined", "unsupported", "invalid_request")
        if isinstance(fault, GatewayError) and fault.kind == "not_found":
            ordered = None
        again_at = None if is_final else next_try(one.tries, since=one.created_at, now=now)
        _log.warning("settlement report not fetched", account=str(one.account_id), fault=str(fault), is_given_up=again_at is None)
        _fetched.labels("given_up" if again_at is None else "postponed").inc()
        async with self._database.transaction(organizer_id) as tx:
            await postpone_fetch(tx, one, again_at, ordered=ordered, fault=str(fault)[:500])
            if isinstance(fault, GatewayError):
                await note_failure(tx, one.account_id, "report", fault, now)

    def _is_over(self, one: Fetch) -> bool:
        return next_try(one.tries, since=one.created_at, now=self._clock()) is None


async def _ask(accounts: Accounts, one: Fetch) -> SettlementFile | SettlementOrdered:
    return await accounts.gateway_of(one.account_id).settlement(one.begins_at, one.ends_at, ordered=one.ordered)


def _layout_of(file: SettlementFile) -> Layout:
    """The seller may have had it separated otherwise: the head tells."""
    layout = LAYOUTS[file.layout]
    head = file.content.split(b"\n", 1)[0]
    return msgspec.structs.replace(layout, separator=";") if head.count(b";") > head.count(b",") else layout
