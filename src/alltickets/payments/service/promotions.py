"""Promotions of banks: written by organizers, shown to buyers, and counted when a card is charged."""

from uuid import UUID

from alltickets.catalog.interface import VersionConflict
from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import CURRENCY_EXPONENTS, Money
from alltickets.kernel.time import Clock
from alltickets.payments.port import Card, PaymentMethod
from alltickets.payments.promotions.records import (
    agree,
    change_promotion,
    end_promotion,
    insert_promotion,
    list_promotions,
    lock_promotions,
    read_open,
    read_promotion,
)
from alltickets.payments.promotions.rules import (
    CardSeen,
    Holding,
    Promotion,
    PromotionTerms,
    best_first,
    discount_minor,
    is_shown,
    offered_for,
    promotion_faults,
)
from alltickets.payments.promotions.uses import PromotionUse, reserve, use_of
from alltickets.payments.refusals import PromotionInvalid, PromotionNotFound, PromotionOver
from alltickets.payments.routing.records import read_facts, require_events
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.paging import Page

__all__ = ["Promotions"]


class Promotions:
    """Use cases of promotions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(self, organizer_id: UUID, *, cursor: str | None, size: int) -> Page[Promotion]:
        """Every promotion, newest first; what has ended too. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_promotions(reader, cursor=cursor, size=size)

    async def create(self, actor: Actor, terms: PromotionTerms) -> Promotion:
        """Write a promotion; it holds from now on. Raises `PromotionInvalid` with every fault, or `EventNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            await _require_sense(tx, terms)
            promotion = Promotion(promotion_id=new_id(), terms=terms, revision=1, spent_minor=0, created_at=self._clock(), ended_at=None)
            await insert_promotion(tx, promotion)
            await record(tx, actor, "promotion.created", Subject("promotion", promotion.promotion_id), {"name": terms.name})
        return promotion

    async def change(self, actor: Actor, promotion_id: UUID, made_on: int, terms: PromotionTerms) -> Promotion:
        """Give it other terms, for what is charged from now on; what was charged stays as it was.

        Raises `PromotionNotFound`, `VersionConflict`, `EventNotFound`, or `PromotionInvalid`, also for a budget below what is spent and
        for a promotion that has ended.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            # First whose it is: what is wrong with the terms is nobody's business who has no such promotion.
            await _found(tx, promotion_id)
            await _require_sense(tx, terms)
            if not await change_promotion(tx, promotion_id, terms, made_on=made_on):
                raise _why_unchanged(await _found(tx, promotion_id), terms, made_on)
            await record(tx, actor, "promotion.changed", Subject("promotion", promotion_id), {"name": terms.name})
            return await _found(tx, promotion_id)

    async def agree(self, actor: Actor, promotion_id: UUID, made_on: int, *, budget_minor: int) -> Promotion:
        """Have the platform bear its share of the terms as they stand at that revision, up to so much in total: an operator's word alone.

        Again, with another budget, it takes the place of what was agreed before; what is spent stays spent. Once the terms are changed it
        has to be said anew. Raises `PromotionNotFound`, `VersionConflict`, or `PromotionInvalid`, also for terms that give the platform
        no share, and for a budget below what is spent.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            promotion = await _found(tx, promotion_id)
            if promotion.terms.platform_basis_points == 0:
                raise PromotionInvalid(("platform_basis_points: these terms give the platform no share",))
            if not await agree(tx, promotion_id, made_on, budget_minor):
                raise _why_not_agreed(await _found(tx, promotion_id), made_on)
            await record(tx, actor, "promotion.agreed", Subject("promotion", promotion_id), {"budget_minor": budget_minor})
            return await _found(tx, promotion_id)

    async def end(self, actor: Actor, promotion_id: UUID) -> Promotion:
        """End it: it holds for nothing that is charged from now on. Said twice, it ended once. Raises `PromotionNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            if await end_promotion(tx, promotion_id, self._clock()):
                await record(tx, actor, "promotion.ended", Subject("promotion", promotion_id))
            return await _found(tx, promotion_id)

    async def shown(self, organizer_id: UUID, currency: str, purpose: PaymentPurpose) -> list[Promotion]:
        """Those that some card has at the moment, before the card is known. One statement."""
        async with self._database.reading(organizer_id) as reader:
            return await self._shown(reader, currency, purpose)

    async def offered(self, organizer_id: UUID, amount: Money, purpose: PaymentPurpose) -> list[Holding]:
        """The same with what each takes off that amount; of those that a card has, the first is the one that counts."""
        async with self._database.reading(organizer_id) as reader:
            return offered_for(await self._shown(reader, amount.currency, purpose), amount)

    async def use_of(self, organizer_id: UUID, reference: UUID) -> PromotionUse | None:
        """The promotion that a payment was, or is being, charged with."""
        async with self._database.reading(organizer_id) as reader:
            return await use_of(reader, reference)

    async def reserve(
        self, tx: Transaction, attempt_id: UUID, amount: Money, card: Card, method: PaymentMethod, *, promised: UUID | None
    ) -> PromotionUse | None:
        """Count the best promotion of a card whose budget has room, in the transaction that starts its charge; None: there is none.

        Raises `PromotionOver` where the buyer would pay more than by the promotion that they were shown. Whether the card really begins
        with these digits, the gateway says when it is charged: see `promotions/uses.py`.
        """
        facts = await read_facts(tx, attempt_id)
        purpose = PaymentPurpose() if facts is None else facts.purpose
        promotions = await read_open(tx, purpose.event_id)
        seen = CardSeen(
            event_id=purpose.event_id,
            timezone=purpose.timezone,
            at=self._clock(),
            amount=amount,
            card_bin=card.bin,
            method=method,
            instalments=card.installments,
        )
        holdings, use = best_first(promotions, seen), None
        if len(holdings) > 1:
            # They are tried in the order in which they count, and locked in that of everybody.
            await lock_promotions(tx, [one.promotion.promotion_id for one in holdings])
        for holding in holdings:
            use = await reserve(tx, attempt_id, holding, card_bin=card.bin, instalments=card.installments, now=seen.at)
            if use is not None:
                break
        if promised is not None:
            shown = next((one for one in promotions if one.promotion_id == promised), None)
            if shown is None or use is None or use.discount_minor < discount_minor(shown.terms, amount.minor):
                raise PromotionOver
        return use

    async def _shown(self, reader: Reader, currency: str, purpose: PaymentPurpose) -> list[Promotion]:
        now = self._clock()
        return [
            one
            for one in await read_open(reader, purpose.event_id)
            if is_shown(one, event_id=purpose.event_id, timezone=purpose.timezone, currency=currency, at=now)
        ]


async def _require_sense(tx: Transaction, terms: PromotionTerms) -> None:
    faults = promotion_faults(terms)
    if terms.currency not in CURRENCY_EXPONENTS:
        faults.append("currency: is not known")
    if faults:
        raise PromotionInvalid(tuple(faults))
    await require_events(tx, [] if terms.event_id is None else [terms.event_id])


async def _found(tx: Transaction, promotion_id: UUID) -> Promotion:
    promotion = await read_promotion(tx, promotion_id)
    if promotion is None:
        raise PromotionNotFound
    return promotion


def _why_unchanged(promotion: Promotion, terms: PromotionTerms, made_on: int) -> PromotionInvalid | VersionConflict:
    if promotion.ended_at is not None:
        return PromotionInvalid(("it has ended; write another one",))
    if promotion.revision != made_on:
        return VersionConflict(promotion.revision)
    return PromotionInvalid((f"budget_minor: {promotion.spent_minor} of {terms.budget_minor} are spent already",))


def _why_not_agreed(promotion: Promotion, made_on: int) -> PromotionInvalid | VersionConflict:
    if promotion.ended_at is not None:
        return PromotionInvalid(("it has ended",))
    if promotion.revision != made_on or promotion.agreement is None:
        return VersionConflict(promotion.revision)
    return PromotionInvalid((f"budget_minor: {promotion.agreement.spent_minor} are spent already",))
