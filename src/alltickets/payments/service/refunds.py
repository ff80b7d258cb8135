"""Refunds: ordered in the caller's transaction, carried out by a loop under one key, never twice."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import structlog

from alltickets.kernel.errors import Refusal
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.events import FlagKind, PaymentFlagged, RefundFailed, RefundOrdered
from alltickets.payments.port import Gateway, GatewayError, RefundOrder, RefundResult
from alltickets.payments.refusals import NothingToRefund, PaymentNotFound, RefundTooLarge
from alltickets.payments.returned import mark_looked_at
from alltickets.payments.rules import Charge, refundable_minor, restated
from alltickets.payments.schedule import LOOK_AGAIN_SECONDS, absence_is_proven, next_try, what_to_do_after
from alltickets.payments.standings import Cause, charge_of, insert_refunds, lock_standings
from alltickets.payments.sweeping import organizers_with_due_refunds, sweep_each
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "AskRefund",
    "RefundByHand",
    "RefundStarted",
    "RefundStatus",
    "Refunds",
    "find_refund",
    "list_by_hand",
    "note_returned",
]

CLAIMED_MAX = 8
OFFLINE_GATEWAYS = ("transfer", "cash")

RefundStatus = Literal[
    "created",  # ordered; the gateway was not called
    "sending",  # the gateway is being called, or was when the process died
    "unknown",  # the answer was lost; the gateway is asked before anything is repeated
    "pending",  # the gateway has it and has not decided
    "succeeded",
    "failed",
]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRefund:
    """Give money of a payment back; None is everything that is left. The caller names the refund, so that asking twice is asking once."""

    refund_id: UUID
    reference: UUID
    amount_minor: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RefundStarted:
    """A refund that will be carried out. `PaymentRefunded` tells when the money is on its way."""

    refund_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class _Refund:
    id: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    tries: int
    created_at: datetime
    account_id: UUID
    provider_payment_id: str
    attempt_id: UUID
    error_kind: str | None
    provider_refund_id: str | None
    other_refund_ids: list[str]

    @property
    def order(self) -> RefundOrder:
        return RefundOrder(
            refund_id=self.id,
            provider_payment_id=self.provider_payment_id,
            provider_refund_id=self.provider_refund_id,
            amount=Money(self.amount_minor, self.currency),
            reason=self.reason,
            other_refund_ids=tuple(self.other_refund_ids),
        )


@dataclass(frozen=True, slots=True)
class RefundByHand:
    """Money that somebody has to give back, or gave back; `proof` says how."""

    refund_id: UUID
    reference: UUID
    account_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    proof: str | None
    created_at: datetime


@dataclass(slots=True)
class _Kept:
    payment_id: UUID
    charge: Charge
    succeeded_minor: int
    on_its_way_minor: int


class Refunds:
    """Use cases of giving back."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def order(self, tx: Transaction, requests: Sequence[AskRefund]) -> list[RefundStarted | Refusal]:
        """Order refunds in the caller's transaction; for each what will be given back, or why nothing, in their order.

        Locks the payments in id order until `tx` ends, so that two orders never give back more than was taken. Four statements,
        whatever their number. Refusals: `PaymentNotFound`, `NothingToRefund`, `RefundTooLarge`.
        """
        known, ordered_before = await _lock_kept(tx, requests)
        outcomes: list[RefundStarted | Refusal] = []
        new: list[tuple[UUID, UUID, UUID, int, str, str]] = []
        for request in requests:
            before = ordered_before.get(request.refund_id)
            if before is not None:
                outcomes.append(RefundStarted(request.refund_id, before))
                continue
            try:
                kept, minor = _decide(known, request)
            except Refusal as refusal:
                outcomes.append(refusal)
                continue
            kept.on_its_way_minor += minor
            amount = Money(minor, kept.charge.amount.currency)
            ordered_before[request.refund_id] = amount
            new.append((request.refund_id, kept.payment_id, kept.charge.id, minor, amount.currency, request.reason))
            tx.publish(
                RefundOrdered(
                    refund_id=request.refund_id,
                    payment_id=kept.payment_id,
                    charge_id=kept.charge.id,
                    amount_minor=minor,
                    currency=amount.currency,
                )
            )
            outcomes.append(RefundStarted(request.refund_id, amount))
        if new:
            await insert_refunds(tx, new, now=self._clock())
        return outcomes

    async def sweep(self) -> int:
        """Carry out, or ask about, refunds that are due; how many those were. The gateway is called outside of transactions."""
        return await sweep_each(await organizers_with_due_refunds(self._database, self._clock()), self._sweep)

    async def retry(self, organizer_id: UUID, refund_id: UUID) -> bool:
        """Take up a refund again that waits for people, now; False where there is none that does, or the gateway has refused it.

        It is asked about first where it may have been carried out, as always.
        """
        async with self._database.transaction(organizer_id) as tx:
            taken_up = await tx.execute(
                """
                UPDATE payments.refunds
                   SET next_try_at = %(now)s, needs_review = false, updated_at = %(now)s
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status IN ('created', 'sending', 'unknown', 'pending')
                """,
                id=refund_id,
                now=self._clock(),
            )
        if taken_up:
            await self._sweep(organizer_id)
        return bool(taken_up)

    async def _sweep(self, organizer_id: UUID) -> int:
        settled = 0
        # Again while there are any: a charge's next refund is due once the one before is through.
        while settled < CLAIMED_MAX:
            async with self._database.transaction(organizer_id) as tx:
                claimed = await _claim(tx, self._clock())
                accounts = await self._connections.of(tx)
            if not claimed:
                break
            # All at once, so that the last one's answer comes before its claim runs out.
            await asyncio.gather(*(self._settle(organizer_id, accounts, one) for one in claimed))
            settled += len(claimed)
        return settled

    async def _settle(self, organizer_id: UUID, accounts: Accounts, refund: _Refund) -> None:
        if refund.status == "succeeded":
            await self._look_again(organizer_id, accounts, refund)
            return
        try:
            result = await self._carry_out(accounts.gateway_of(refund.account_id), refund)
        except GatewayError as error:
            await self._note_error(organizer_id, refund, error)
            return
        if accounts.is_offline(refund.account_id):
            await self._leave_to_people(organizer_id, refund)
        else:
            await self._note_result(organizer_id, refund, result)

    async def _carry_out(self, gateway: Gateway, refund: _Refund) -> RefundResult | None:
        """What the gateway says; None: it has not heard of a refund that may have been sent, and cannot be trusted to refuse a second.

        Only what was certainly never sent is sent without asking first.
        """
        if refund.status != "created":
            found = await gateway.query_refund(refund.order)
            if found is not None:
                return found
            is_absent = absence_is_proven(refund.tries, refund.created_at, self._clock())
            if not gateway.capabilities.refund_is_idempotent and not is_absent:
                return None
        return await gateway.refund(refund.order)

    async def _leave_to_people(self, organizer_id: UUID, refund: _Refund) -> None:
        """Nobody is asked again: it stays pending until somebody says that the money went back (`note_returned`)."""
        async with self._database.transaction(organizer_id) as tx:
            await _mark(tx, refund, "pending", None, now=self._clock(), needs_review=True)
            amount = f"{refund.amount_minor} minor units of {refund.currency}"
            await _flag(tx, refund, "refund_by_hand", f"{amount} have to be given back by hand, and noted: no gateway can.")

    async def _note_result(self, organizer_id: UUID, refund: _Refund, result: RefundResult | None) -> None:
        now = self._clock()
        status: RefundStatus = "unknown" if result is None else result.status
        async with self._database.transaction(organizer_id) as tx:
            if status == "succeeded":
                await _apply_success(tx, refund, now)
            again_at = next_try(refund.tries, since=refund.created_at, now=now) if status in ("unknown", "pending") else None
            provider_refund_id = None if result is None else result.provider_refund_id
            is_stuck = status == "failed" or (again_at is None and status != "succeeded")
            await _mark(tx, refund, status, again_at, now=now, provider_refund_id=provider_refund_id, needs_review=is_stuck)
            if status == "failed":
                reason = result.reason if result is not None else None
                await _flag(tx, refund, "refund_failed", f"The gateway refused to give the money back: {reason or 'no reason given'}.")
            elif is_stuck:
                await _flag(tx, refund, "refund_unresolved", "The gateway did not say for a day what became of the refund.")

    async def _look_again(self, organizer_id: UUID, accounts: Accounts, refund: _Refund) -> None:
        """Whether a refund that had succeeded came back. It stays given back in our books: somebody is told to pay the buyer otherwise."""
        now = self._clock()
        try:
            result = await accounts.gateway_of(refund.account_id).query_refund(refund.order)
        except GatewayError as error:
            _log.warning("refund not asked about", refund=str(refund.id), kind=error.kind, code=error.code)
            async with self._database.transaction(organizer_id) as tx:
                await mark_looked_at(tx, refund.id, next_try(refund.tries, since=now, now=now), now=now, came_back=False)
            return
        came_back = result is not None and result.status == "failed"
        async with self._database.transaction(organizer_id) as tx:
            if await mark_looked_at(tx, refund.id, None, now=now, came_back=came_back) and came_back:
                reason = result.reason if result is not None else None
                detail = f"A refund had succeeded and came back to the account: {reason or 'no reason given'}. Pay the buyer otherwise."
                await _flag(tx, refund, "refund_failed", detail)

    async def _note_error(self, organizer_id: UUID, refund: _Refund, error: GatewayError) -> None:
        """A call that failed: asked about if it may have been carried out, repeated if not, given up only on a plain no."""
        now = self._clock()
        after = what_to_do_after(error.kind)
        # Wrong credentials are put right by people; the refund waits for that as long as for a gateway that is away.
        is_final = error.kind == "declined" or (after == "give_up" and error.kind != "auth_config" and refund.status == "created")
        again_at = None if is_final else next_try(refund.tries, since=refund.created_at, now=now)
        status: RefundStatus = "unknown" if after == "ask" or refund.status != "created" else "created"
        _log.warning("refund not carried out", refund=str(refund.id), kind=error.kind, code=error.code, status=status)
        async with self._database.transaction(organizer_id) as tx:
            await _mark(tx, refund, "failed" if is_final else status, again_at, now=now, error=error, needs_review=again_at is None)
            if again_at is None:
                await _flag(tx, refund, "refund_failed" if is_final else "refund_unresolved", str(error))
            elif error.kind == "auth_config" and refund.error_kind != "auth_config":
                await _flag(tx, refund, "account_refused", str(error))


def _decide(known: Mapping[UUID, _Kept | None], request: AskRefund) -> tuple[_Kept, int]:
    if request.reference not in known:
        raise PaymentNotFound
    kept = known[request.reference]
    left = 0 if kept is None else refundable_minor(kept.charge, kept.succeeded_minor, kept.on_its_way_minor)
    if kept is None or left == 0:
        raise NothingToRefund
    minor = left if request.amount_minor is None else request.amount_minor
    assert minor > 0, "a refund is of something"
    if minor > left:
        raise RefundTooLarge(left, kept.charge.amount.currency)
    return kept, minor


async def _lock_kept(tx: Transaction, requests: Sequence[AskRefund]) -> tuple[dict[UUID, _Kept | None], dict[UUID, Money]]:
    """The kept charges of payments by reference (None: no money came), locked; and refunds that were ordered before."""
    locked = await tx.fetch_tuples(
        """
        SELECT p.reference, p.id
          FROM payments.payments p
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = ANY(%(references)s)
         ORDER BY p.id
           FOR UPDATE
        """,
        references=[request.reference for request in requests],
    )
    # A statement of its own: the first one waits for the lock, and would read charges as they were before the wait.
    charges = await tx.fetch_tuples(
        """
        SELECT c.id, c.attempt_id, c.account_id, c.provider_payment_id, c.status, c.raw_status, c.amount_minor, c.currency,
               c.refunded_minor, c.sequence, c.is_surplus, c.facts, p.reference, p.id,
               coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0)::bigint,
               coalesce(sum(r.amount_minor) FILTER (WHERE r.status IN ('created', 'sending', 'unknown', 'pending')), 0)::bigint
          FROM payments.payments p
          JOIN payments.charges c
            ON c.organizer_id = p.organizer_id AND c.id = p.kept_charge_id
          LEFT JOIN payments.refunds r
            ON r.organizer_id = c.organizer_id AND r.charge_id = c.id
         WHERE p.organizer_id = %(organizer_id)s AND p.id = ANY(%(ids)s)
         GROUP BY p.organizer_id, p.id, c.organizer_id, c.id
        """,
        ids=[payment_id for _, payment_id in locked],
    )
    ordered = await tx.fetch_tuples(
        """
        SELECT id, amount_minor, currency
          FROM payments.refunds
         WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s)
        """,
        ids=[request.refund_id for request in requests],
    )
    kept: dict[UUID, _Kept | None] = {reference: None for reference, _ in locked}
    kept.update({row[12]: _Kept(row[13], charge_of(row), row[14], row[15]) for row in charges})
    return kept, {refund_id: Money(minor, currency) for refund_id, minor, currency in ordered}


async def _claim(tx: Transaction, now: datetime) -> list[_Refund]:
    """Take refunds that are due; each as it stood, and committed as "sending" before anybody is called.

    Of one charge only the oldest that is under way: where a gateway has no keys, two at once could not be told apart afterwards.
    """
    return await tx.fetch_all(
        _Refund,
        """
        UPDATE payments.refunds r
           SET status = CASE d.status WHEN 'created' THEN 'sending' ELSE d.status END,
               tries = r.tries + 1, next_try_at = %(again_at)s, updated_at = %(now)s
          FROM (SELECT f.id, f.status, c.account_id, c.provider_payment_id, c.attempt_id,
                       ARRAY(SELECT k.provider_refund_id
                               FROM payments.refunds k
                              WHERE k.organizer_id = f.organizer_id AND k.charge_id = f.charge_id AND k.id <> f.id
                                AND k.provider_refund_id IS NOT NULL) AS other_refund_ids
                  FROM payments.refunds f
                  JOIN payments.charges c
                    ON c.organizer_id = f.organizer_id AND c.id = f.charge_id
                 WHERE f.organizer_id = %(organizer_id)s AND f.next_try_at <= %(now)s
                   AND NOT EXISTS (SELECT 1
                                     FROM payments.refunds b
                                    WHERE b.organizer_id = f.organizer_id AND b.charge_id = f.charge_id
                                      AND (b.created_at, b.id) < (f.created_at, f.id)
                                      AND b.status IN ('created', 'sending', 'unknown') AND b.next_try_at IS NOT NULL)
                 ORDER BY f.next_try_at
                 LIMIT %(limit)s
                   FOR UPDATE OF f SKIP LOCKED) AS d
         WHERE r.organizer_id = %(organizer_id)s AND r.id = d.id
        RETURNING r.id, r.payment_id, r.charge_id, r.amount_minor, r.currency, r.reason, d.status, r.tries, r.created_at,
                  d.account_id, d.provider_payment_id, d.attempt_id, r.error_kind, r.provider_refund_id, d.other_refund_ids
        """,
        now=now,
        again_at=now + timedelta(seconds=LOOK_AGAIN_SECONDS),
        limit=CLAIMED_MAX,
    )


async def _apply_success(tx: Transaction, refund: _Refund, now: datetime, *, cause: Cause = "call") -> None:
    """Tell the charge what our own refunds have given back; the gateway's callback finds it done, or knows of more.

    Locked before the sum is read: two refunds of one charge that end at the same moment would each miss the other.
    """
    await lock_standings(tx, {refund.attempt_id})
    rows = await tx.fetch_tuples(
        """
        SELECT c.id, c.attempt_id, c.account_id, c.provider_payment_id, c.status, c.raw_status, c.amount_minor, c.currency,
               c.refunded_minor, c.sequence, c.is_surplus, c.facts,
               (SELECT coalesce(sum(r.amount_minor), 0)::bigint
                  FROM payments.refunds r
                 WHERE r.organizer_id = c.organizer_id AND r.charge_id = c.id AND (r.status = 'succeeded' OR r.id = %(refund_id)s))
          FROM payments.charges c
         WHERE c.organizer_id = %(organizer_id)s AND c.id = %(charge_id)s
        """,
        charge_id=refund.charge_id,
        refund_id=refund.id,
    )
    [row] = rows
    charge = charge_of(row)
    seen = restated(charge, refunded_minor=max(charge.refunded_minor, row[12]))
    await apply_reports(tx, [Report(charge.account_id, seen)], cause=cause, now=now)


async def list_by_hand(reader: Reader, *, cursor: str | None, size: int) -> Page[RefundByHand]:
    """Refunds at accounts without a gateway, newest first. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        RefundByHand,
        f"""{_BY_HAND} AND a.gateway = ANY(%(gateways)s::text[]) AND (%(before)s::uuid IS NULL OR r.id < %(before)s::uuid)
         ORDER BY r.id DESC
         LIMIT %(limit)s
        """,
        gateways=list(OFFLINE_GATEWAYS),
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [str(one.refund_id)])


async def find_refund(reader: Reader, refund_id: UUID) -> RefundByHand | None:
    """A refund, whoever gives it back."""
    return await reader.fetch_first(RefundByHand, f"{_BY_HAND} AND r.id = %(refund_id)s", refund_id=refund_id)


async def note_returned(tx: Transaction, refund_id: UUID, *, proof: str, now: datetime) -> bool:
    """A person says that the money went back; False where that, or that it does not, was noted before."""
    refund = await tx.fetch_first(
        _Refund,
        """
        SELECT r.id, r.payment_id, r.charge_id, r.amount_minor, r.currency, r.reason, r.status, r.tries, r.created_at,
               c.account_id, c.provider_payment_id, c.attempt_id, r.error_kind, r.provider_refund_id, '{}'::text[] AS other_refund_ids
          FROM payments.refunds r
          JOIN payments.charges c
            ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
         WHERE r.organizer_id = %(organizer_id)s AND r.id = %(id)s
        """,
        id=refund_id,
    )
    assert refund is not None, "whoever notes it has found it"
    await _apply_success(tx, refund, now, cause="person")
    return await _mark(tx, refund, "succeeded", None, now=now, provider_refund_id=proof, needs_review=False)


async def _mark(
    tx: Transaction,
    refund: _Refund,
    status: RefundStatus,
    again_at: datetime | None,
    *,
    now: datetime,
    provider_refund_id: str | None = None,
    error: GatewayError | None = None,
    needs_review: bool,
) -> bool:
    """A final refund stays final, whoever comes late; whether it was not."""
    marked = await tx.execute(
        """
        UPDATE payments.refunds
           SET status = %(status)s, next_try_at = %(again_at)s, needs_review = %(needs_review)s, updated_at = %(now)s,
               provider_refund_id = coalesce(%(provider_refund_id)s, provider_refund_id), error_kind = %(kind)s, error_code = %(code)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status NOT IN ('succeeded', 'failed')
        """,
        id=refund.id,
        status=status,
        again_at=again_at,
        needs_review=needs_review,
        now=now,
        provider_refund_id=provider_refund_id,
        kind=error.kind if error is not None else None,
        code=error.code if error is not None else None,
    )
    if marked and status == "failed":
        tx.publish(
            RefundFailed(
                refund_id=refund.id,
                payment_id=refund.payment_id,
                charge_id=refund.charge_id,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
            )
        )
    return marked > 0


async def _flag(tx: Transaction, refund: _Refund, kind: FlagKind, detail: str) -> None:
    [(reference,)] = await tx.fetch_tuples(
        "SELECT reference FROM payments.payments WHERE organizer_id = %(organizer_id)s AND id = %(id)s", id=refund.payment_id
    )
    tx.publish(PaymentFlagged(reference=reference, payment_id=refund.payment_id, attempt_id=refund.attempt_id, kind=kind, detail=detail))


_BY_HAND = """
    SELECT r.id AS refund_id, p.reference, c.account_id, r.amount_minor, r.currency, r.reason, r.status, r.provider_refund_id AS proof,
           r.created_at
      FROM payments.refunds r
      JOIN payments.charges c
        ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
      JOIN payments.payments p
        ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
      JOIN payments.accounts a
        ON a.organizer_id = c.organizer_id AND a.id = c.account_id
     WHERE r.organizer_id = %(organizer_id)s"""
