"""Disputes that somebody looks at: listed, answered with evidence, recorded where the gateway tells nothing, and not forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.disputes.answers import (
    begin_answer,
    claim_looks,
    claim_reminders,
    last_answer,
    settle_answer,
    write_statement,
)
from alltickets.payments.disputes.queries import DisputeDetails, DisputeSummary, kept_charge_of, list_disputes, read_dispute
from alltickets.payments.disputes.rules import Dispute, days_left, status_of
from alltickets.payments.disputes.rules import restated as retold
from alltickets.payments.disputes.store import disputes_of_charges, lock_dispute
from alltickets.payments.events import DisputeAnswered, DisputeDue
from alltickets.payments.port import (
    DisputeAnswer,
    DisputeEvidence,
    DisputeFlow,
    DisputeReason,
    DisputeState,
    GatewayDispute,
    GatewayError,
    GatewayPayment,
    Hint,
)
from alltickets.payments.refusals import (
    DisputeBeingAnswered,
    DisputeNotByHand,
    DisputeNotFound,
    DisputeNotOpen,
    DisputeOverdue,
    DisputeTooLarge,
    GatewayFailed,
    PaymentNotFound,
)
from alltickets.payments.rules import Charge, restated
from alltickets.payments.standings import fetch_charge, lock_standings
from alltickets.payments.sweeping import organizers_with_due_disputes, sweep_each
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page

__all__ = ["Disputes", "RecordDispute"]

_ASKABLE: tuple[DisputeFlow, ...] = ("answered", "told")

_log = structlog.get_logger()
_deadlines = Counter("alltickets_payment_dispute_deadlines", "Deadlines of disputes that came near without an answer", ["days"])


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDispute:
    """A dispute as the bank's letter tells it. `number` is the letter's, and tells two disputes of one payment apart."""

    number: str
    amount_minor: int
    reason: DisputeReason
    raw_reason: str
    due_at: datetime | None
    opened_at: datetime | None


class Disputes:
    """Use cases of disputes."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def page(self, organizer_id: UUID, *, in_state: DisputeState | None, cursor: str | None, size: int) -> Page[DisputeSummary]:
        """The organizer's disputes, the soonest deadline first. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_disputes(reader, in_state=in_state, cursor=cursor, size=size)

    async def read(self, organizer_id: UUID, dispute_id: UUID) -> DisputeDetails:
        """One with its history and what was answered. Raises `DisputeNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            details = await read_dispute(reader, dispute_id)
        if details is None:
            raise DisputeNotFound
        return details

    async def flow_of(self, organizer_id: UUID, details: DisputeDetails) -> DisputeFlow:
        """Whether evidence for it is handed in to the gateway from here, or how else."""
        async with self._database.reading(organizer_id) as reader:
            return _flow_of(await self._connections.of(reader), details.account_id)

    async def say(self, actor: Actor, dispute_id: UUID, statement: str) -> DisputeDetails:
        """Keep what the organizer says to it, until it is handed in. Raises `DisputeNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            if await lock_dispute(tx, dispute_id) is None:
                raise DisputeNotFound
            await write_statement(tx, dispute_id, statement, self._clock())
        return await self.read(actor.organizer_id, dispute_id)

    async def answer(self, actor: Actor, dispute_id: UUID, evidence: DisputeEvidence) -> DisputeDetails:
        """Hand evidence in to the gateway, and ask it how the dispute stands then.

        An answer that was lost is asked about before another one is sent. Raises `DisputeNotFound`, `DisputeNotOpen`, `DisputeOverdue`,
        `DisputeBeingAnswered`, or `GatewayFailed` where the gateway did not take it.
        """
        organizer_id = actor.organizer_id
        if await self._has_arrived(actor, dispute_id):
            return await self.read(organizer_id, dispute_id)
        answer_id = new_id()
        async with self._database.transaction(organizer_id) as tx:
            now = self._clock()
            dispute = await _answerable(tx, dispute_id, now)
            accounts = await self._connections.of(tx)
            await write_statement(tx, dispute_id, evidence.statement, now)
            await begin_answer(tx, answer_id, dispute_id, statement=evidence.statement, sent_by=actor.label, now=now)
        try:
            answer = DisputeAnswer(answer_id=answer_id, provider_dispute_id=dispute.provider_dispute_id, evidence=evidence)
            await accounts.gateway_of(dispute.account_id).answer_dispute(answer)
        except GatewayError as error:
            status: Literal["unknown", "refused"] = "unknown" if error.kind == "unknown_outcome" else "refused"
            async with self._database.transaction(organizer_id) as tx:
                await settle_answer(tx, answer_id, status, error, self._clock())
                await note_failure(tx, dispute.account_id, "dispute", error, self._clock())
            raise GatewayFailed(f"The gateway did not take the evidence: {error}") from error
        await self._note_accepted(actor, dispute, answer_id)
        await self._look_at(organizer_id, [dispute])
        return await self.read(organizer_id, dispute_id)

    async def record(self, actor: Actor, reference: UUID, wanted: RecordDispute) -> DisputeDetails:
        """A bank asks for money of this payment, which its gateway tells by letter alone. Recorded again under its number it is the same.

        Raises `PaymentNotFound`, `DisputeNotByHand` or `DisputeTooLarge`.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            kept = await kept_charge_of(tx, reference)
            if kept is None:
                raise PaymentNotFound
            charge, mine = await self._lock(tx, *kept)
            if all(one.provider_dispute_id != wanted.number for one in mine):
                asked = sum(one.amount.minor for one in mine if one.is_open or one.state == "lost")
                left = max(0, charge.amount.minor - charge.refunded_minor - asked)
                if wanted.amount_minor > left:
                    raise DisputeTooLarge(left, charge.amount.currency)
                told = [retold(one) for one in mine] + [_letter(wanted, charge.amount.currency)]
                await self._apply(tx, charge, told)
                noted: dict[str, str | int | bool | None] = {"number": wanted.number, "amount_minor": wanted.amount_minor}
                await record(tx, actor, "dispute.recorded", Subject("payment", reference), noted)
            [dispute] = [
                one
                for one in (await disputes_of_charges(tx, [charge.id]))[charge.id]
                if one.provider_dispute_id == wanted.number
            ]  # fmt: skip
        return await self.read(actor.organizer_id, dispute.id)

    async def conclude(self, actor: Actor, dispute_id: UUID, after: Literal["under_review", "won", "lost", "closed"]) -> DisputeDetails:
        """What became of a dispute that people record. Said twice is once.

        Raises `DisputeNotFound`, `DisputeNotByHand`, or `DisputeNotOpen` where it has ended otherwise.
        """
        details = await self.read(actor.organizer_id, dispute_id)
        async with self._database.transaction(actor.organizer_id) as tx:
            charge, mine = await self._lock(tx, details.charge_id, (await fetch_charge(tx, details.charge_id)).attempt_id)
            [dispute] = [one for one in mine if one.id == dispute_id]
            if dispute.state != after:
                if not dispute.is_open:
                    raise DisputeNotOpen(dispute.state)
                changed = retold(dispute, state=after, raw_status=after, sequence=dispute.sequence + 1)
                await self._apply(tx, charge, [changed if one.id == dispute_id else retold(one) for one in mine])
                await record(tx, actor, f"dispute.{after}", Subject("dispute", dispute_id), {"reference": str(details.reference)})
        return await self.read(actor.organizer_id, dispute_id)

    async def sweep(self) -> int:
        """Tell of deadlines that have come near, and ask about open disputes whose notices may be lost; how many those were."""
        return await sweep_each(await organizers_with_due_disputes(self._database, self._clock()), self._sweep)

    async def _sweep(self, organizer_id: UUID) -> int:
        async with self._database.transaction(organizer_id) as tx:
            now = self._clock()
            near = await claim_reminders(tx, now)
            for one in near:
                assert one.due_at is not None, "only a deadline is reminded of"
                days = days_left(one.due_at, now)
                tx.publish(DisputeDue(dispute_id=one.id, reference=one.reference, due_at=one.due_at, days_left=days))
                _deadlines.labels(str(days)).inc()
                _log.warning("deadline of a dispute is near", dispute=str(one.id), due_at=one.due_at.isoformat(), days=days)
        async with self._database.transaction(organizer_id) as tx:
            asked = await claim_looks(tx, now)
        await self._look_at(organizer_id, asked)
        return len(near) + len(asked)

    async def _has_arrived(self, actor: Actor, dispute_id: UUID) -> bool:
        """Ask about an answer that was lost, if there is one, whether it has moved the dispute.

        Raises `DisputeNotFound` or `DisputeBeingAnswered`.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            dispute = await lock_dispute(tx, dispute_id)
            last = None if dispute is None else await last_answer(tx, dispute_id)
        if dispute is None:
            raise DisputeNotFound
        if last is not None and last.is_under_way(self._clock()):
            raise DisputeBeingAnswered
        if last is None or not last.is_doubtful:
            return False
        await self._look_at(actor.organizer_id, [dispute])
        if (await self.read(actor.organizer_id, dispute_id)).state != "under_review":
            return False
        await self._note_accepted(actor, dispute, last.id)
        return True

    async def _note_accepted(self, actor: Actor, dispute: Dispute, answer_id: UUID) -> None:
        async with self._database.transaction(actor.organizer_id) as tx:
            if await settle_answer(tx, answer_id, "accepted", None, self._clock()):
                await record(tx, actor, "dispute.answered", Subject("dispute", dispute.id), {"reference": str(dispute.reference)})
                tx.publish(DisputeAnswered(dispute_id=dispute.id, reference=dispute.reference))

    async def _look_at(self, organizer_id: UUID, disputes: Sequence[Dispute]) -> None:
        """Ask the gateways how these stand. What cannot be asked now is asked the next time."""
        if not disputes:
            return
        async with self._database.transaction(organizer_id) as tx:
            accounts = await self._connections.of(tx)
            charges = [(one.account_id, await fetch_charge(tx, one.charge_id)) for one in disputes]
        reports, errors = [], {}
        for account_id, charge in charges:
            if _flow_of(accounts, account_id) not in _ASKABLE:
                continue
            try:
                found = await accounts.gateway_of(account_id).fetch(Hint(provider_payment_id=charge.provider_payment_id))
            except GatewayError as error:
                _log.warning("dispute not asked about", charge=str(charge.id), kind=error.kind, code=error.code)
                errors[account_id] = error
                continue
            reports += [Report(account_id, payment) for payment in found]
        async with self._database.transaction(organizer_id) as tx:
            await apply_reports(tx, reports, cause="query", now=self._clock())
            for account_id in sorted(errors):
                await note_failure(tx, account_id, "query", errors[account_id], self._clock())

    async def _lock(self, tx: Transaction, charge_id: UUID, attempt_id: UUID) -> tuple[Charge, list[Dispute]]:
        """A charge under its payment's lock, with its disputes. Raises `DisputeNotByHand`."""
        await lock_standings(tx, {attempt_id})
        charge = await fetch_charge(tx, charge_id)
        if _flow_of(await self._connections.of(tx), charge.account_id) != "by_hand":
            raise DisputeNotByHand
        return charge, (await disputes_of_charges(tx, [charge_id]))[charge_id]

    async def _apply(self, tx: Transaction, charge: Charge, told: Sequence[GatewayDispute]) -> None:
        """As the gateway would report it, had it told; newer than anything that was told before."""
        status = status_of(told)
        seen: GatewayPayment = restated(charge, status=status, disputes=tuple(told), sequence=charge.sequence + 1, raw_status=status)
        await apply_reports(tx, [Report(charge.account_id, seen)], cause="person", now=self._clock())


async def _answerable(tx: Transaction, dispute_id: UUID, now: datetime) -> Dispute:
    """The dispute, locked. Raises where no evidence is taken for it, and where somebody else is just handing some in."""
    dispute = await lock_dispute(tx, dispute_id)
    if dispute is None:
        raise DisputeNotFound
    if dispute.state != "needs_response":
        raise DisputeNotOpen(dispute.state)
    if dispute.due_at is not None and now >= dispute.due_at:
        raise DisputeOverdue(dispute.due_at)
    last = await last_answer(tx, dispute_id)
    if last is not None and last.is_under_way(now):
        raise DisputeBeingAnswered
    return dispute


def _flow_of(accounts: Accounts, account_id: UUID) -> DisputeFlow:
    try:
        return accounts.gateway_of(account_id).capabilities.disputes
    except GatewayError:
        # An account that cannot be opened is one that nobody can be asked by.
        return "none"


def _letter(wanted: RecordDispute, currency: str) -> GatewayDispute:
    return GatewayDispute(
        provider_dispute_id=wanted.number,
        state="needs_response",
        amount=Money(wanted.amount_minor, currency),
        reason=wanted.reason,
        raw_reason=wanted.raw_reason,
        raw_status="recorded",
        due_at=wanted.due_at,
        opened_at=wanted.opened_at,
    )
