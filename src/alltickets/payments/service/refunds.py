"""Refunds: ordered in the caller's transaction, carried out by a loop under one key, never twice."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid5

import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.errors import Refusal
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.breaker.store import note_failure, note_fault
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.port import GatewayError, RefundResult
from alltickets.payments.refunds.again import make_again, newest_try
from alltickets.payments.refunds.came_back import mark_looked_at
from alltickets.payments.refunds.ordering import NewRefund, order_refunds
from alltickets.payments.refunds.rules import UNSENT, RefundStatus, Source, drawn
from alltickets.payments.refunds.store import (
    CLAIMED_MAX,
    Captured,
    Refund,
    Refundable,
    RefundCause,
    apply_success,
    claim_due,
    flag_refund,
    give_up,
    lock_captured,
    mark_refund,
    mark_sent_again,
    note_absence,
    take_up,
)
from alltickets.payments.refusals import NothingToRefund, PaymentNotFound, RefundOver, RefundTooLarge, RefundWholeOnly
from alltickets.payments.schedule import absence_is_proven, next_try, what_to_do_after
from alltickets.payments.sellers.store import suspect
from alltickets.payments.sweeping import organizers_with_due_refunds, sweep_each
from alltickets.platform.database import Database, Transaction

__all__ = ["AskRefund", "RefundStarted", "Refunds"]

QUEUED_AGAIN_SECONDS = 6 * 3600
"""Where the gateway does not say when."""
PENDING_FOR, PENDING_AGAIN = timedelta(days=30), timedelta(hours=6)
"""How long a refund that its gateway keeps pending for want of money is asked about before people are, and how often."""

_log = structlog.get_logger()
_queued = Counter(
    "alltickets_payment_refunds_queued", "Times that a refund had to wait, because its gateway gives the money back only later"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefund:
    """Give money of a payment back; None is everything that is left. The caller names the refund, so that asking twice is asking once.

    is_of_price: it is what something cost, so never more than is left of what paid for it. Else also of what came beside that.
    """

    refund_id: UUID
    reference: UUID
    amount_minor: int | None
    reason: str
    is_of_price: bool = False


@dataclass(frozen=True, slots=True)
class RefundStarted:
    """A refund that will be carried out, with all its parts. `PaymentRefunded` tells when the payment's money is on its way."""

    refund_id: UUID
    amount: Money


class Refunds:
    """Use cases of giving back."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def order(self, tx: Transaction, requests: Sequence[AskRefund]) -> list[RefundStarted | Refusal]:
        """Order refunds in the caller's transaction; for each what will be given back, or why nothing, in their order.

        Of all money that came for the payment, the charge that brought it first (`drawn`): a refund for each charge that it takes, the
        first under the id that was asked for. Locks the payments in id order until `tx` ends, so that two orders never give back more
        than was taken. Four statements, whatever their number, one more where a part is asked for, and where money beside the payment's
        goes back. Refusals: `PaymentNotFound`, `NothingToRefund`, `RefundTooLarge`, `RefundWholeOnly`; `RefundRefused` for an id
        that was ordered before and that its gateway refused: see `retry`.
        """
        accounts = await self._connections.of(tx) if any(one.amount_minor is not None for one in requests) else None
        known, ordered_before = await lock_captured(tx, [one.reference for one in requests], [one.refund_id for one in requests])
        outcomes: list[RefundStarted | Refusal] = []
        new: list[NewRefund] = []
        beside: list[UUID] = []
        for request in requests:
            before = ordered_before.get(request.refund_id)
            if before is not None:
                outcomes.append(before if isinstance(before, Refusal) else RefundStarted(request.refund_id, before))
                continue
            try:
                parts = _decide(known, request, accounts)
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            for one, minor in parts:
                one.on_its_way_minor += minor
            amount = Money(sum(minor for _, minor in parts), parts[0][0].charge.amount.currency)
            ordered_before[request.refund_id] = amount
            new += _refunds(request, known[request.reference], parts)
            beside += [one.charge.id for one, _ in parts if one is not known[request.reference].kept]
            outcomes.append(RefundStarted(request.refund_id, amount))
        if beside:
            await give_up(tx, beside)
        await order_refunds(tx, new, self._clock())
        return outcomes

    async def sweep(self) -> int:
        """Carry out, or ask about, refunds that are due; how many those were. The gateway is called outside of transactions."""
        return await sweep_each(await organizers_with_due_refunds(self._database, self._clock()), self._sweep)

    async def retry(self, organizer_id: UUID, refund_id: UUID, *, actor: Actor | None = None) -> bool:
        """As `make_again`, and carry it out now; False where there is nothing that waits for people."""
        try:
            _, has_moved = await self.make_again(organizer_id, refund_id, actor=actor)
        except Refusal:
            return False
        if has_moved:
            await self._sweep(organizer_id)
        return has_moved

    async def make_again(self, organizer_id: UUID, refund_id: UUID, *, actor: Actor | None = None) -> tuple[UUID, bool]:
        """Take up a refund that waits for people; the id under which it goes on, and whether it was waiting. The loop carries it out.

        What its gateway has refused is ordered anew under a new id, which is its key there: the former one may be answered as before.
        What may have been carried out keeps its id, and is asked about first. One that is under way, of its own or after another
        call of this, is only asked about sooner, and not while its gateway is being called.
        Raises `RefundNotFound`, `RefundOver`, `NothingToRefund` or `RefundTooLarge`.
        """
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            newest = await newest_try(tx, refund_id)
            if newest.status == "succeeded":
                raise RefundOver
            if newest.status != "failed":
                is_taken_up = await take_up(tx, newest.id, now)
                if actor is not None and is_taken_up:
                    await record(tx, actor, "refund.taken_up", Subject("refund", newest.id))
                return newest.id, is_taken_up
            again_id = await make_again(tx, newest, now)
            if actor is not None:
                await record(tx, actor, "refund.made_again", Subject("refund", again_id), {"refused": str(newest.id)})
            return again_id, True

    async def make_again_for(self, actor: Actor, refund_id: UUID) -> UUID:
        """As `make_again`, because somebody wants it, who is recorded; the id under which it goes on."""
        newest_id, _ = await self.make_again(actor.organizer_id, refund_id, actor=actor)
        return newest_id

    async def _sweep(self, organizer_id: UUID) -> int:
        settled = 0
        # Again while there are any: a charge's next refund is due once the one before is through.
        while settled < CLAIMED_MAX:
            async with self._database.transaction(organizer_id) as tx:
                accounts = await self._connections.of(tx)
                keyless = [one.id for one in accounts.all if one.gateway.capabilities.refund_idempotency == "query"]
                claimed = await claim_due(tx, self._clock(), keyless=keyless)
            if not claimed:
                break
            # All at once, so that the last one's answer comes before its claim runs out.
            await asyncio.gather(*(self._settle(organizer_id, accounts, one) for one in claimed))
            settled += len(claimed)
        return settled

    async def _settle(self, organizer_id: UUID, accounts: Accounts, refund: Refund) -> None:
        if refund.status == "succeeded":
            await self._look_again(organizer_id, accounts, refund)
            return
        try:
            result, cause = await self._carry_out(organizer_id, accounts, refund)
        except GatewayError as error:
            await self._note_error(organizer_id, refund, error)
            return
        if accounts.is_offline(refund.account_id):
            await self._leave_to_people(organizer_id, refund)
        else:
            is_patient = accounts.gateway_of(refund.account_id).capabilities.early_refunds == "pending"
            await self._note_result(organizer_id, refund, result, cause=cause, is_patient=is_patient)

    async def _carry_out(self, organizer_id: UUID, accounts: Accounts, refund: Refund) -> tuple[RefundResult | None, RefundCause]:
        """What the gateway says, and to what; None: it has not heard of a refund that may have been sent, and may not refuse a second.

        Only what was certainly never sent is sent without asking first, and what is sent again is so by one worker alone.
        """
        gateway = accounts.gateway_of(refund.account_id)
        if refund.status not in UNSENT:
            found = await gateway.query_refund(refund.order)
            if found is not None:
                return found, "query"
            if gateway.capabilities.refund_idempotency == "query" and not self._is_absent(accounts, refund):
                return None, "query"
            async with self._database.transaction(organizer_id) as tx:
                if not await mark_sent_again(tx, refund, self._clock()):
                    return None, "query"
        return await gateway.refund(refund.order), "call"

    def _is_absent(self, accounts: Accounts, refund: Refund) -> bool:
        """Whether the gateway may be believed, having said just now once more that it knows of no such refund.

        Only what it has said since it was called last counts, and only after so long: a call may still be open there, or not be found yet.
        """
        if refund.sent_at is None:
            return False
        absent_for_min = accounts.absent_for_min(refund.account_id)
        return absence_is_proven(refund.absences + 1, refund.sent_at, self._clock(), absent_for_min=absent_for_min)

    async def _leave_to_people(self, organizer_id: UUID, refund: Refund) -> None:
        """Nobody is asked again: it stays pending until somebody says that the money went back (`note_returned`)."""
        async with self._database.transaction(organizer_id) as tx:
            await mark_refund(tx, refund, "pending", None, cause="call", now=self._clock(), needs_review=True)
            amount = f"{refund.amount_minor} minor units of {refund.currency}"
            flag_refund(tx, refund, "refund_by_hand", f"{amount} have to be given back by hand, and noted: no gateway can.")

    async def _note_result(
        self, organizer_id: UUID, refund: Refund, result: RefundResult | None, *, cause: RefundCause, is_patient: bool
    ) -> None:
        """is_patient: the gateway keeps refunds pending until the account has the money, which takes weeks and is nobody's fault."""
        now = self._clock()
        status: RefundStatus = "unknown" if result is None else result.status
        async with self._database.transaction(organizer_id) as tx:
            if status == "succeeded":
                await apply_success(tx, refund, now, cause=cause)
            if result is None:
                await note_absence(tx, refund)
            again_at = next_try(refund.tries, since=refund.since, now=now) if status in ("unknown", "pending") else None
            if again_at is None and status == "pending" and is_patient and now - refund.since < PENDING_FOR:
                again_at = now + PENDING_AGAIN
            provider_refund_id = None if result is None else result.provider_refund_id
            is_stuck = status == "failed" or (again_at is None and status != "succeeded")
            is_news = await mark_refund(
                tx, refund, status, again_at, cause=cause, now=now, provider_refund_id=provider_refund_id, needs_review=is_stuck
            )
            if is_news and status == "failed":
                reason = result.reason if result is not None else None
                text = f"The gateway refused to give the money back: {reason or 'no reason given'}."
                flag_refund(tx, refund, "refund_failed", text)
                await note_fault(tx, refund.account_id, "refund", "declined", text, now)
            elif is_news and is_stuck:
                flag_refund(tx, refund, "refund_unresolved", "The gateway did not say for a day what became of the refund.")

    async def _look_again(self, organizer_id: UUID, accounts: Accounts, refund: Refund) -> None:
        """Whether a refund that had succeeded came back. It stays given back in our books: somebody is told to pay the buyer otherwise."""
        now = self._clock()
        try:
            result = await accounts.gateway_of(refund.account_id).query_refund(refund.order)
        except GatewayError as error:
            _log.warning("refund not asked about", refund=str(refund.id), kind=error.kind, code=error.code)
            async with self._database.transaction(organizer_id) as tx:
                await mark_looked_at(tx, refund.id, next_try(refund.tries, since=now, now=now), now=now, came_back=False)
                await note_failure(tx, refund.account_id, "refund", error, now)
            return
        came_back = result is not None and result.status == "failed"
        async with self._database.transaction(organizer_id) as tx:
            if await mark_looked_at(tx, refund.id, None, now=now, came_back=came_back) and came_back:
                reason = result.reason if result is not None else None
                detail = f"A refund had succeeded and came back to the account: {reason or 'no reason given'}. Pay the buyer otherwise."
                flag_refund(tx, refund, "refund_failed", detail)

    async def _queue(self, organizer_id: UUID, refund: Refund, error: GatewayError) -> None:
        """It was certainly not carried out, and will be later: it is tried again then, for as long as the gateway says so."""
        now = self._clock()
        again_at = now + timedelta(seconds=error.retry_after_seconds or QUEUED_AGAIN_SECONDS)
        _log.info("refund queued", refund=str(refund.id), code=error.code, until=again_at.isoformat())
        _queued.inc()
        async with self._database.transaction(organizer_id) as tx:
            await mark_refund(tx, refund, "queued", again_at, cause="call", now=now, error=error, waited_until=again_at, needs_review=False)

    async def _note_error(self, organizer_id: UUID, refund: Refund, error: GatewayError) -> None:
        """A call that failed: asked about if it may have been carried out, repeated if not, given up only on a plain no."""
        now = self._clock()
        if error.kind == "too_early":
            await self._queue(organizer_id, refund, error)
            return
        after = what_to_do_after(error.kind)
        # Wrong credentials are put right by people; the refund waits for that as long as for a gateway that is away.
        is_final = error.kind == "declined" or (after == "give_up" and error.kind != "auth_config" and refund.status in UNSENT)
        again_at = None if is_final else next_try(refund.tries, since=refund.since, now=now)
        status: RefundStatus = "unknown" if after == "ask" or refund.status not in UNSENT else "created"
        _log.warning("refund not carried out", refund=str(refund.id), kind=error.kind, code=error.code, status=status)
        async with self._database.transaction(organizer_id) as tx:
            is_news = await mark_refund(
                tx,
                refund,
                "failed" if is_final else status,
                again_at,
                cause="call" if refund.status in UNSENT else "query",
                now=now,
                error=error,
                needs_review=again_at is None,
            )
            if is_news and again_at is None:
                flag_refund(tx, refund, "refund_failed" if is_final else "refund_unresolved", str(error))
            elif is_news and error.kind == "auth_config" and refund.error_kind != "auth_config":
                flag_refund(tx, refund, "account_refused", str(error))
                await suspect(tx, [refund.account_id], now)
            await note_failure(tx, refund.account_id, "refund", error, now)


def _decide(known: Mapping[UUID, Captured], request: AskRefund, accounts: Accounts | None) -> list[tuple[Refundable, int]]:
    """So much of each of the payment's charges."""
    if request.reference not in known:
        raise PaymentNotFound
    captured = known[request.reference]
    charges = captured.all
    sources = [
        Source(charge_id, one.left_minor, one is captured.kept)
        for charge_id, one in charges.items()
        if one is captured.kept or not request.is_of_price
    ]
    left = sum(source.left_minor for source in sources)
    if captured.kept is None or left == 0:
        raise NothingToRefund
    minor = left if request.amount_minor is None else request.amount_minor
    assert minor > 0, "a refund is of something"
    if minor > left:
        raise RefundTooLarge(left, captured.kept.charge.amount.currency)
    parts = [(charges[charge_id], share) for charge_id, share in drawn(sources, minor)]
    for one, share in parts:
        if accounts is not None and share < one.charge.amount.minor and not accounts.refunds_parts(one.charge.account_id):
            raise RefundWholeOnly
    return parts


def _refunds(request: AskRefund, captured: Captured, parts: Sequence[tuple[Refundable, int]]) -> list[NewRefund]:
    """The ids of further parts follow from the one that was asked for: whatever happens, each is ordered once."""
    return [
        NewRefund(
            id=request.refund_id if number == 0 else uuid5(request.refund_id, str(one.charge.id)),
            reference=request.reference,
            payment_id=captured.payment_id,
            charge_id=one.charge.id,
            amount=Money(minor, one.charge.amount.currency),
            reason=request.reason,
            is_kept=one is captured.kept,
            part_of=None if number == 0 else request.refund_id,
        )
        for number, (one, minor) in enumerate(parts)
    ]
