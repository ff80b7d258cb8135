"""Who is on a waiting list, and whose turn it is: pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from alltickets.catalog.interface import Offer
from alltickets.identity.interface import Limit
from alltickets.marketing.refusals import WishInvalid

__all__ = [
    "HEAD_START",
    "JOINS_PER_ADDRESS",
    "JOINS_PER_MAIL",
    "KEPT_FOR",
    "PLACES_MAX",
    "Waiting",
    "WaitingState",
    "Wish",
    "check_wish",
    "path_prefix_of",
    "whose_turn",
]

PLACES_MAX = 10
HEAD_START = timedelta(minutes=15)
"""So long nobody else is told of places that somebody was told of: longer than it takes to read the mail and to hold them."""
KEPT_FOR = timedelta(days=30)
"""How long after the performance an entry is kept: a postponed one may still take place."""

# People behind one address (an office, a family) share what an address may do.
JOINS_PER_MAIL = Limit("waiting.mail", 10, 3600)
JOINS_PER_ADDRESS = Limit("waiting.address", 30, 3600)

_MAIL = re.compile(r"[^@\s,;<>\"\x00-\x1f\x7f]{1,64}@[^@\s,;<>\"\x00-\x1f\x7f]{1,189}")
_PREFIXES = {"en": "/en", "pt-BR": "/pt"}


class WaitingState(StrEnum):
    """How far somebody has come. Whoever leaves or buys is not kept."""

    WAITING = "waiting"
    CALLED = "called"
    """Told that there are places; waits no longer, unless they sign up again."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told of. `locale`: the language in which they asked."""

    mail: str
    offer: Offer
    quantity: int
    locale: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody in the line."""

    entry_id: UUID
    offer: Offer
    quantity: int


def check_wish(wish: Wish) -> None:
    """Raise `WishInvalid` for the first field that does not fit: mail, quantity."""
    if _MAIL.fullmatch(wish.mail) is None:
        raise WishInvalid("mail")
    if not 1 <= wish.quantity <= PLACES_MAX:
        raise WishInvalid("quantity")


def whose_turn(
    line: Sequence[Waiting], draws: Mapping[Offer, Iterable[UUID]], left: Mapping[UUID, int], called: Iterable[tuple[Offer, int]]
) -> list[UUID]:
    """Who is told, of those who wait in `line`: for every place that is free one, first come first served.

    `draws`: the pools of each offer; `left`: free places by pool; `called`: what was told lately, whose places are spoken for. Whoever
    wants more than there is keeps their place in the line and is passed over, so that a large party does not keep the small ones waiting.
    """
    free = dict(left)
    for offer, quantity in called:
        for pool_id in draws.get(offer, ()):
            free[pool_id] = free.get(pool_id, 0) - quantity
    turns = []
    for one in line:
        pools = list(draws.get(one.offer, ()))
        if pools and all(free.get(pool_id, 0) >= one.quantity for pool_id in pools):
            turns.append(one.entry_id)
            for pool_id in pools:
                free[pool_id] -= one.quantity
    return turns


def path_prefix_of(locale: str) -> str:
    """What the paths of pages in that language begin with."""
    return _PREFIXES.get(locale, "")
