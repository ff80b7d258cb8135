"""Which promotions hold for a card, what they take off, and who bears it. Pure; whole minor units.

    discount = share of the amount, rounded up, at most the cap, and less than the amount     20 % of 11,000.01 is 2,200.01
    the bank bears its share of it, rounded down                                                60 % of 2,200.01 is 1,320.00
    with the platform's share both bear theirs together, rounded down; the organizer the rest   60 % and 40 % of it are all of it

Rounded up, because whoever was told 20 % gets no less. Promotions do not add up: of those that hold the one that takes most off counts,
then the event's own before the organizer's, then the older one.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from alltickets.kernel.money import Money
from alltickets.payments.port import PaymentMethod

__all__ = [
    "WEEKDAYS",
    "Agreement",
    "BinRange",
    "CardSeen",
    "Holding",
    "Promotion",
    "PromotionTerms",
    "Weekday",
    "bearing_minor",
    "best_first",
    "borne_by_platform_minor",
    "discount_minor",
    "is_same_card",
    "is_shown",
    "offered_for",
    "promotion_faults",
]

BASIS = 10_000
BIN_DIGITS = 8
LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Martes con Banco X"])]
Digits = Annotated[str, Meta(pattern=r"^\d{6,8}$", examples=["450799"])]
BasisPoints = Annotated[int, Meta(ge=0, le=BASIS)]
Minor = Annotated[int, Meta(ge=1, le=10**14)]
CardMethod = Literal["credit_card", "debit_card", "prepaid_card"]


class BinRange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cards whose number begins with `first` to `last`, both included, six to eight digits each: 450799 to 450799 is all that begin so."""

    first: Digits
    last: Digits

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last number of eight digits."""
        return int(self.first.ljust(BIN_DIGITS, "0")), int(self.last.ljust(BIN_DIGITS, "9"))

    def holds(self, card_bin: str) -> bool:
        """Whether every card that begins with these digits is in it: where too few are known to tell, it is not."""
        low, high = self.bounds
        return low <= int(card_bin.ljust(BIN_DIGITS, "0")) and int(card_bin.ljust(BIN_DIGITS, "9")) <= high


class PromotionTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a promotion says. What is left out is no limit; days and hours are counted where the event takes place.

    event_id: for this event only; null: for all of the organizer's. hour_from, hour_to: from the one until before the other.
    starts_on, ends_on: both days included. instalments: in how many it may be paid; those above one are without interest.
    discount_basis_points: 2000 is 20 % off; 0: instalments alone. cap_minor: at most so much off a payment; without a discount, for
    payments of at most so much. budget_minor: of all payments together, what is taken off, or else what is paid in instalments.
    bank_basis_points: the bank's share of the discount, 10000: all of it, 0: the organizer bears it alone. platform_basis_points: the
    platform's share; such a promotion holds once the platform has agreed to these very terms, and while what it agreed to pay lasts.
    """

    name: Name
    bank: Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Banco X"])]
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$", examples=["ARS"])]
    bins: Annotated[tuple[BinRange, ...], Meta(min_length=1, max_length=200)]
    event_id: UUID | None = None
    methods: Annotated[tuple[CardMethod, ...], Meta(max_length=3)] = ()
    weekdays: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = ()
    hour_from: Annotated[int, Meta(ge=0, le=23)] = 0
    hour_to: Annotated[int, Meta(ge=1, le=24)] = 24
    starts_on: date | None = None
    ends_on: date | None = None
    instalments: Annotated[tuple[Annotated[int, Meta(ge=1, le=60)], ...], Meta(min_length=1, max_length=12)] = (1,)
    discount_basis_points: BasisPoints = 0
    cap_minor: Minor | None = None
    budget_minor: Minor | None = None
    bank_basis_points: BasisPoints = 0
    platform_basis_points: BasisPoints = 0


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform agreed to bear: of the terms as they were at `revision`, up to so much in total; `spent_minor` of it is counted."""

    revision: int
    budget_minor: int
    spent_minor: int


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion as it stands. `spent_minor` of its budget is counted: of charges that were made or are under way."""

    promotion_id: UUID
    terms: PromotionTerms
    revision: int
    spent_minor: int
    created_at: datetime
    ended_at: datetime | None
    agreement: Agreement | None = None


class CardSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a payment by card before it is charged. `timezone`: of the event."""

    event_id: UUID | None
    timezone: str
    at: datetime
    amount: Money
    card_bin: str
    method: PaymentMethod
    instalments: int


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """A promotion that holds: what it takes off, who bears that, and how much of its budget it counts for."""

    promotion: Promotion
    discount_minor: int
    bank_minor: int
    counted_minor: int
    platform_minor: int = 0


def promotion_faults(terms: PromotionTerms) -> list[str]:
    """Everything about it that cannot be meant; a sentence each."""
    faults = [f"bins: {one.first} to {one.last} is no range" for one in terms.bins if one.bounds[0] > one.bounds[1]]
    if terms.hour_from >= terms.hour_to:
        faults.append("hour_to: must be after hour_from")
    if terms.starts_on is not None and terms.ends_on is not None and terms.ends_on < terms.starts_on:
        faults.append("ends_on: must not be before starts_on")
    if terms.discount_basis_points == 0 and max(terms.instalments) == 1:
        faults.append("discount_basis_points, instalments: it takes nothing off and offers one payment only")
    if terms.bank_basis_points + terms.platform_basis_points > BASIS:
        faults.append("platform_basis_points: with the bank's share it is more than the discount")
    if terms.platform_basis_points and terms.discount_basis_points == 0:
        faults.append("platform_basis_points: there is no discount to bear a share of")
    for name, values in (("methods", terms.methods), ("weekdays", terms.weekdays), ("instalments", terms.instalments)):
        if len(set(values)) < len(values):
            faults.append(f"{name}: each may be named once")
    if max(terms.instalments) > 1 and terms.methods and "credit_card" not in terms.methods:
        faults.append("instalments: only credit cards pay in instalments")
    return faults


def is_shown(promotion: Promotion, *, event_id: UUID | None, timezone: str, currency: str, at: datetime) -> bool:
    """Whether some card could have it at that moment: what it asks beside the card holds, and its budget is not used up."""
    terms = promotion.terms
    if promotion.ended_at is not None or terms.currency != currency or terms.event_id not in (None, event_id):
        return False
    if terms.budget_minor is not None and promotion.spent_minor >= terms.budget_minor:
        return False
    if terms.platform_basis_points and not _bears_platform(promotion):
        return False
    local = at.astimezone(ZoneInfo(timezone))
    today = local.date()
    return (
        (terms.starts_on is None or today >= terms.starts_on)
        and (terms.ends_on is None or today <= terms.ends_on)
        and (not terms.weekdays or WEEKDAYS[today.weekday()] in terms.weekdays)
        and terms.hour_from <= local.hour < terms.hour_to
    )


def _bears_platform(promotion: Promotion) -> bool:
    """Whether the platform agreed to the terms as they are, and what it agreed to pay is not used up."""
    agreed = promotion.agreement
    return agreed is not None and agreed.revision == promotion.revision and agreed.spent_minor < agreed.budget_minor


def best_first(promotions: Iterable[Promotion], seen: CardSeen) -> list[Holding]:
    """Those that hold for this card, the one that counts at the head; the next takes its place where its budget is used up."""
    holding = [_holding(one, seen.amount) for one in promotions if _holds(one, seen)]
    return sorted(holding, key=rank)


def rank(one: Holding) -> tuple[int, bool, UUID]:
    """The order in which promotions count: most off, the event's own, the older one. Ids grow with time."""
    return -one.discount_minor, one.promotion.terms.event_id is None, one.promotion.promotion_id


def offered_for(promotions: Iterable[Promotion], amount: Money) -> list[Holding]:
    """What each of these would take off that amount, in the order in which they count; the card alone is not known yet."""
    return sorted((_holding(one, amount) for one in promotions if _has_room(one.terms, amount.minor)), key=rank)


def discount_minor(terms: PromotionTerms, amount_minor: int) -> int:
    """What it takes off an amount: its share rounded up, at most the cap. Something is left to be paid."""
    share = -(-amount_minor * terms.discount_basis_points // BASIS)
    return min(share, amount_minor - 1, terms.cap_minor if terms.cap_minor is not None else share)


def bearing_minor(terms: PromotionTerms, discount: int) -> int:
    """How much of a discount the bank bears."""
    return discount * terms.bank_basis_points // BASIS


def borne_by_platform_minor(terms: PromotionTerms, discount: int) -> int:
    """How much of it the platform bears; the organizer bears the rest, which is nothing where both bear all of it."""
    return discount * (terms.bank_basis_points + terms.platform_basis_points) // BASIS - bearing_minor(terms, discount)


def is_same_card(told: str, reported: str | None) -> bool:
    """Whether the gateway confirms every digit that was told: what it does not report, nobody has confirmed."""
    return reported is not None and reported.startswith(told)


def _holding(promotion: Promotion, amount: Money) -> Holding:
    discount = discount_minor(promotion.terms, amount.minor)
    return Holding(
        promotion=promotion,
        discount_minor=discount,
        bank_minor=bearing_minor(promotion.terms, discount),
        platform_minor=borne_by_platform_minor(promotion.terms, discount),
        counted_minor=discount if promotion.terms.discount_basis_points else amount.minor,
    )


def _holds(promotion: Promotion, seen: CardSeen) -> bool:
    terms = promotion.terms
    return (
        is_shown(promotion, event_id=seen.event_id, timezone=seen.timezone, currency=seen.amount.currency, at=seen.at)
        and (not terms.methods or seen.method in terms.methods)
        and seen.instalments in terms.instalments
        and _has_room(terms, seen.amount.minor)
        and any(one.holds(seen.card_bin) for one in terms.bins)
    )


def _has_room(terms: PromotionTerms, amount_minor: int) -> bool:
    """Whether an amount is not beyond what is paid in instalments at most; a discount is cut at its cap instead."""
    return terms.discount_basis_points > 0 or terms.cap_minor is None or amount_minor <= terms.cap_minor
