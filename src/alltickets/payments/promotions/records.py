"""Promotions as rows, and their budgets: counted and given back by one guarded UPDATE each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alltickets.payments.promotions.rules import Agreement, Promotion, PromotionTerms
from alltickets.platform.database import Reader, Transaction
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "agree",
    "change_promotion",
    "count_against_budget",
    "end_promotion",
    "insert_promotion",
    "list_promotions",
    "lock_promotions",
    "read_open",
    "read_promotion",
]

_terms = msgspec.json.Decoder(PromotionTerms)
_COLUMNS = (
    "promotion_id, terms::text, revision, spent_minor, created_at, ended_at, agreed_revision, agreed_budget_minor, agreed_spent_minor"
)


async def insert_promotion(tx: Transaction, promotion: Promotion) -> None:
    """Write a new promotion."""
    await tx.execute(
        """
        INSERT INTO payments.promotions (organizer_id, promotion_id, terms, budget_minor, revision, spent_minor, created_at)
        VALUES (%(organizer_id)s, %(promotion_id)s, %(terms)s::jsonb, %(budget_minor)s, 1, 0, %(created_at)s)
        """,
        promotion_id=promotion.promotion_id,
        terms=_encoded(promotion.terms),
        budget_minor=promotion.terms.budget_minor,
        created_at=promotion.created_at,
    )


async def change_promotion(tx: Transaction, promotion_id: UUID, terms: PromotionTerms, *, made_on: int) -> bool:
    """Give a promotion that has not ended other terms; False where it was changed since, has ended, or has spent more than the budget."""
    return bool(
        await tx.execute(
            """
            UPDATE payments.promotions
               SET terms = %(terms)s::jsonb, budget_minor = %(budget_minor)s, revision = revision + 1
             WHERE organizer_id = %(organizer_id)s AND promotion_id = %(promotion_id)s AND revision = %(made_on)s AND ended_at IS NULL
               AND (%(budget_minor)s::bigint IS NULL OR spent_minor <= %(budget_minor)s::bigint)
            """,
            promotion_id=promotion_id,
            terms=_encoded(terms),
            budget_minor=terms.budget_minor,
            made_on=made_on,
        )
    )


async def agree(tx: Transaction, promotion_id: UUID, revision: int, budget_minor: int) -> bool:
    """Note that the platform bears its share of the terms at that revision, up to so much; False where they changed since, it has ended,
    or more is spent already.
    """
    return bool(
        await tx.execute(
            """
            UPDATE payments.promotions
               SET agreed_revision = revision, agreed_budget_minor = %(budget_minor)s
             WHERE organizer_id = %(organizer_id)s AND promotion_id = %(promotion_id)s AND revision = %(revision)s AND ended_at IS NULL
               AND agreed_spent_minor <= %(budget_minor)s
            """,
            promotion_id=promotion_id,
            revision=revision,
            budget_minor=budget_minor,
        )
    )


async def end_promotion(tx: Transaction, promotion_id: UUID, now: datetime) -> bool:
    """End a promotion; False where it had ended, or there is none."""
    return bool(
        await tx.execute(
            """
            UPDATE payments.promotions
               SET ended_at = %(now)s, revision = revision + 1
             WHERE organizer_id = %(organizer_id)s AND promotion_id = %(promotion_id)s AND ended_at IS NULL
            """,
            promotion_id=promotion_id,
            now=now,
        )
    )


async def count_against_budget(tx: Transaction, promotion_id: UUID, minor: int, platform_minor: int) -> bool:
    """Count so much more against the budget of a promotion, and against what the platform agreed to bear of it, or so much less where it is
    negative; False where either has not so much left.

    One guarded UPDATE: whoever counts at the same time waits for the row, and is judged by what is left then. Locks it until `tx` ends.
    """
    return bool(
        await tx.execute(
            """
            UPDATE payments.promotions
               SET spent_minor = spent_minor + %(minor)s, agreed_spent_minor = agreed_spent_minor + %(platform_minor)s
             WHERE organizer_id = %(organizer_id)s AND promotion_id = %(promotion_id)s
               AND (budget_minor IS NULL OR spent_minor + %(minor)s <= budget_minor)
               AND agreed_spent_minor + %(platform_minor)s <= agreed_budget_minor
            """,
            promotion_id=promotion_id,
            minor=minor,
            platform_minor=platform_minor,
        )
    )


async def lock_promotions(tx: Transaction, promotion_ids: Sequence[UUID]) -> None:
    """Lock promotions in id order until `tx` ends, for whoever may come to count against several of them."""
    await tx.execute(
        """
        SELECT promotion_id
          FROM payments.promotions
         WHERE organizer_id = %(organizer_id)s AND promotion_id = ANY(%(ids)s)
         ORDER BY promotion_id
           FOR UPDATE
        """,
        ids=list(promotion_ids),
    )


async def read_open(reader: Reader, event_id: UUID | None) -> list[Promotion]:
    """The promotions that have not ended and may hold for an event: its own and the organizer's."""
    rows = await reader.fetch_tuples(
        f"""
        SELECT {_COLUMNS}
          FROM payments.promotions
         WHERE organizer_id = %(organizer_id)s AND ended_at IS NULL
           AND (terms ->> 'event_id' IS NULL OR terms ->> 'event_id' = %(event_id)s)
         ORDER BY promotion_id
        """,
        event_id=None if event_id is None else str(event_id),
    )
    return [_promotion_of(row) for row in rows]


async def read_promotion(reader: Reader, promotion_id: UUID) -> Promotion | None:
    """One promotion; None where the organizer has no such one."""
    rows = await reader.fetch_tuples(
        f"SELECT {_COLUMNS} FROM payments.promotions WHERE organizer_id = %(organizer_id)s AND promotion_id = %(id)s", id=promotion_id
    )
    return _promotion_of(rows[0]) if rows else None


async def list_promotions(reader: Reader, *, cursor: str | None, size: int) -> Page[Promotion]:
    """Promotions, newest first; ended ones too. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, UUID)
    rows = await reader.fetch_tuples(
        f"""
        SELECT {_COLUMNS}
          FROM payments.promotions
         WHERE organizer_id = %(organizer_id)s AND (%(after)s::uuid IS NULL OR promotion_id < %(after)s::uuid)
         ORDER BY promotion_id DESC
         LIMIT %(limit)s
        """,
        after=None if after is None else after[0],
        limit=size + 1,
    )
    return page_of([_promotion_of(row) for row in rows], size, lambda one: (str(one.promotion_id),))


def _promotion_of(row: Sequence[Any]) -> Promotion:
    agreed_revision, agreed_minor, agreed_spent_minor = row[6:]
    return Promotion(
        promotion_id=row[0],
        terms=_terms.decode(row[1]),
        revision=row[2],
        spent_minor=row[3],
        created_at=row[4],
        ended_at=row[5],
        agreement=None
        if agreed_revision is None
        else Agreement(revision=agreed_revision, budget_minor=agreed_minor, spent_minor=agreed_spent_minor),
    )


def _encoded(terms: PromotionTerms) -> str:
    return msgspec.json.encode(terms).decode()
