"""What is bought, as the items of a page: always the amount to the last minor unit. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from alltickets.kernel.money import Money
from alltickets.payments.port import Creation, PurchaseLine

__all__ = ["Item", "items_of"]

_control = re.compile(r"[\x00-\x1f\x7f]+")


class Item(Struct, frozen=True, kw_only=True):
    """So many of one thing at `unit` each, which is above zero."""

    name: str
    quantity: int
    unit: Money
    begins_at: datetime | None = None


def items_of(creation: Creation, *, items_max: int) -> tuple[Item, ...]:
    """The lines of the purchase as items that sum to the amount.

    What is taken off the whole is taken off each line in proportion; a line that is no multiple of its quantity then is one thing whose
    name says how many. What costs nothing is left out, for no gateway takes an item without a price. One item of the whole where nobody
    said what for, where that is more than `items_max` things, and where the lines are less than the amount: then they are not all of it.
    """
    priced = [line for line in creation.purchase.lines if _minor(line) > 0] if creation.purchase is not None else []
    if not 0 < len(priced) <= items_max or sum(map(_minor, priced)) < creation.amount.minor:
        return (Item(name=_tidy(creation.description), quantity=1, unit=creation.amount),)
    return tuple(_items(priced, creation.amount))


def _items(lines: Sequence[PurchaseLine], amount: Money) -> Iterator[Item]:
    for line, share in zip(lines, amount.split([_minor(line) for line in lines]), strict=True):
        each, over = divmod(share.minor, line.quantity)
        name = _tidy(line.name)
        if share.minor and not over:
            yield Item(name=name, quantity=line.quantity, unit=Money(each, amount.currency), begins_at=line.begins_at)
        elif share.minor:
            yield Item(name=f"{line.quantity} × {name}", quantity=1, unit=share, begins_at=line.begins_at)


def _minor(line: PurchaseLine) -> int:
    return line.unit_price_minor * line.quantity


def _tidy(text: str) -> str:
    return _control.sub(" ", text)
