"""Promotions of banks as pages show them: before the card is known, and for what an order costs."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from alltickets.kernel.money import Money
from alltickets.payments.interface import BinRange, Holding, Promotion
from alltickets.storefront.languages import Language
from alltickets.storefront.templates import Templates

__all__ = ["OfferedPromotion", "offered_promotion", "ranges_of", "terms_in_words"]


@dataclass(frozen=True)
class OfferedPromotion:
    """A promotion on an order. `ranges`: of eight digits each, for the form's script; `instalments`: how many, and of how much each."""

    promotion: Promotion
    discount: Money
    pays: Money
    cap: Money | None
    ranges: str
    instalments: tuple[tuple[int, Money], ...]


def offered_promotion(one: Holding, total: Money) -> OfferedPromotion:
    """What a promotion makes of an order's total."""
    terms = one.promotion.terms
    discount = Money(one.discount_minor, total.currency)
    pays = total - discount
    return OfferedPromotion(
        promotion=one.promotion,
        discount=discount,
        pays=pays,
        cap=_cap_of(one.promotion),
        ranges=ranges_of(terms.bins),
        instalments=tuple((count, _each(pays, count)) for count in sorted(terms.instalments) if count > 1),
    )


def ranges_of(bins: Iterable[BinRange]) -> str:
    """Beginnings of cards for the form's script: first and last of eight digits."""
    return " ".join(f"{low:08d}-{high:08d}" for low, high in (one.bounds for one in bins))


def terms_in_words(promotion: Promotion, templates: Templates, language: Language) -> str:
    """What it says, in one line of plain text."""
    text = templates.render("promotion.html", language, path="", promotion=promotion, cap=_cap_of(promotion)).decode()
    return Markup(text).unescape().strip()  # noqa: S704


def _each(amount: Money, count: int) -> Money:
    """An instalment, to the nearest minor unit: which of them takes the cents, each bank decides for itself."""
    return Money((amount.minor * 2 + count) // (2 * count), amount.currency)


def _cap_of(promotion: Promotion) -> Money | None:
    terms = promotion.terms
    return None if terms.cap_minor is None else Money(terms.cap_minor, terms.currency)
