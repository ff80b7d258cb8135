"""What reconciliation says over the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.reconciliation.lines import LineKey, LineKind
from alltickets.payments.reconciliation.queries import LineDetails
from alltickets.payments.reconciliation.rules import LineState, ProposedAct, UnsettledAct

__all__ = [
    "ReportRead",
    "ReportSummary",
    "SettlementAct",
    "SettlementLineRead",
    "StateSumRead",
    "UnsettledChargeRead",
    "key_of",
    "line_read",
]

_DIGEST_BYTES = 16


class ReportSummary(msgspec.Struct, kw_only=True):
    """A settlement report; "broken" is one that was not read to its end: send it again, what was taken in is known."""

    id: UUID = msgspec.field(name="report_id")
    account_id: UUID
    name: str
    state: Literal["importing", "done", "broken"]
    lines: int
    lines_new: int
    created_at: datetime
    updated_at: datetime


class StateSumRead(msgspec.Struct, kw_only=True):
    """How many lines stand so, and their amounts in minor units of the currency.

    `fee_difference_minor`: how much more the gateway kept than it had told, of the lines where that differs.
    """

    state: LineState
    currency: str
    lines: int
    gross_minor: int
    fee_minor: int
    fee_difference_minor: int
    net_minor: int


class ReportRead(ReportSummary, kw_only=True):
    """A report with its lines by state; lines that an earlier report had are counted there."""

    sums: list[StateSumRead]


class SettlementLineRead(msgspec.Struct, kw_only=True):
    """A line of a report and how it stands beside our books.

    `expected_minor`: what these say where they say another amount ("amount_differs") or fee ("fee_differs", "platform_fee_differs").
    `platform_fee_minor`: what the gateway paid to the platform, where it divides sales.
    `posted_at`: when it went into the books; lines that somebody has to look at do not.
    `proposed_act`: what to do about it; null when nothing is to be done, or something was (`settled_by`).
    """

    line_id: str
    report_id: UUID
    row: int
    kind: LineKind
    source_id: str
    reference: str
    gross_minor: int
    fee_minor: int
    platform_fee_minor: int
    taxes_minor: int
    net_minor: int
    currency: str
    occurred_at: datetime | None
    settles_at: datetime | None
    state: LineState
    charge_id: UUID | None
    expected_minor: int | None
    fault: str | None
    proposed_act: ProposedAct | None
    settled_by: str | None
    note: str | None
    posted_at: datetime | None


class SettlementAct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """fetch: ask the gateway and apply what it says. accept_fee: the report's fee is the true one. dismiss: put the line aside."""

    act: Literal["fetch", "accept_fee", "dismiss"]
    note: Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$")] = ""


class UnsettledChargeRead(msgspec.Struct, kw_only=True):
    """Money that we know of and no line of a report tells of.

    `proposed_act`: import_report where no report was taken in since it came, fetch (ask the gateway how it stands), or review.
    """

    charge_id: UUID
    attempt_id: UUID
    provider_payment_id: str
    status: str
    amount_minor: int
    currency: str
    first_seen_at: datetime
    proposed_act: UnsettledAct


def line_read(line: LineDetails) -> SettlementLineRead:
    """A line on the wire."""
    fields = {name: getattr(line, name) for name in SettlementLineRead.__struct_fields__ if name != "line_id"}
    return SettlementLineRead(line_id=f"{line.key.digest.hex()}-{line.key.repetition}", **fields)


def key_of(line_id: str) -> LineKey | None:
    """The line that an id of the wire names, if it is one."""
    digest, _, repetition = line_id.partition("-")
    try:
        key = LineKey(bytes.fromhex(digest), int(repetition))
    except ValueError:
        return None
    return key if len(key.digest) == _DIGEST_BYTES and 0 < key.repetition < 2**31 else None
