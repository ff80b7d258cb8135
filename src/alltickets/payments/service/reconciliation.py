"""Use cases of reconciliation: take a report in, list what differs, settle a line."""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from typing import IO, Literal
from uuid import UUID

import msgspec

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.connections import ConnectedAccount, Connections
from alltickets.payments.port import GatewayError, GatewayPayment, Hint
from alltickets.payments.reconciliation.layouts import Layout
from alltickets.payments.reconciliation.lines import LineKey, SettlementLine, UnreadableLine, digest_of
from alltickets.payments.reconciliation.queries import (
    LineDetails,
    ReportDetails,
    ReportHead,
    UnsettledCharge,
    head_of,
    line_of,
    list_lines,
    list_reports,
    list_unsettled,
    report_of,
)
from alltickets.payments.reconciliation.reading import read_lines
from alltickets.payments.reconciliation.rules import ACTS, LineState, Verdict, compare, is_booked
from alltickets.payments.reconciliation.store import (
    Charges,
    Judged,
    fetch_charges,
    fetch_seen,
    insert_lines,
    lock_account,
    mark_seen,
    point_at_charge,
)
from alltickets.payments.refusals import AccountNotFound, GatewayFailed, SettlementActImpossible, SettlementUnreadable
from alltickets.payments.rules import restated
from alltickets.payments.standings import fetch_charge
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page

__all__ = ["REPORT_BYTES_MAX", "Act", "Reconciliation"]

REPORT_BYTES_MAX = 64 * 1024 * 1024
BATCH_LINES = 2_000
KEPT_IN_MEMORY_BYTES = 1024 * 1024

Line = SettlementLine | UnreadableLine
Act = Literal["fetch", "accept_fee", "dismiss"]


@dataclass(frozen=True, slots=True)
class _Import:
    report_id: UUID
    account_id: UUID
    currency: str


class Reconciliation:
    """Built once per process."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def take_in(self, actor: Actor, account_id: UUID, name: str, layout: Layout, content: AsyncIterator[bytes]) -> ReportDetails:
        """Import a report, batch by batch; a line that was imported before, by any report of the account, is known and passed over.

        So a report that was broken off is taken in by sending it again. Memory does not grow with the file: it waits on disk.
        Raises `AccountNotFound`, or `SettlementUnreadable` for what is no report by this layout.
        """
        async with self._database.reading(actor.organizer_id) as reader:
            currency = (await self._connections.of(reader)).get(account_id).currency
        with tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES) as file:
            await _keep(content, file)
            lines = await asyncio.to_thread(_open, file, layout, currency)
            one = await self._begin(actor, account_id, currency, name)
            try:
                await self._take_in_all(actor.organizer_id, one, lines)
            except SettlementUnreadable:
                await self._end(actor.organizer_id, one, "broken")
                raise
        return await self._end(actor.organizer_id, one, "done")

    async def reports(self, actor: Actor, account_id: UUID, *, cursor: str | None, size: int) -> Page[ReportHead]:
        """See `list_reports`. Raises `AccountNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            (await self._connections.of(reader)).get(account_id)
            return await list_reports(reader, account_id, cursor=cursor, size=size)

    async def report(self, actor: Actor, report_id: UUID) -> ReportDetails:
        """See `report_of`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await report_of(reader, report_id)

    async def lines(self, actor: Actor, report_id: UUID, *, state: LineState | None, cursor: str | None, size: int) -> Page[LineDetails]:
        """See `list_lines`. Raises `SettlementReportNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            await head_of(reader, report_id)
            return await list_lines(reader, report_id, state=state, cursor=cursor, size=size)

    async def unsettled(self, actor: Actor, account_id: UUID, *, until: datetime, cursor: str | None, size: int) -> Page[UnsettledCharge]:
        """See `list_unsettled`. Raises `AccountNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            (await self._connections.of(reader)).get(account_id)
            return await list_unsettled(reader, account_id, until=until, cursor=cursor, size=size)

    async def settle(self, actor: Actor, account_id: UUID, key: LineKey, *, act: Act, note: str) -> LineDetails:
        """Carry out what is proposed for a line ("fetch", "accept_fee"), or put it aside with a note ("dismiss").

        Raises `SettlementLineNotFound`, `SettlementActImpossible`, or `GatewayFailed`.
        """
        async with self._database.reading(actor.organizer_id) as reader:
            line = await line_of(reader, account_id, key)
            account = (await self._connections.of(reader)).get(account_id)
        if act not in ("dismiss", ACTS[line.state]) or (act == "dismiss" and line.state in ("matched", "not_compared")):
            raise SettlementActImpossible(act, line.state)
        seen = await _ask(account, line) if act == "fetch" else []
        async with self._database.transaction(actor.organizer_id) as tx:
            await self._carry_out(tx, account, line, act, seen)
            await _mark(tx, line, act, note, account_id)
            if act == "fetch":
                await self._judge_again(tx, account, line)
            detail = {"act": act, "note": note, "row": str(line.row)}
            await record(tx, actor, "settlement_line.settled", Subject("gateway_account", account_id), detail)
            return await line_of(tx, account_id, key)

    async def _carry_out(
        self, tx: Transaction, account: ConnectedAccount, line: LineDetails, act: Act, seen: Sequence[GatewayPayment]
    ) -> None:
        now = self._clock()
        if act == "accept_fee":
            seen = [await _with_fee(tx, line)]
        if seen:
            await apply_reports(tx, [Report(account.id, payment) for payment in seen], cause="query", now=now)

    async def _judge_again(self, tx: Transaction, account: ConnectedAccount, line: LineDetails) -> None:
        """What the gateway said may have made the line true: then it goes into the books. How it stood when it came stays."""
        # Which of the two named the charge is not kept.
        kept = {name: getattr(line, name) for name in SettlementLine.__struct_fields__ if name != "settlement_reference"}
        said = SettlementLine(settlement_reference=line.source_id, **kept)
        await point_at_charge(tx, account.id, line.key, None, is_due=False)
        charges = await fetch_charges(tx, account.id, [said])
        judged = _judge(charges, line.key, said, account.currency)
        await point_at_charge(tx, account.id, line.key, judged.charge_id, is_due=judged.is_due)

    async def _begin(self, actor: Actor, account_id: UUID, currency: str, name: str) -> _Import:
        one = _Import(new_id(), account_id, currency)
        async with self._database.transaction(actor.organizer_id) as tx:
            await tx.execute(
                """
                INSERT INTO payments.settlement_reports (organizer_id, id, account_id, name, state, lines, lines_new, created_at,
                                                         updated_at)
                SELECT o.organizer_id, %(id)s, %(account_id)s, %(name)s, 'importing', 0, 0, %(now)s, %(now)s
                  FROM platform.organizers o
                 WHERE o.organizer_id = %(organizer_id)s
                """,
                id=one.report_id,
                account_id=account_id,
                name=name,
                now=self._clock(),
            )
            await record(tx, actor, "settlement_report.imported", Subject("gateway_account", account_id), {"name": name})
        return one

    async def _take_in_all(self, organizer_id: UUID, one: _Import, lines: Iterator[Line]) -> None:
        while batch := await asyncio.to_thread(_next_batch, lines):
            async with self._database.transaction(organizer_id) as tx:
                new = await _take_in(tx, one, batch)
                await _count(tx, one, len(batch), new, self._clock())

    async def _end(self, organizer_id: UUID, one: _Import, state: str) -> ReportDetails:
        async with self._database.transaction(organizer_id) as tx:
            await tx.execute(
                """
                UPDATE payments.settlement_reports
                   SET state = %(state)s, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s
                """,
                id=one.report_id,
                state=state,
                now=self._clock(),
            )
            return await report_of(tx, one.report_id)


async def _keep(content: AsyncIterator[bytes], file: IO[bytes]) -> None:
    size = 0
    async for chunk in content:
        size += len(chunk)
        if size > REPORT_BYTES_MAX:
            raise SettlementUnreadable(f"The file is larger than {REPORT_BYTES_MAX // 1024**2} MiB: cut it in two by date.")
        file.write(chunk)
    file.seek(0)


def _open(file: IO[bytes], layout: Layout, currency: str) -> Iterator[Line]:
    """The lines, once the first of them was read: a head that does not fit is told before anything is begun."""
    lines = read_lines(TextIOWrapper(file, encoding=layout.encoding, newline=""), layout, currency=currency)
    first = list(itertools.islice(lines, 1))
    return itertools.chain(first, lines)


def _next_batch(lines: Iterator[Line]) -> list[tuple[bytes, Line]]:
    return [(digest_of(line), line) for line in itertools.islice(lines, BATCH_LINES)]


async def _take_in(tx: Transaction, one: _Import, batch: Sequence[tuple[bytes, Line]]) -> int:
    """Keep those lines of a batch that are new, each compared; how many those are. At most five statements."""
    if not await lock_account(tx, one.account_id):
        raise AccountNotFound
    known, repetitions = await fetch_seen(tx, one.account_id, one.report_id, [digest for digest, _ in batch])
    again: list[LineKey] = []
    new: list[tuple[LineKey, Line]] = []
    for digest, line in batch:
        repetitions[digest] += 1
        key = LineKey(digest, repetitions[digest])
        if key in known:
            again.append(key)
        else:
            new.append((key, line))
    if again:
        await mark_seen(tx, one.account_id, one.report_id, again)
    if new:
        charges = await fetch_charges(tx, one.account_id, [line for _, line in new if isinstance(line, SettlementLine)])
        await insert_lines(tx, one.account_id, one.report_id, [_judge(charges, key, line, one.currency) for key, line in new])
    return len(new)


def _judge(charges: Charges, key: LineKey, line: Line, account_currency: str) -> Judged:
    """Compare a line, and remember for those after it what it said."""
    if isinstance(line, UnreadableLine):
        return Judged(key, line, Verdict(state="unreadable"), None)
    charge_id = charges.of(line)
    known = None if charge_id is None else charges.known[charge_id]
    verdict = compare(line, known)
    if charge_id is not None and known is not None:
        charges.known[charge_id] = msgspec.structs.replace(
            known,
            has_payment_line=known.has_payment_line or line.kind == "payment",
            refunds_in_lines_minor=known.refunds_in_lines_minor + (abs(line.gross_minor) if line.kind == "refund" else 0),
        )
    return Judged(key, line, verdict, charge_id, is_due=is_booked(line, verdict.state, account_currency=account_currency))


async def _count(tx: Transaction, one: _Import, lines: int, new: int, now: datetime) -> None:
    await tx.execute(
        """
        UPDATE payments.settlement_reports
           SET lines = lines + %(lines)s, lines_new = lines_new + %(new)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=one.report_id,
        lines=lines,
        new=new,
        now=now,
    )


async def _ask(account: ConnectedAccount, line: LineDetails) -> list[GatewayPayment]:
    try:
        return await account.gateway.fetch(Hint(provider_payment_id=line.source_id or None, reference=line.reference or None))
    except GatewayError as error:
        raise GatewayFailed(str(error)) from error


async def _with_fee(tx: Transaction, line: LineDetails) -> GatewayPayment:
    """The charge of a line as it stands, with the fee that the report says was really taken."""
    assert line.charge_id is not None, "a line whose fee differs is of a charge"
    charge = await fetch_charge(tx, line.charge_id)
    facts = msgspec.structs.replace(charge.facts, fee_minor=line.fee_minor, net_minor=line.net_minor, settles_at=line.settles_at)
    return restated(charge, facts=facts)


async def _mark(tx: Transaction, line: LineDetails, act: Act, note: str, account_id: UUID) -> None:
    await tx.execute(
        """
        UPDATE payments.settlement_lines
           SET settled_by = %(act)s, note = %(note)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND digest = %(digest)s AND repetition = %(repetition)s
        """,
        act=act,
        note=note,
        account_id=account_id,
        digest=line.key.digest,
        repetition=line.key.repetition,
    )
