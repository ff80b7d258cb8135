"""A promotion on an attempt: reserved in the transaction that starts the charge, used once the money is here, given back otherwise.

    reserved -> used        the money came: the budget stays counted, bank and platform bear their shares
    reserved -> released    the attempt came to nothing: the budget is given back
    released -> used        the money came after all, and there was still room in the budgets
    reserved -> mismatched  the gateway does not confirm the card that was told: the organizer bears the discount alone
    released -> mismatched  it came after all, from another card or with no room left in the budget: likewise

What the money came under never changes again: the books rest on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.payments.events import PaymentFlagged
from alltickets.payments.promotions.records import count_against_budget
from alltickets.payments.promotions.rules import Holding, is_same_card
from alltickets.payments.rules import ATTEMPT_RANKS, Charge
from alltickets.payments.standings import Standing
from alltickets.platform.database import Reader, Transaction

__all__ = ["PromotionUse", "reserve", "settle_promotions", "use_of"]

_CAME_TO_NOTHING = ATTEMPT_RANKS["declined"]
_MONEY_CAME = ATTEMPT_RANKS["charged"]


@dataclass(frozen=True, slots=True)
class PromotionUse:
    """A promotion as it was when an attempt was charged with it. If it is used, the bank bears `bank_minor` of the discount, the platform
    `platform_minor`, and the organizer the rest.
    """

    attempt_id: UUID
    promotion_id: UUID
    name: str
    bank: str
    status: str
    card_bin: str
    instalments: int
    discount_minor: int
    bank_minor: int
    counted_minor: int
    platform_minor: int


async def reserve(
    tx: Transaction, attempt_id: UUID, holding: Holding, *, card_bin: str, instalments: int, now: datetime
) -> PromotionUse | None:
    """Count a promotion for a charge that is about to be made; None where its budget has no room for it. Three statements."""
    promotion = holding.promotion
    if not await count_against_budget(tx, promotion.promotion_id, holding.counted_minor, holding.platform_minor):
        return None
    use = PromotionUse(
        attempt_id=attempt_id,
        promotion_id=promotion.promotion_id,
        name=promotion.terms.name,
        bank=promotion.terms.bank,
        status="reserved",
        card_bin=card_bin,
        instalments=instalments,
        discount_minor=holding.discount_minor,
        bank_minor=holding.bank_minor,
        counted_minor=holding.counted_minor,
        platform_minor=holding.platform_minor,
    )
    await tx.execute(
        """
        INSERT INTO payments.promotion_uses (organizer_id, attempt_id, promotion_id, name, bank, status, card_bin, instalments,
                                             discount_minor, bank_minor, platform_minor, counted_minor, reserved_at)
        VALUES (%(organizer_id)s, %(attempt_id)s, %(promotion_id)s, %(name)s, %(bank)s, 'reserved', %(card_bin)s, %(instalments)s,
                %(discount_minor)s, %(bank_minor)s, %(platform_minor)s, %(counted_minor)s, %(now)s)
        """,
        attempt_id=attempt_id,
        promotion_id=use.promotion_id,
        name=use.name,
        bank=use.bank,
        card_bin=card_bin,
        instalments=instalments,
        discount_minor=use.discount_minor,
        bank_minor=use.bank_minor,
        platform_minor=use.platform_minor,
        counted_minor=use.counted_minor,
        now=now,
    )
    await tx.execute(
        """
        UPDATE payments.attempts
           SET has_promotion = true, discount_minor = %(discount_minor)s, version = version + 1
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=attempt_id,
        discount_minor=use.discount_minor,
    )
    return use


async def settle_promotions(tx: Transaction, standings: Iterable[Standing], charges: Iterable[Charge], now: datetime) -> None:
    """Say of attempts with a promotion what has become of it. Nothing, and no statement, for all the others.

    Behind the locks of the attempts; promotions are locked in the order of their ids.
    """
    moved = {
        one.attempt.id: one
        for one in standings
        if one.attempt.has_promotion
        and one.attempt.status != one.status_before
        and ATTEMPT_RANKS[one.attempt.status] >= _CAME_TO_NOTHING
        and one.attempt.status != "integrity_hold"
    }
    if not moved:
        return
    bins = {charge.attempt_id: charge.facts.card_bin for charge in charges if ATTEMPT_RANKS[charge.status] >= _MONEY_CAME}
    uses = await _read(tx, list(moved))
    for use in sorted(uses, key=lambda one: one.promotion_id):
        standing = moved[use.attempt_id]
        if use.status not in ("reserved", "released"):
            continue
        # Money that was paid twice is going back, and nothing was promised of it.
        if standing.payment.kept_attempt_id == use.attempt_id:
            await _settle_paid(tx, standing, use, bins.get(use.attempt_id), now)
        elif use.status == "reserved":
            await _give_back(tx, use)
            await _mark(tx, use, "released", now)


async def use_of(reader: Reader, reference: UUID) -> PromotionUse | None:
    """The promotion that a payment was, or is being, charged with; None where there is none, or it came to nothing."""
    return await reader.fetch_first(
        PromotionUse,
        """
        SELECT u.attempt_id, u.promotion_id, u.name, u.bank, u.status, u.card_bin, u.instalments, u.discount_minor, u.bank_minor,
               u.counted_minor, u.platform_minor
          FROM payments.payments p
          JOIN payments.promotion_uses u
            ON u.organizer_id = p.organizer_id AND u.attempt_id = coalesce(p.kept_attempt_id, p.newest_attempt_id)
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s AND u.status <> 'released'
        """,
        reference=reference,
    )


async def _settle_paid(tx: Transaction, standing: Standing, use: PromotionUse, reported: str | None, now: datetime) -> None:
    """The money came: under the promotion, unless the gateway tells another card or its budget is used up meanwhile."""
    fault = None
    if not is_same_card(use.card_bin, reported):
        fault = f"It was charged under «{use.name}» for a card {use.card_bin}…, and the gateway tells {reported or 'none'}."
        if use.status == "reserved":
            await _give_back(tx, use)
    elif use.status == "released" and not await count_against_budget(tx, use.promotion_id, use.counted_minor, use.platform_minor):
        fault = f"It came late under «{use.name}», whose budget is used up."
    await _mark(tx, use, "used" if fault is None else "mismatched", now)
    if fault is not None:
        payment = standing.payment
        tx.publish(
            PaymentFlagged(
                reference=payment.reference,
                payment_id=payment.id,
                attempt_id=use.attempt_id,
                kind="promotion_mismatch",
                detail=f"{fault} The organizer bears the discount.",
            )
        )


async def _give_back(tx: Transaction, use: PromotionUse) -> None:
    given = await count_against_budget(tx, use.promotion_id, -use.counted_minor, -use.platform_minor)
    assert given, "less always fits"


async def _read(tx: Transaction, attempt_ids: list[UUID]) -> list[PromotionUse]:
    return await tx.fetch_all(
        PromotionUse,
        """
        SELECT attempt_id, promotion_id, name, bank, status, card_bin, instalments, discount_minor, bank_minor, counted_minor,
               platform_minor
          FROM payments.promotion_uses
         WHERE organizer_id = %(organizer_id)s AND attempt_id = ANY(%(ids)s)
        """,
        ids=attempt_ids,
    )


async def _mark(tx: Transaction, use: PromotionUse, status: str, now: datetime) -> None:
    marked = await tx.execute(
        """
        UPDATE payments.promotion_uses
           SET status = %(status)s, settled_at = %(now)s,
               bank_minor = CASE WHEN %(status)s = 'mismatched' THEN 0 ELSE bank_minor END,
               platform_minor = CASE WHEN %(status)s = 'mismatched' THEN 0 ELSE platform_minor END
         WHERE organizer_id = %(organizer_id)s AND attempt_id = %(attempt_id)s AND status = %(before)s
        """,
        attempt_id=use.attempt_id,
        status=status,
        before=use.status,
        now=now,
    )
    assert marked == 1, "nobody settles an attempt's promotion without the attempt's lock"
