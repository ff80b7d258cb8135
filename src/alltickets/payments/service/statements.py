"""Bank statements: read, judged, and what they show recorded; each line once ever, however often and by how many it is imported."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.payments.applying import apply_reports
from alltickets.payments.awaited import AwaitedPayment, Receipt, awaited_by_code, insert_receipts, receipts_of
from alltickets.payments.connections import Accounts, ConnectedAccount, Connections
from alltickets.payments.refusals import NoLayout, NotABankAccount
from alltickets.payments.service.confirming import report_of
from alltickets.payments.standings import lock_standings
from alltickets.payments.statements.matching import Judgement, Outcome, codes_of, judge
from alltickets.payments.statements.reading import Fault, Layout, Line, LineReader, lines_of
from alltickets.payments.statements.records import (
    StatementLine,
    insert_lines,
    known_keys,
    link_receipts,
    list_lines,
    read_layout,
    write_layout,
)
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.paging import Page

__all__ = ["StatementResult", "Statements"]

LINES_AT_ONCE = 200
"""In one transaction: short enough that nobody waits long for the payments that it locks."""
SHOWN_MAX = 200

_Judged = tuple[Line, Judgement]


@dataclass(slots=True)
class StatementResult:
    """What a file holds: how many lines of each outcome, and the first of its lines and faults; the lists show the rest."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    lines: list[StatementLine] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    faulty: int = 0

    @property
    def figures(self) -> dict[str, str | int | bool | None]:
        """How many lines of which kind, those that could not be read among them."""
        return {**{str(outcome): count for outcome, count in self.counts.items()}, "faulty": self.faulty}

    def note(self, lines: Sequence[StatementLine]) -> None:
        """Take up lines with what was made of them."""
        self.counts.update(line.outcome for line in lines)
        self.lines += lines[: SHOWN_MAX - len(self.lines)]

    def note_fault(self, fault: Fault) -> None:
        """Take up a line that could not be read."""
        self.faulty += 1
        if len(self.faults) < SHOWN_MAX:
            self.faults.append(fault)


class Statements:
    """Use cases of statements of accounts that take transfers."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def layout(self, organizer_id: UUID, account_id: UUID) -> Layout:
        """How the account's statements are read. Raises `AccountNotFound`, `NotABankAccount` or `NoLayout`."""
        async with self._database.reading(organizer_id) as reader:
            return (await self._open(reader, account_id))[1]

    async def put_layout(self, actor: Actor, account_id: UUID, layout: Layout) -> Layout:
        """Describe how the account's statements are to be read from now on. Raises `AccountNotFound` or `NotABankAccount`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            _bank_account(await self._connections.of(tx), account_id)
            await write_layout(tx, account_id, layout, self._clock())
            await record(tx, actor, "statement_layout.replaced", Subject("gateway_account", account_id))
        return layout

    async def preview(self, organizer_id: UUID, account_id: UUID, body: bytes) -> StatementResult:
        """What importing this file would do; nothing is written. Raises as `layout`."""
        result = StatementResult()
        async with self._database.reading(organizer_id) as reader:
            account, layout = await self._open(reader, account_id)
            shown: dict[UUID, bool] = {}
            for batch in _batches(body, layout, account.currency, result):
                judged, duplicates = await _judge(reader, account_id, batch, await _known(reader, account_id, batch), shown)
                result.note(_in_file_order(judged, duplicates))
        return result

    async def take(self, actor: Actor, account_id: UUID, body: bytes) -> StatementResult:
        """Import the file: payments that its lines pay are confirmed, what was paid twice is on its way back, the rest is left to people.

        A transaction for some lines at a time. Imported again, also after a crash in between, each line counts once. Raises as `layout`.
        """
        result = StatementResult()
        async with self._database.reading(actor.organizer_id) as reader:
            account, layout = await self._open(reader, account_id)
        for batch in _batches(body, layout, account.currency, result):
            async with self._database.transaction(actor.organizer_id) as tx:
                result.note(await self._take(tx, actor, account, batch))
        async with self._database.transaction(actor.organizer_id) as tx:
            await record(tx, actor, "statement.imported", Subject("gateway_account", account_id), result.figures)
        return result

    async def page(
        self, organizer_id: UUID, account_id: UUID, *, outcome: Outcome | None, cursor: str | None, size: int
    ) -> Page[StatementLine]:
        """Imported lines of the account, the newest day first. Raises `AccountNotFound`, `NotABankAccount` or `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            _bank_account(await self._connections.of(reader), account_id)
            return await list_lines(reader, account_id, outcome=outcome, cursor=cursor, size=size)

    async def _open(self, reader: Reader, account_id: UUID) -> tuple[ConnectedAccount, Layout]:
        account = _bank_account(await self._connections.of(reader), account_id)
        layout = await read_layout(reader, account_id)
        if layout is None:
            raise NoLayout
        return account, layout

    async def _take(self, tx: Transaction, actor: Actor, account: ConnectedAccount, batch: Sequence[Line]) -> list[StatementLine]:
        now = self._clock()
        known = await _known(tx, account.id, batch)
        # Behind this lock whoever confirms the same payments is through, and their receipts are found.
        await lock_standings(tx, {awaited.attempt_id for awaited in known.values()})
        judged, duplicates = await _judge(tx, account.id, batch, known, {})
        new = await insert_lines(tx, account.id, [_written(*one) for one in judged], now)
        mine = [one for one in judged if one[0].key in new]
        await self._record(tx, actor, mine, now)
        return _in_file_order(mine, [*duplicates, *(line for line, _ in judged if line.key not in new)])

    async def _record(self, tx: Transaction, actor: Actor, judged: Sequence[_Judged], now: datetime) -> None:
        """Receipts for what came, and for what had a receipt the line that shows it."""
        receipts = [
            _receipt(line, judgement.awaited, actor.label)
            for line, judgement in judged
            if judgement.awaited is not None and judgement.act in ("confirm", "give_back")
        ]
        links = [(one.awaited.attempt_id, line.key) for line, one in judged if one.awaited is not None and one.outcome == "recorded"]
        await link_receipts(tx, links)
        await insert_receipts(tx, receipts, now)
        if receipts:
            accounts = await self._connections.of(tx)
            await apply_reports(tx, [report_of(receipt, accounts) for receipt in receipts], cause="person", now=now)


def _bank_account(accounts: Accounts, account_id: UUID) -> ConnectedAccount:
    """Raises `AccountNotFound` or `NotABankAccount`."""
    account = accounts.get(account_id)
    if account.provider != "transfer":
        raise NotABankAccount
    return account


def _batches(body: bytes, layout: Layout, currency: str, result: StatementResult) -> Iterator[list[Line]]:
    """What came in, some lines at a time; lines that cannot be read go into the result."""
    reader = LineReader(layout, currency)

    def read() -> Iterator[Line]:
        for number, line in lines_of(body):
            found = reader.read(number, line)
            if isinstance(found, Fault):
                result.note_fault(found)
            elif found is not None:
                yield found

    lines = read()
    while batch := list(islice(lines, LINES_AT_ONCE)):
        yield batch


async def _known(reader: Reader, account_id: UUID, batch: Sequence[Line]) -> dict[str, AwaitedPayment]:
    """The payments that these lines may be meant for, by code."""
    codes = {code for line in batch for some in codes_of(line) for code in some}
    return await awaited_by_code(reader, account_id, codes)


async def _judge(
    reader: Reader, account_id: UUID, batch: Sequence[Line], known: Mapping[str, AwaitedPayment], shown: dict[UUID, bool]
) -> tuple[list[_Judged], list[Line]]:
    """Each new line with what it is, in their order, and those that were imported before. Two statements.

    What one line pays, a later one pays again: `shown` (see `judge`) is read for these payments, and carried on.
    """
    imported = await known_keys(reader, account_id, [line.key for line in batch])
    for receipt in await receipts_of(reader, {awaited.attempt_id for awaited in known.values()} - shown.keys()):
        shown[receipt.attempt_id] = shown.get(receipt.attempt_id, True) and receipt.line_key is not None
    judged: list[_Judged] = []
    for line in batch:
        if line.key not in imported:
            judgement = judge(line, known, shown)
            judged.append((line, judgement))
            if judgement.awaited is not None and judgement.outcome in ("matched", "recorded"):
                shown[judgement.awaited.attempt_id] = True
    return judged, [line for line in batch if line.key in imported]


def _receipt(line: Line, awaited: AwaitedPayment, by: str) -> Receipt:
    return Receipt(
        id=new_id(),
        account_id=awaited.account_id,
        attempt_id=awaited.attempt_id,
        amount_minor=line.amount_minor,
        currency=awaited.currency,
        received_on=line.booked_on,
        note=line.description,
        recorded_by=by,
        line_key=line.key,
    )


def _in_file_order(judged: Sequence[_Judged], duplicates: Sequence[Line]) -> list[StatementLine]:
    before = [(line, Judgement("duplicate")) for line in duplicates]
    return sorted([_written(*one) for one in (*judged, *before)], key=lambda line: line.number)


def _written(line: Line, judgement: Judgement) -> StatementLine:
    awaited = judgement.awaited
    return StatementLine(
        number=line.number,
        booked_on=line.booked_on,
        amount_minor=line.amount_minor,
        description=line.description,
        outcome=judgement.outcome,
        is_mended=judgement.is_mended,
        attempt_id=None if awaited is None else awaited.attempt_id,
        code=None if awaited is None else awaited.code,
        line_key=line.key,
    )
