"""The waiting list: joined, called in order when places come back, left."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from alltickets.catalog.interface import (
    Catalog,
    EventNotFound,
    EventSnapshot,
    Offer,
    read_snapshot,
    visible_ticket_types,
    why_unsellable,
)
from alltickets.identity.interface import Actor, spend_tries
from alltickets.inventory.interface import Levels
from alltickets.kernel.mail import address_key
from alltickets.kernel.time import Clock
from alltickets.marketing.events import PlacesFreed
from alltickets.marketing.records import (
    WaitingCount,
    WaitingEntry,
    are_waited_for,
    called_since,
    count_waiting,
    delete_bought,
    delete_entry,
    delete_outlived,
    events_waited_for,
    list_waiting,
    lock_line,
    organizers_with_outlived,
    read_waiting_entries,
    set_called,
    upsert_entry,
)
from alltickets.marketing.refusals import NoSuchWaitingEntry, WishInvalid
from alltickets.marketing.rules.waiting import (
    HEAD_START,
    JOINS_PER_ADDRESS,
    JOINS_PER_MAIL,
    KEPT_FOR,
    Wish,
    check_wish,
    path_prefix_of,
    whose_turn,
)
from alltickets.orders.events import OrderPaid
from alltickets.orders.interface import read_orders
from alltickets.platform.database import Database, DatabaseUnavailable, Reader, Transaction
from alltickets.platform.outbox import Recorded
from alltickets.platform.paging import Page
from alltickets.platform.secrets import KeyRing

__all__ = ["Call", "WaitingList"]

EVENTS_MAX = 1_000
CALLED_MAX = 500
"""So many are told in one transaction; the others in the next."""
_CONTEXT = "waiting"


@dataclass(frozen=True)
class Call:
    """What somebody is told whose turn it is. `leave_url`: takes them off the list."""

    entry: WaitingEntry
    event: EventSnapshot
    event_url: str
    leave_url: str


class WaitingList:
    """Use cases of waiting lists."""

    def __init__(self, database: Database, clock: Clock, catalog: Catalog, levels: Levels, key_ring: KeyRing, *, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._levels = levels
        self._key_ring = key_ring
        self._public_url = public_url

    async def join(self, event_id: UUID, wish: Wish, *, address: str) -> None:
        """Put somebody into the line; a repetition changes how many they want. Says nothing of who is there already.

        Raises `WishInvalid`, `TooManyTries`, `EventNotFound`, or why the offer is not sold at all. That there are places is no reason: then
        it is their turn at once.
        """
        check_wish(wish)
        event = await self._catalog.snapshot(event_id)
        if event is None or not event.is_public:
            raise EventNotFound(str(event_id))
        if wish.offer not in event.offers or wish.offer[1] not in {one.ticket_type_id for one in visible_ticket_types(event, None)}:
            raise WishInvalid("offer")
        now = self._clock()
        unsellable = why_unsellable(event, wish.offer, now)
        if unsellable is not None:
            raise unsellable
        await spend_tries(self._database, (JOINS_PER_MAIL, address_key(wish.mail)), (JOINS_PER_ADDRESS, address), now=now)
        async with self._database.transaction(event.organizer_id) as tx:
            await upsert_entry(tx, event_id, wish, now=now, kept_until=event.performances[wish.offer[0]].ends_at + KEPT_FOR)

    async def call(self) -> int:
        """Have those told whose turn it is, event by event; how many. An event that fails keeps no other waiting."""
        called = 0
        faults: list[Exception] = []
        after: UUID | None = UUID(int=0)
        while after is not None:
            async with self._database.reading(None) as reader:
                found = await events_waited_for(reader, after=after, limit=EVENTS_MAX)
            for organizer_id, event_id in found:
                try:
                    called += await self._call_for(organizer_id, event_id)
                except DatabaseUnavailable:
                    raise
                except Exception as fault:
                    faults.append(fault)
            after = found[-1][1] if len(found) == EVENTS_MAX else None
        if faults:
            raise ExceptionGroup("those who wait for some events could not be told", faults)
        return called

    async def _call_for(self, organizer_id: UUID, event_id: UUID) -> int:
        event = await self._catalog.snapshot(event_id)
        if event is None:
            return 0
        now = self._clock()
        levels = await self._levels.of(organizer_id, event_id)
        draws = {
            offer: pools
            for offer, pools in event.offers.items()
            if why_unsellable(event, offer, now) is None and all(pool_id in levels for pool_id in pools)
        }
        left = {offer: min(levels[pool_id].left for pool_id in pools) for offer, pools in draws.items()}
        free: dict[Offer, int] = {offer: places for offer, places in left.items() if places > 0}
        if not free:
            return 0
        async with self._database.transaction(organizer_id) as tx:
            line = await lock_line(tx, event_id, free, limit=CALLED_MAX)
            # Behind the lock: whom another worker has called meanwhile counts.
            called = await called_since(tx, event_id, now - HEAD_START) if line else []
            turns = whose_turn(line, draws, {pool_id: level.left for pool_id, level in levels.items()}, called)
            if turns:
                await set_called(tx, turns, now=now)
                tx.publish(PlacesFreed(event_id=event_id, entry_ids=tuple(turns)))
        return len(turns)

    async def call_of(self, organizer_id: UUID, entry_id: UUID) -> Call | None:
        """What somebody is told; None when they have left or bought meanwhile, or nothing is sold any more."""
        async with self._database.reading(organizer_id) as reader:
            entries = await read_waiting_entries(reader, [entry_id])
        event = await self._catalog.snapshot(entries[0].event_id) if entries else None
        if event is None or why_unsellable(event, entries[0].offer, self._clock()) is not None:
            return None
        [entry] = entries
        site = f"{self._public_url}{path_prefix_of(entry.locale)}"
        return Call(entry, event, f"{site}/e/{event.slug}", f"{site}/waiting-list/{self.token_of(organizer_id, entry_id)}")

    def token_of(self, organizer_id: UUID, entry_id: UUID) -> str:
        """What takes an entry off its list. It names the organizer, so that an entry is found without a directory."""
        ids = base64.urlsafe_b64encode(organizer_id.bytes + entry_id.bytes).decode().rstrip("=")
        return f"{ids}.{self._key_ring.stamp(organizer_id.bytes + entry_id.bytes, _CONTEXT)}"

    async def leave(self, token: str) -> None:
        """Forget who has this token, if they are on a list. Raises `NoSuchWaitingEntry` for what is no token."""
        organizer_id, entry_id = self.check_token(token)
        async with self._database.transaction(organizer_id) as tx:
            await delete_entry(tx, entry_id)

    def check_token(self, token: str) -> tuple[UUID, UUID]:
        """The organizer and the entry of a token. Raises `NoSuchWaitingEntry`."""
        ids_text, _, stamp = token.partition(".")
        try:
            ids = base64.b64decode(ids_text + "=" * (-len(ids_text) % 4), altchars=b"-_", validate=True)
            organizer_id, entry_id = UUID(bytes=ids[:16]), UUID(bytes=ids[16:])
        except (binascii.Error, ValueError) as fault:
            raise NoSuchWaitingEntry from fault
        if not self._key_ring.is_stamp(stamp, ids, _CONTEXT):
            raise NoSuchWaitingEntry
        return organizer_id, entry_id

    async def on_events(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Forget who has bought. In a rush for what nobody waits for that is one small look, and no order is read."""
        paid = [entry.event for entry in recorded if isinstance(entry.event, OrderPaid)]
        waited_for = await are_waited_for(tx, {one.event_id for one in paid})
        orders = await read_orders(tx, order_ids={one.order_id for one in paid if one.event_id in waited_for}) if waited_for else []
        if orders:
            await delete_bought(tx, {(order.event_id, address_key(order.buyer.mail)) for order in orders})

    async def forget(self) -> int:
        """Forget entries of performances that are long over; how many."""
        now = self._clock()
        async with self._database.reading(None) as reader:
            organizers = await organizers_with_outlived(reader, now=now, limit=EVENTS_MAX)
        forgotten = 0
        for organizer_id in organizers:
            async with self._database.transaction(organizer_id) as tx:
                forgotten += await delete_outlived(tx, now=now)
        return forgotten

    async def page(self, actor: Actor, event_id: UUID, *, cursor: str | None, size: int) -> Page[WaitingEntry]:
        """The event's waiting list in the order of joining. Raises `EventNotFound` or `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            await _check_event(reader, event_id)
            return await list_waiting(reader, event_id, cursor=cursor, size=size)

    async def counts(self, actor: Actor, event_id: UUID) -> list[WaitingCount]:
        """How many wait for each of the event's offers. Raises `EventNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            await _check_event(reader, event_id)
            return await count_waiting(reader, event_id)


async def _check_event(reader: Reader, event_id: UUID) -> None:
    if await read_snapshot(reader, event_id) is None:
        raise EventNotFound(str(event_id))
