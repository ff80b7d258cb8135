"""Lines of settlement reports go into the books: a loop, some at a time, each once, whoever imported them and however often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from alltickets.kernel.time import Clock
from alltickets.payments.ledger.settling import BookedLine, facts_of_line, postings_of_line
from alltickets.payments.service.ledger import SUBSCRIPTION, Ledger
from alltickets.payments.splitting import SplitContract, is_split_on
from alltickets.payments.sweeping import organizers_with_due_lines, sweep_each
from alltickets.platform.database import Database, Transaction, rows_as_json
from alltickets.platform.outbox import lock_cursor

__all__ = ["Settling"]

LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _DueLine:
    account_id: UUID
    digest: bytes
    repetition: int
    kind: Literal["payment", "refund", "dispute", "payout"]
    gross_minor: int
    fee_minor: int
    taxes_minor: int
    net_minor: int
    currency: str
    occurred_at: datetime | None
    payment_id: UUID | None
    charge_id: UUID | None
    is_split: bool
    split_contracts: list[dict[str, Any]]
    platform_fee_minor: int

    def booked(self, now: datetime) -> BookedLine:
        """The line as the books take it; one without a date became true now."""
        occurred_at = self.occurred_at or now
        contracts = msgspec.convert(self.split_contracts, tuple[SplitContract, ...])
        return BookedLine(
            key=f"{self.account_id}:{self.digest.hex()}:{self.repetition}",
            account_id=self.account_id,
            kind=self.kind,
            gross_minor=self.gross_minor,
            fee_minor=self.fee_minor,
            taxes_minor=self.taxes_minor,
            net_minor=self.net_minor,
            currency=self.currency,
            occurred_at=occurred_at,
            payment_id=self.payment_id,
            charge_id=self.charge_id,
            platform_fee_minor=self.platform_fee_minor,
            is_split=self.is_split or (self.kind == "payout" and is_split_on(contracts, occurred_at.astimezone(UTC).date())),
        )


class Settling:
    """Use case of posting lines."""

    def __init__(self, database: Database, clock: Clock, ledger: Ledger) -> None:
        self._database = database
        self._clock = clock
        self._ledger = ledger

    async def sweep(self) -> int:
        """Post lines that are due; how many those were. A process that dies in the middle has posted nothing of its turn."""
        return await sweep_each(await organizers_with_due_lines(self._database), self._sweep)

    async def _sweep(self, organizer_id: UUID) -> int:
        async with self._database.transaction(organizer_id) as tx:
            # A posting is the difference to what was posted before, so that only one may post of an organizer's charges at a time.
            if await lock_cursor(tx, SUBSCRIPTION) is None:
                return 0
            now = self._clock()
            lines = await _take_due(tx)
            if lines:
                booked = [line.booked(now) for line in lines]
                others = [one for line in booked for one in postings_of_line(line, fee_tax_basis_points=self._ledger.fee_tax_basis_points)]
                await self._ledger.post_facts(tx, [fact for line in booked for fact in facts_of_line(line)])
                await self._ledger.post(tx, others)
                await _mark_posted(tx, lines, now)
            return len(lines)


async def _take_due(tx: Transaction) -> list[_DueLine]:
    return await tx.fetch_all(
        _DueLine,
        """
        SELECT l.account_id, l.digest, l.repetition, l.kind, l.gross_minor, l.fee_minor, l.taxes_minor, l.net_minor, l.currency,
               l.occurred_at, a.payment_id, l.charge_id, a.platform_fee_minor IS NOT NULL AS is_split, g.split_contracts,
               l.platform_fee_minor
          FROM payments.settlement_lines l
          LEFT JOIN payments.charges c
            ON c.organizer_id = l.organizer_id AND c.id = l.charge_id
          LEFT JOIN payments.attempts a
            ON a.organizer_id = c.organizer_id AND a.id = c.attempt_id
          JOIN payments.accounts g
            ON g.organizer_id = l.organizer_id AND g.id = l.account_id
         WHERE l.organizer_id = %(organizer_id)s AND l.is_due
         ORDER BY l.account_id
         LIMIT %(limit)s
           FOR UPDATE OF l SKIP LOCKED
        """,
        limit=LINES_AT_ONCE,
    )


async def _mark_posted(tx: Transaction, lines: Sequence[_DueLine], now: datetime) -> None:
    rows = [{"account_id": one.account_id, "digest": one.digest.hex(), "repetition": one.repetition} for one in lines]
    await tx.execute(
        """
        UPDATE payments.settlement_lines l
           SET is_due = false, posted_at = %(now)s
          FROM json_to_recordset(%(rows)s::json) AS x(account_id uuid, digest text, repetition int)
         WHERE l.organizer_id = %(organizer_id)s AND l.account_id = x.account_id AND l.digest = decode(x.digest, 'hex')
           AND l.repetition = x.repetition
        """,
        rows=rows_as_json(rows),
        now=now,
    )
