"""Quotes, from price books that are kept in the process."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from alltickets.catalog.interface import EventSnapshot
from alltickets.inventory.interface import Levels
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from alltickets.pricing.queries import read_price_list, read_version
from alltickets.pricing.rules.quoting import PriceBook, PriceList, Quote, SelectedLine, make_book, quote

__all__ = ["TOPIC", "Pricing"]

TOPIC = "pricing"
BOOKS_KEPT_MAX = 2_000
_NO_LEVELS: Mapping[UUID, int] = {}

_Key = tuple[UUID, UUID]


class Pricing:
    """Makes quotes. Price lists and stock levels are at most a second old; the event is as old as the snapshot that is given."""

    def __init__(self, database: Database, levels: Levels) -> None:
        self._database = database
        self._levels = levels
        self._lists: Snapshots[_Key, PriceList] = Snapshots(self._load, version_of=self._version_of)
        # Worked out once per version of the event and of its price list.
        self._books: OrderedDict[UUID, tuple[int, int, PriceBook]] = OrderedDict()

    def follow(self, listener: Listener) -> None:
        """Drop a price list as soon as its change is announced."""
        self._lists.follow(listener, TOPIC, _key_of)

    async def quote(self, event: EventSnapshot, selection: Sequence[SelectedLine], *, code: str | None = None, at: datetime) -> Quote:
        """Price a selection of the event at `at`, for somebody who gives this code; stock levels are read only if a price depends on them.

        Whether it is sold now, or left, is not said. Raises what `rules.quoting.quote` raises.
        """
        prices = await self._lists.get((event.organizer_id, event.event_id))
        assert prices is not None, "every event has a price list, if an empty one"
        book = self._book(event, prices)
        levels = _NO_LEVELS
        if book.needs_levels:
            pools = await self._levels.of(event.organizer_id, event.event_id)
            # Only the pools of these lines: an event of many performances has thousands.
            levels = {one: pools[one].held + pools[one].sold for one in book.pools_counted(selection) if one in pools}
        return quote(book, selection, levels, code, at)

    def drop(self, organizer_id: UUID, event_id: UUID) -> None:
        """Forget a price list: what this process has just changed, it also sees changed."""
        self._lists.drop((organizer_id, event_id))

    def _book(self, event: EventSnapshot, prices: PriceList) -> PriceBook:
        known = self._books.get(event.event_id)
        if known is not None and known[0] == event.version and known[1] == prices.version:
            return known[2]
        book = make_book(event, prices)
        self._books[event.event_id] = (event.version, prices.version, book)
        self._books.move_to_end(event.event_id)
        while len(self._books) > BOOKS_KEPT_MAX:
            self._books.popitem(last=False)
        return book

    async def _load(self, key: _Key) -> tuple[PriceList, int]:
        organizer_id, event_id = key
        async with self._database.reading(organizer_id) as reader:
            prices = await read_price_list(reader, event_id)
        return prices, prices.version

    async def _version_of(self, key: _Key) -> int:
        organizer_id, event_id = key
        async with self._database.reading(organizer_id) as reader:
            return await read_version(reader, event_id)


def _key_of(announced: str) -> _Key:
    organizer_id, _, event_id = announced.partition("/")
    return UUID(organizer_id), UUID(event_id)
