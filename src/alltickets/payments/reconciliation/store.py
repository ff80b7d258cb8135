"""Settlement lines as rows, and the charges they are compared with: read and written in bulk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from alltickets.kernel.ids import id_or_none
from alltickets.payments.reconciliation.lines import LineKey, SettlementLine, UnreadableLine
from alltickets.payments.reconciliation.rules import KnownCharge, Verdict
from alltickets.platform.database import Transaction, rows_as_json

__all__ = ["Charges", "Judged", "fetch_charges", "fetch_seen", "insert_lines", "lock_account", "mark_seen", "point_at_charge"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A line, what it was held to be, and the charge it is of."""

    key: LineKey
    line: SettlementLine | UnreadableLine
    verdict: Verdict
    charge_id: UUID | None
    is_due: bool = False


@dataclass(slots=True)
class Charges:
    """What we know of the charges that some lines may be of, found by whatever a line names: the provider's id first."""

    known: dict[UUID, KnownCharge] = field(default_factory=dict)
    _by_source: dict[str, UUID] = field(default_factory=dict)
    _by_settlement_reference: dict[str, UUID] = field(default_factory=dict)
    _by_reference: dict[str, list[UUID]] = field(default_factory=dict)

    def add(self, charge_id: UUID, source_id: str, settlement_reference: str | None, reference: str, known: KnownCharge) -> None:
        """Remember a charge."""
        self.known[charge_id] = known
        self._by_source[source_id] = charge_id
        if settlement_reference:
            self._by_settlement_reference[settlement_reference] = charge_id
        self._by_reference.setdefault(reference, []).append(charge_id)

    def of(self, line: SettlementLine) -> UUID | None:
        """The charge of a line; a reference of ours counts only where it has brought one charge and no more."""
        found = self._by_source.get(line.source_id) or self._by_settlement_reference.get(line.settlement_reference)
        of_reference = self._by_reference.get(line.reference.lower(), [])
        return found or (of_reference[0] if len(of_reference) == 1 else None)


async def lock_account(tx: Transaction, account_id: UUID) -> bool:
    """Have imports into one account wait for each other, batch by batch: each line is compared with all those before.

    False: there is no such account.
    """
    rows = await tx.fetch_tuples(
        """
        SELECT id
          FROM payments.accounts
         WHERE organizer_id = %(organizer_id)s AND id = %(account_id)s
           FOR NO KEY UPDATE
        """,
        account_id=account_id,
    )
    return bool(rows)


async def fetch_seen(tx: Transaction, account_id: UUID, report_id: UUID, digests: Sequence[bytes]) -> tuple[set[LineKey], Counter[bytes]]:
    """Lines that were imported before, and how many equal ones this report had already."""
    rows = await tx.fetch_tuples(
        """
        SELECT l.digest, l.repetition, l.seen_report_id = %(report_id)s
          FROM payments.settlement_lines l
         WHERE l.organizer_id = %(organizer_id)s AND l.account_id = %(account_id)s AND l.digest = ANY(%(digests)s)
        """,
        account_id=account_id,
        report_id=report_id,
        digests=list(digests),
    )
    known = {LineKey(bytes(digest), repetition) for digest, repetition, _ in rows}
    return known, Counter(bytes(digest) for digest, _, is_of_this_report in rows if is_of_this_report)


async def mark_seen(tx: Transaction, account_id: UUID, report_id: UUID, keys: Sequence[LineKey]) -> None:
    """Note that this report had these lines too."""
    await tx.execute(
        """
        UPDATE payments.settlement_lines l
           SET seen_report_id = %(report_id)s
          FROM json_to_recordset(%(rows)s::json) AS x(digest text, repetition int)
         WHERE l.organizer_id = %(organizer_id)s AND l.account_id = %(account_id)s AND l.digest = decode(x.digest, 'hex')
           AND l.repetition = x.repetition
        """,
        account_id=account_id,
        report_id=report_id,
        rows=rows_as_json([{"digest": key.digest.hex(), "repetition": key.repetition} for key in keys]),
    )


async def fetch_charges(tx: Transaction, account_id: UUID, lines: Sequence[SettlementLine]) -> Charges:
    """Every charge of the account that one of these lines may be of, with what earlier lines said of it. One statement."""
    rows = await tx.fetch_tuples(
        """
        WITH named AS (
            SELECT c.id
              FROM payments.charges c
             WHERE c.organizer_id = %(organizer_id)s AND c.account_id = %(account_id)s AND c.provider_payment_id = ANY(%(sources)s)
             UNION
            SELECT c.id
              FROM payments.charges c
             WHERE c.organizer_id = %(organizer_id)s AND c.account_id = %(account_id)s AND c.facts ? 'settlement_reference'
               AND c.facts ->> 'settlement_reference' = ANY(%(settlement_references)s)
             UNION
            SELECT c.id
              FROM payments.charges c
             WHERE c.organizer_id = %(organizer_id)s AND c.account_id = %(account_id)s AND c.attempt_id = ANY(%(attempts)s::uuid[])
        ), told AS (
            SELECT l.charge_id, bool_or(l.kind = 'payment') AS has_payment_line,
                   coalesce(sum(abs(l.gross_minor)) FILTER (WHERE l.kind = 'refund'), 0)::bigint AS refunds_minor
              FROM payments.settlement_lines l
             WHERE l.organizer_id = %(organizer_id)s AND l.charge_id IN (SELECT id FROM named)
             GROUP BY l.charge_id
        )
        SELECT c.id, c.provider_payment_id, c.facts ->> 'settlement_reference', c.attempt_id, c.status, c.amount_minor, c.currency,
               c.refunded_minor, (c.facts ->> 'fee_minor')::bigint, coalesce(t.has_payment_line, false), coalesce(t.refunds_minor, 0),
               ARRAY(SELECT d.amount_minor
                       FROM payments.disputes d
                      WHERE d.organizer_id = c.organizer_id AND d.charge_id = c.id AND NOT d.is_inquiry
                      ORDER BY d.id),
               coalesce(a.platform_fee_minor, 0)
          FROM payments.charges c
          LEFT JOIN payments.attempts a
            ON a.organizer_id = c.organizer_id AND a.id = c.attempt_id
          LEFT JOIN told t
            ON t.charge_id = c.id
         WHERE c.organizer_id = %(organizer_id)s AND c.id IN (SELECT id FROM named)
         ORDER BY c.id
        """,
        account_id=account_id,
        sources=[line.source_id for line in lines if line.source_id],
        settlement_references=[line.settlement_reference for line in lines if line.settlement_reference],
        attempts=[attempt_id for line in lines if (attempt_id := id_or_none(line.reference)) is not None],
    )
    charges = Charges()
    for row in rows:
        known = KnownCharge(
            status=row[4],
            amount_minor=row[5],
            currency=row[6],
            refunded_minor=row[7],
            fee_minor=row[8],
            has_payment_line=row[9],
            refunds_in_lines_minor=row[10],
            disputed_minors=tuple(row[11]),
            platform_fee_minor=row[12],
        )
        charges.add(row[0], row[1], row[2], str(row[3]), known)
    return charges


async def insert_lines(tx: Transaction, account_id: UUID, report_id: UUID, judged: Sequence[Judged]) -> None:
    """Keep lines as they were judged. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.settlement_lines (organizer_id, account_id, digest, repetition, report_id, seen_report_id, row, kind,
                                               source_id, reference, gross_minor, fee_minor, platform_fee_minor, taxes_minor, net_minor,
                                               currency, occurred_at, settles_at, state, charge_id, expected_minor, fault, is_due)
        SELECT o.organizer_id, %(account_id)s, decode(x.digest, 'hex'), x.repetition, %(report_id)s, %(report_id)s, x.row, x.kind,
               x.source_id, x.reference, x.gross_minor, x.fee_minor, x.platform_fee_minor, x.taxes_minor, x.net_minor,
               x.currency, x.occurred_at, x.settles_at, x.state, x.charge_id, x.expected_minor, x.fault, x.is_due
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(digest text, repetition int, row int, kind text, source_id text, reference text, gross_minor bigint,
                        fee_minor bigint, platform_fee_minor bigint, taxes_minor bigint, net_minor bigint, currency text,
                        occurred_at timestamptz, settles_at timestamptz, state text, charge_id uuid, expected_minor bigint,
                        fault text, is_due boolean)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, account_id, digest, repetition) DO NOTHING
        """,
        account_id=account_id,
        report_id=report_id,
        rows=rows_as_json([_row_of(one) for one in judged]),
    )


async def point_at_charge(tx: Transaction, account_id: UUID, key: LineKey, charge_id: UUID | None, *, is_due: bool) -> None:
    """Say anew which charge a line is of, and whether it is to be posted; one that was posted stays as it is."""
    await tx.execute(
        """
        UPDATE payments.settlement_lines
           SET charge_id = %(charge_id)s, is_due = %(is_due)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND digest = %(digest)s AND repetition = %(repetition)s
           AND posted_at IS NULL
        """,
        account_id=account_id,
        digest=key.digest,
        repetition=key.repetition,
        charge_id=charge_id,
        is_due=is_due,
    )


def _row_of(judged: Judged) -> Mapping[str, object]:
    line = judged.line
    row: dict[str, object] = {
        "digest": judged.key.digest.hex(),
        "repetition": judged.key.repetition,
        "row": line.row,
        "state": judged.verdict.state,
        "charge_id": judged.charge_id,
        "expected_minor": judged.verdict.expected_minor,
        "is_due": judged.is_due,
    }
    if isinstance(line, UnreadableLine):
        nothing = {"gross_minor": 0, "fee_minor": 0, "platform_fee_minor": 0, "taxes_minor": 0, "net_minor": 0, "currency": ""}
        return {**row, **nothing, "kind": "other", "source_id": "", "reference": line.text, "fault": line.fault}
    return {
        **row,
        "kind": line.kind,
        "source_id": line.source_id or line.settlement_reference,
        "reference": line.reference,
        "gross_minor": line.gross_minor,
        "fee_minor": line.fee_minor,
        "platform_fee_minor": line.platform_fee_minor,
        "taxes_minor": line.taxes_minor,
        "net_minor": line.net_minor,
        "currency": line.currency,
        "occurred_at": line.occurred_at,
        "settles_at": line.settles_at,
    }
