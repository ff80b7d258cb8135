"""Reserved money as rows: what is decided about it is written once, under its payment's lock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.payments.applying import apply_conclusion
from alltickets.payments.events import PaymentFlagged
from alltickets.payments.port import Capabilities
from alltickets.payments.reservations.rules import intent_for, is_refused_for_good, may_be_given_back
from alltickets.payments.rules import ATTEMPT_RANKS, Charge, Intent
from alltickets.payments.standings import fetch_charges, lock_standings, write_standings
from alltickets.platform.database import Reader, Transaction

__all__ = ["Undecided", "decide_reserved", "note_refused", "undecided_among"]


@dataclass(frozen=True, slots=True)
class Undecided:
    """Reserved money that nothing was decided about, and the caller's id of what it would pay."""

    attempt_id: UUID
    reference: UUID


async def undecided_among(reader: Reader, attempt_ids: Collection[UUID]) -> list[Undecided]:
    """Reserved money of these attempts that may be wanted: nothing has paid their payment. Index charges_open."""
    return await reader.fetch_all(
        Undecided,
        """
        SELECT DISTINCT c.attempt_id, p.reference
          FROM payments.charges c
          JOIN payments.attempts a
            ON a.organizer_id = c.organizer_id AND a.id = c.attempt_id
          JOIN payments.payments p
            ON p.organizer_id = a.organizer_id AND p.id = a.payment_id
         WHERE c.organizer_id = %(organizer_id)s AND c.attempt_id = ANY(%(attempt_ids)s) AND c.status = 'authorized' AND c.intent IS NULL
           AND p.kept_charge_id IS NULL
        """,
        attempt_ids=list(attempt_ids),
    )


async def decide_reserved(
    tx: Transaction, attempt_ids: Collection[UUID], capabilities: Mapping[UUID, Capabilities], *, unwanted: Collection[UUID], now: datetime
) -> list[Charge]:
    """Decide about what is reserved of these attempts, and what was decided about before and has not come about: each with its intent.

    `capabilities` by account; `unwanted`: references whose money would be of no use. Locks the payments and attempts until `tx` ends,
    so that of several reservations of a payment one is taken, and what is given back was not to be taken, or nobody takes it any more.
    """
    standings = await lock_standings(tx, set(attempt_ids))
    # A statement of its own behind the lock: it sees what those have written who held it before.
    charges = await fetch_charges(tx, list(standings), [])
    taken = await _being_taken(tx, {standing.payment.id for standing in standings.values()})
    found: list[Charge] = []
    for charge in sorted(charges.values(), key=lambda one: one.id):
        standing = standings.get(charge.attempt_id)
        if standing is None or charge.status != "authorized" or charge.account_id not in capabilities:
            continue
        payment = standing.payment
        intent = charge.intent or intent_for(
            payment,
            standing.attempt,
            charge,
            capabilities[charge.account_id],
            is_wanted=payment.reference not in unwanted,
            is_other_taken=payment.id in taken,
        )
        if intent is None:
            continue
        if charge.intent == "void" and not may_be_given_back(capabilities[charge.account_id], since=standing.state_since, now=now):
            continue
        if charge.intent is None:
            await _intend(tx, charge, intent, now)
            await _move(tx, charge, intent, list(charges.values()), now)
        if intent == "capture":
            taken.add(payment.id)
        found.append(msgspec.structs.replace(charge, intent=intent))
    return found


async def note_refused(tx: Transaction, charge: Charge, detail: str, *, voids: bool, now: datetime) -> None:
    """A gateway refuses to do with reserved money what was decided: people are told, once. The buyer sees it until it lapses.

    What it refuses to take for good is given back instead, where it can be (`voids`), so that the buyer may pay otherwise.
    """
    standing = (await lock_standings(tx, {charge.attempt_id})).get(charge.attempt_id)
    if standing is None:
        return
    was_told = standing.needs_review
    is_over = is_refused_for_good(standing.attempt, since=standing.state_since, now=now, was_refused_before=was_told)
    if voids and is_over and await _turn_round(tx, charge, now):
        await apply_conclusion(tx, charge.attempt_id, "voiding", cause="call", now=now)
    if was_told:
        return
    standing.needs_review = standing.is_touched = True
    tx.publish(
        PaymentFlagged(
            reference=standing.payment.reference,
            payment_id=standing.payment.id,
            attempt_id=standing.attempt.id,
            kind="void_refused" if charge.intent == "void" else "capture_refused",
            detail=detail,
        )
    )
    await write_standings(tx, [standing], now)


async def _turn_round(tx: Transaction, charge: Charge, now: datetime) -> bool:
    """Have a charge given back that was to be taken, and is only reserved still; whether it is one.

    From here on nobody begins to take it. Whoever has begun may be taking it still, so it is given back later (`may_be_given_back`).
    """
    written = await tx.execute(
        """
        UPDATE payments.charges
           SET intent = 'void', updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status = 'authorized' AND intent = 'capture'
        """,
        id=charge.id,
        now=now,
    )
    return written == 1


async def _being_taken(reader: Reader, payment_ids: set[UUID]) -> set[UUID]:
    """Those of these payments of which a reservation is being taken."""
    rows = await reader.fetch_tuples(
        """
        SELECT DISTINCT a.payment_id
          FROM payments.attempts a
          JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
         WHERE a.organizer_id = %(organizer_id)s AND a.payment_id = ANY(%(payment_ids)s) AND c.status = 'authorized'
           AND c.intent = 'capture'
        """,
        payment_ids=list(payment_ids),
    )
    return {payment_id for (payment_id,) in rows}


async def _intend(tx: Transaction, charge: Charge, intent: Intent, now: datetime) -> None:
    written = await tx.execute(
        """
        UPDATE payments.charges
           SET intent = %(intent)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status = 'authorized' AND intent IS NULL
        """,
        id=charge.id,
        intent=intent,
        now=now,
    )
    assert written == 1, "nobody decides about a charge without its payment's lock"


async def _move(tx: Transaction, charge: Charge, intent: Intent, charges: list[Charge], now: datetime) -> None:
    """The attempt says what happens to its money, unless another charge of it has brought money, or brought the wrong one."""
    holds_money = any(
        one.attempt_id == charge.attempt_id and ATTEMPT_RANKS[one.status] >= ATTEMPT_RANKS["charged"] for one in charges if one != charge
    )
    if not holds_money:
        await apply_conclusion(tx, charge.attempt_id, "capturing" if intent == "capture" else "voiding", cause="query", now=now)
