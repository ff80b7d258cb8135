"""Taking scans: one transaction for a whole batch of one event, with a handful of statements whatever its size.

The order of locks: redemptions by ticket id, scans by id, counters by checkpoint id, and last the stream's row.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.access.events import AdmissionRefused, TicketAdmitted
from alltickets.access.rules import Checkpoint, CheckpointRules, Outcome, ScanConflict, judge
from alltickets.access.schemas import FirstAdmission, ScanAnswer
from alltickets.platform.database import Transaction, rows_as_json, uuid_array
from alltickets.tickets.interface import TicketState, Token, read_states

__all__ = ["Gate", "Scan", "ScanRaced", "digest_of", "take"]

CODE_DIGEST_BYTES = 16


class ScanRaced(Exception):
    """Another process took a scan of the same id in between: the batch is decided again and finds it."""


class Gate(msgspec.Struct, frozen=True):
    """A checkpoint as scans meet it."""

    checkpoint: Checkpoint
    rules: CheckpointRules


class Scan(msgspec.Struct, frozen=True):
    """A scan whose code was identified. There is a token exactly when it is a genuine one of the event."""

    scan_id: UUID
    gate: Gate
    device_id: UUID
    code_digest: str
    token: Token | None
    objection: Outcome | None
    scanned_at: datetime
    admitted_offline: bool


class _Taken(msgspec.Struct, frozen=True):
    """A scan that was decided: its row."""

    scan_id: UUID
    checkpoint_id: UUID
    device_id: UUID
    ticket_id: UUID | None
    outcome: Outcome
    conflict: bool
    code_digest: str
    scanned_at: datetime


class _Redemption(msgspec.Struct, frozen=True):
    ticket_id: UUID
    scan_id: UUID
    checkpoint_id: UUID
    admitted_at: datetime


class _Count(msgspec.Struct, frozen=True):
    checkpoint_id: UUID
    admitted: int
    refused: int
    conflicts: int


def digest_of(code: str) -> str:
    """By what a repetition of a scan is known."""
    return hashlib.blake2b(code.encode(), digest_size=CODE_DIGEST_BYTES).hexdigest()


async def take(tx: Transaction, event_id: UUID, scans: Sequence[Scan], *, now: datetime) -> list[ScanAnswer | Exception]:
    """Admit or refuse, first come first served, and store every scan with its outcome. An answer per scan; `ScanConflict` for a misused id.

    A scan id that was taken before gets its first answer again and changes nothing. Raises `ScanRaced` when another process took one of
    the same id meanwhile. At most eight statements, whatever the number of scans.
    """
    taken = await _read_taken(tx, [scan.scan_id for scan in scans])
    states = await read_states(tx, {scan.token.ticket_id for scan in scans if scan.token is not None})
    fresh: dict[UUID, Scan] = {}
    for scan in scans:
        if scan.scan_id not in taken:
            fresh.setdefault(scan.scan_id, scan)
    if fresh:
        decided = await _decide(tx, list(fresh.values()), states)
        await _store(tx, event_id, decided, now)
        await _count(tx, decided)
        tx.publish(*(_event_of(event_id, row, states) for row in decided))
        taken.update({row.scan_id: row for row in decided})
    used = {row.ticket_id for row in taken.values() if row.ticket_id is not None and row.outcome is Outcome.ALREADY_USED}
    firsts = await _read_firsts(tx, used) if used else {}
    return [_answer(scan, taken[scan.scan_id], states, firsts) for scan in scans]


async def _decide(tx: Transaction, scans: Sequence[Scan], states: Mapping[UUID, TicketState]) -> list[_Taken]:
    """What becomes of scans that are new. Whoever gets the ticket's redemption into the table is in: never read, then written."""
    objections = [_objection(scan, states) for scan in scans]
    entering: dict[UUID, _Redemption] = {}
    for scan, objection in zip(scans, objections, strict=True):
        if objection is None and scan.token is not None:
            ticket_id = scan.token.ticket_id
            if ticket_id not in entering:
                entering[ticket_id] = _Redemption(ticket_id, scan.scan_id, scan.gate.checkpoint.checkpoint_id, scan.scanned_at)
    entered = await _redeem(tx, list(entering.values()))
    return [
        _taken(scan, objection or (Outcome.ADMITTED if scan.scan_id in entered else Outcome.ALREADY_USED))
        for scan, objection in zip(scans, objections, strict=True)
    ]


def _objection(scan: Scan, states: Mapping[UUID, TicketState]) -> Outcome | None:
    if scan.objection is not None or scan.token is None:
        return scan.objection
    state = states.get(scan.token.ticket_id)
    return Outcome.UNKNOWN if state is None else judge(scan.token, scan.gate.rules, state, scan.scanned_at)


def _taken(scan: Scan, outcome: Outcome) -> _Taken:
    return _Taken(
        scan.scan_id,
        scan.gate.checkpoint.checkpoint_id,
        scan.device_id,
        None if scan.token is None else scan.token.ticket_id,
        outcome,
        scan.admitted_offline and outcome is not Outcome.ADMITTED,
        scan.code_digest,
        scan.scanned_at,
    )


async def _redeem(tx: Transaction, entering: Sequence[_Redemption]) -> set[UUID]:
    """Let these tickets in that nobody went in with before; the ids of their scans.

    Two processes with the same tickets insert them in the same order, so they wait for one another and never deadlock.
    """
    if not entering:
        return set()
    in_order = sorted(entering, key=lambda one: one.ticket_id.int)
    rows = await tx.fetch_tuples(
        """
        INSERT INTO access.redemptions (organizer_id, ticket_id, entry_number, scan_id, checkpoint_id, admitted_at)
        SELECT o.organizer_id, x.ticket_id, 1, x.scan_id, x.checkpoint_id, x.admitted_at
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(ticket_id uuid, scan_id uuid, checkpoint_id uuid, admitted_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, ticket_id, entry_number) DO NOTHING
        RETURNING scan_id
        """,
        rows=rows_as_json(in_order),
    )
    return {scan_id for (scan_id,) in rows}


async def _store(tx: Transaction, event_id: UUID, decided: Sequence[_Taken], now: datetime) -> None:
    in_order = sorted(decided, key=lambda row: row.scan_id.int)
    written = await tx.execute(
        """
        INSERT INTO access.scans
               (organizer_id, scan_id, event_id, checkpoint_id, device_id, ticket_id, outcome, conflict, code_digest, scanned_at,
                received_at)
        SELECT o.organizer_id, x.scan_id, %(event_id)s, x.checkpoint_id, x.device_id, x.ticket_id, x.outcome, x.conflict, x.code_digest,
               x.scanned_at, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(scan_id uuid, checkpoint_id uuid, device_id uuid, ticket_id uuid, outcome text, conflict bool, code_digest text,
                        scanned_at timestamptz)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, scan_id) DO NOTHING
        """,
        event_id=event_id,
        now=now,
        rows=rows_as_json(in_order),
    )
    if written != len(decided):
        raise ScanRaced


async def _count(tx: Transaction, decided: Iterable[_Taken]) -> None:
    counts = Counter((row.checkpoint_id, row.outcome is Outcome.ADMITTED, row.conflict) for row in decided)
    rows = []
    for checkpoint_id in sorted({checkpoint_id for checkpoint_id, _, _ in counts}):
        admitted, conflicts = counts[(checkpoint_id, True, False)], counts[(checkpoint_id, False, True)]
        rows.append(_Count(checkpoint_id, admitted, counts[(checkpoint_id, False, False)] + conflicts, conflicts))
    await tx.execute(
        """
        INSERT INTO access.counters AS c (organizer_id, checkpoint_id, admitted, refused, conflicts)
        SELECT o.organizer_id, x.checkpoint_id, x.admitted, x.refused, x.conflicts
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json) AS x(checkpoint_id uuid, admitted int, refused int, conflicts int)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, checkpoint_id) DO UPDATE
           SET admitted = c.admitted + excluded.admitted,
               refused = c.refused + excluded.refused,
               conflicts = c.conflicts + excluded.conflicts
        """,
        rows=rows_as_json(rows),
    )


def _event_of(event_id: UUID, row: _Taken, states: Mapping[UUID, TicketState]) -> TicketAdmitted | AdmissionRefused:
    if row.ticket_id is not None and row.outcome is Outcome.ADMITTED:
        state = states[row.ticket_id]
        return TicketAdmitted(
            scan_id=row.scan_id,
            event_id=event_id,
            checkpoint_id=row.checkpoint_id,
            ticket_id=row.ticket_id,
            performance_id=state.performance_id,
            ticket_type_id=state.ticket_type_id,
            sector_id=state.sector_id,
            scanned_at=row.scanned_at,
        )
    return AdmissionRefused(
        scan_id=row.scan_id,
        event_id=event_id,
        checkpoint_id=row.checkpoint_id,
        ticket_id=row.ticket_id,
        outcome=row.outcome.value,
        conflict=row.conflict,
        scanned_at=row.scanned_at,
    )


async def _read_taken(tx: Transaction, scan_ids: Iterable[UUID]) -> dict[UUID, _Taken]:
    """Scans that were taken before, by id."""
    rows = await tx.fetch_tuples(
        """
        SELECT scan_id, checkpoint_id, device_id, ticket_id, outcome, conflict, code_digest, scanned_at
          FROM access.scans
         WHERE organizer_id = %(organizer_id)s AND scan_id = ANY(%(scan_ids)s::uuid[])
        """,
        scan_ids=uuid_array(scan_ids),
    )
    return {
        scan_id: _Taken(scan_id, checkpoint_id, device_id, ticket_id, Outcome(outcome), *rest)
        for scan_id, checkpoint_id, device_id, ticket_id, outcome, *rest in rows
    }


async def _read_firsts(tx: Transaction, ticket_ids: Collection[UUID]) -> dict[UUID, FirstAdmission]:
    """When and where somebody went in with these tickets, by ticket."""
    rows = await tx.fetch_tuples(
        """
        SELECT r.ticket_id, r.admitted_at, r.checkpoint_id, c.name
          FROM access.redemptions r
          JOIN access.checkpoints c
            ON c.organizer_id = r.organizer_id AND c.checkpoint_id = r.checkpoint_id
         WHERE r.organizer_id = %(organizer_id)s AND r.ticket_id = ANY(%(ticket_ids)s::uuid[]) AND r.entry_number = 1
        """,
        ticket_ids=uuid_array(ticket_ids),
    )
    return {ticket_id: FirstAdmission(*first) for ticket_id, *first in rows}


def _answer(
    scan: Scan, row: _Taken, states: Mapping[UUID, TicketState], firsts: Mapping[UUID, FirstAdmission]
) -> ScanAnswer | ScanConflict:
    if row.code_digest != scan.code_digest or row.checkpoint_id != scan.gate.checkpoint.checkpoint_id:
        return ScanConflict(str(scan.scan_id))
    token = scan.token
    state = None if token is None else states.get(token.ticket_id)
    if token is None or state is None:
        return ScanAnswer(scan.scan_id, row.outcome, row.scanned_at, row.conflict)
    window = scan.gate.rules.performances.get(token.performance)
    return ScanAnswer(
        scan.scan_id,
        row.outcome,
        row.scanned_at,
        row.conflict,
        token.ticket_id,
        state.performance_id,
        state.ticket_type_id,
        state.sector_id,
        state.seat_label,
        state.holder_name,
        firsts.get(token.ticket_id) if row.outcome is Outcome.ALREADY_USED else None,
        window.opens_at if window is not None and row.outcome is Outcome.NOT_YET_VALID else None,
        window.closes_at if window is not None and row.outcome is Outcome.EXPIRED else None,
    )
