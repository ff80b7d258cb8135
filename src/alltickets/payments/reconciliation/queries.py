"""Reads of reconciliation: reports with their sums, lines by state, and what no line tells of."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from alltickets.payments.port import GatewayStatus
from alltickets.payments.reconciliation.lines import LineKey, LineKind
from alltickets.payments.reconciliation.rules import ACTS, LineState, ProposedAct, UnsettledAct, proposed_for_unsettled
from alltickets.payments.refusals import SettlementLineNotFound, SettlementReportNotFound
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "LineDetails",
    "ReportDetails",
    "ReportHead",
    "StateSum",
    "UnsettledCharge",
    "head_of",
    "line_of",
    "list_lines",
    "list_reports",
    "list_unsettled",
    "report_of",
]


@dataclass(frozen=True, slots=True)
class StateSum:
    """How many lines of a report stand so, in a currency, and their amounts in minor units.

    fee_difference_minor: how much more the gateway kept than it had told, of the lines where that differs.
    """

    state: LineState
    currency: str
    lines: int
    gross_minor: int
    fee_minor: int
    fee_difference_minor: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class ReportHead:
    """A report; `lines` are those read so far, `lines_new` those that no earlier report had."""

    id: UUID
    account_id: UUID
    name: str
    state: str
    lines: int
    lines_new: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ReportDetails(ReportHead):
    """A report with its new lines by state."""

    sums: list[StateSum]


@dataclass(frozen=True, slots=True)
class LineDetails:
    """A line and how it stands. `expected_minor`: what our books say, where that is another amount or fee."""

    digest: bytes
    repetition: int
    report_id: UUID
    row: int
    kind: LineKind
    source_id: str
    reference: str
    gross_minor: int
    fee_minor: int
    taxes_minor: int
    net_minor: int
    currency: str
    occurred_at: datetime | None
    settles_at: datetime | None
    state: LineState
    charge_id: UUID | None
    expected_minor: int | None
    fault: str | None
    settled_by: str | None
    note: str | None
    posted_at: datetime | None
    platform_fee_minor: int

    @property
    def key(self) -> LineKey:
        return LineKey(bytes(self.digest), self.repetition)

    @property
    def proposed_act(self) -> ProposedAct | None:
        """What is to be done about it; None when nothing is, or something was."""
        return ACTS[self.state] if self.settled_by is None else None


@dataclass(frozen=True, slots=True)
class UnsettledCharge:
    """Money that we know of and no line of a report tells of. is_reported_since: a report was taken in after it was first seen."""

    charge_id: UUID
    attempt_id: UUID
    provider_payment_id: str
    status: GatewayStatus
    amount_minor: int
    currency: str
    first_seen_at: datetime
    is_reported_since: bool

    @property
    def proposed_act(self) -> UnsettledAct:
        """What is to be done about it."""
        return proposed_for_unsettled(self.status, is_reported_since=self.is_reported_since)


async def head_of(reader: Reader, report_id: UUID) -> ReportHead:
    """A report without its sums. Raises `SettlementReportNotFound`."""
    found = await reader.fetch_first(
        ReportHead,
        """
        SELECT id, account_id, name, state, lines, lines_new, created_at, updated_at
          FROM payments.settlement_reports
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=report_id,
    )
    if found is None:
        raise SettlementReportNotFound
    return found


async def report_of(reader: Reader, report_id: UUID) -> ReportDetails:
    """A report with its sums. Raises `SettlementReportNotFound`. Two statements."""
    head = await head_of(reader, report_id)
    sums = await reader.fetch_all(
        StateSum,
        """
        SELECT state, currency, count(*)::int AS lines, sum(gross_minor)::bigint AS gross_minor, sum(fee_minor)::bigint AS fee_minor,
               coalesce(sum(fee_minor - expected_minor) FILTER (WHERE state = 'fee_differs'), 0)::bigint AS fee_difference_minor,
               sum(net_minor)::bigint AS net_minor
          FROM payments.settlement_lines
         WHERE organizer_id = %(organizer_id)s AND report_id = %(id)s
         GROUP BY state, currency
         ORDER BY state, currency
        """,
        id=report_id,
    )
    return ReportDetails(**asdict(head), sums=sums)


async def list_reports(reader: Reader, account_id: UUID, *, cursor: str | None, size: int) -> Page[ReportHead]:
    """The reports of an account, newest first (their ids sort by time). Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        ReportHead,
        """
        SELECT id, account_id, name, state, lines, lines_new, created_at, updated_at
          FROM payments.settlement_reports
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND (%(before)s::uuid IS NULL OR id < %(before)s)
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        account_id=account_id,
        before=None if before is None else before[0],
        limit=size + 1,
    )
    return page_of(rows, size, lambda report: [str(report.id)])


async def list_lines(reader: Reader, report_id: UUID, *, state: LineState | None, cursor: str | None, size: int) -> Page[LineDetails]:
    """The lines of a report in the order of the file, all or those that stand so. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, int)
    rows = await reader.fetch_all(
        LineDetails,
        f"""
        SELECT {_LINE_COLUMNS}
          FROM payments.settlement_lines
         WHERE organizer_id = %(organizer_id)s AND report_id = %(report_id)s AND row > %(after)s
           AND (%(state)s::text IS NULL OR state = %(state)s)
         ORDER BY row
         LIMIT %(limit)s
        """,
        report_id=report_id,
        after=0 if after is None else after[0],
        state=state,
        limit=size + 1,
    )
    return page_of(rows, size, lambda line: [line.row])


async def line_of(reader: Reader, account_id: UUID, key: LineKey) -> LineDetails:
    """One line of an account. Raises `SettlementLineNotFound`."""
    line = await reader.fetch_first(
        LineDetails,
        f"""
        SELECT {_LINE_COLUMNS}
          FROM payments.settlement_lines
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND digest = %(digest)s AND repetition = %(repetition)s
        """,
        account_id=account_id,
        digest=key.digest,
        repetition=key.repetition,
    )
    if line is None:
        raise SettlementLineNotFound
    return line


async def list_unsettled(reader: Reader, account_id: UUID, *, until: datetime, cursor: str | None, size: int) -> Page[UnsettledCharge]:
    """Charges of an account that brought money before `until` and that no report has a line of, oldest first. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        UnsettledCharge,
        """
        SELECT c.id AS charge_id, c.attempt_id, c.provider_payment_id, c.status, c.amount_minor, c.currency, c.first_seen_at,
               EXISTS (SELECT 1
                         FROM payments.settlement_reports r
                        WHERE r.organizer_id = c.organizer_id AND r.account_id = c.account_id AND r.state = 'done'
                          AND r.created_at > c.first_seen_at) AS is_reported_since
          FROM payments.charges c
         WHERE c.organizer_id = %(organizer_id)s AND c.account_id = %(account_id)s AND c.first_seen_at < %(until)s
           AND c.status IN ('charged', 'refunded', 'disputed', 'charged_back')
           AND (%(after)s::uuid IS NULL OR c.id > %(after)s)
           AND NOT EXISTS (SELECT 1
                             FROM payments.settlement_lines l
                            WHERE l.organizer_id = c.organizer_id AND l.charge_id = c.id AND l.kind = 'payment')
         ORDER BY c.id
         LIMIT %(limit)s
        """,
        account_id=account_id,
        until=until,
        after=None if after is None else after[0],
        limit=size + 1,
    )
    return page_of(rows, size, lambda charge: [str(charge.charge_id)])


_LINE_COLUMNS = """digest, repetition, report_id, row, kind, source_id, reference, gross_minor, fee_minor, taxes_minor, net_minor, currency,
               occurred_at, settles_at, state, charge_id, expected_minor, fault, settled_by, note, posted_at, platform_fee_minor"""
