"""What promotions say over the wire. Terms go as they are decided by (`rules.py`)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.promotions.rules import Promotion, PromotionTerms

__all__ = ["AgreementRead", "PromotionChange", "PromotionRead", "promotion_read"]


class PromotionChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Other terms, decided on `revision` of the promotion."""

    revision: Annotated[int, Meta(ge=1, le=2_147_483_647)]
    terms: PromotionTerms


class AgreementRead(msgspec.Struct, frozen=True):
    """What the platform agreed to bear in total, and what of that is counted. `is_of_these_terms` false: they changed since."""

    is_of_these_terms: bool
    budget_minor: int
    spent_minor: int


class PromotionRead(msgspec.Struct, frozen=True):
    """A promotion. `spent_minor` of its budget is counted, of charges under way too; `ended_at` null: it has not been ended.

    `agreement` null: the platform has not agreed to bear a share of it. Where its terms give the platform one, it holds for nothing then.
    """

    promotion_id: UUID
    revision: int
    terms: PromotionTerms
    spent_minor: int
    created_at: datetime
    ended_at: datetime | None
    agreement: AgreementRead | None = None


def promotion_read(one: Promotion) -> PromotionRead:
    """A promotion for its organizer."""
    agreed = one.agreement
    agreement = None if agreed is None else AgreementRead(agreed.revision == one.revision, agreed.budget_minor, agreed.spent_minor)
    return PromotionRead(one.promotion_id, one.revision, one.terms, one.spent_minor, one.created_at, one.ended_at, agreement)
