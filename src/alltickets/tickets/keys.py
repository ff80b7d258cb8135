"""The events' key pairs: made when first needed, sealed at rest, kept in the process once opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from alltickets.kernel.time import Clock
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.notify import Listener
from alltickets.platform.secrets import KeyRing
from alltickets.tickets.events import EventKeyReplaced
from alltickets.tickets.rules import ReplacedTooOften
from alltickets.tickets.token import KEY_NUMBER_MAX

__all__ = ["EventKey", "EventKeys", "Signer"]

TOPIC = "event_keys"
SIGNERS_KEPT_MAX = 10_000
RESEALED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class EventKey:
    """The public half of an event's key. Codes of a retired one admit nobody."""

    number: int
    public_key: bytes
    """Raw, 32 bytes (RFC 8032)."""
    verifier: Ed25519PublicKey
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signer:
    """An event's live key, whole."""

    number: int
    key: Ed25519PrivateKey


class EventKeys:
    """The key pairs of every organizer's events. Public halves are at most a second old; a private half never changes."""

    def __init__(self, database: Database, clock: Clock, key_ring: KeyRing) -> None:
        self._database = database
        self._clock = clock
        self._ring = key_ring
        self._public: Snapshots[tuple[UUID, UUID], Mapping[int, EventKey]] = Snapshots(self._load)
        self._signers: dict[tuple[UUID, UUID, int], Signer] = {}

    def follow(self, listener: Listener) -> None:
        """Drop a copy as soon as its change is announced."""
        self._public.follow(listener, TOPIC, _ids_of)

    def peek(self, organizer_id: UUID, event_id: UUID) -> Mapping[int, EventKey] | None:
        """The event's public keys by number if they are here and fresh, without waiting; None otherwise: then ask for `of`."""
        return self._public.peek((organizer_id, event_id))

    async def of(self, organizer_id: UUID, event_id: UUID) -> Mapping[int, EventKey]:
        """The event's public keys by number, retired ones among them; empty when no key was needed yet."""
        return await self._public.get((organizer_id, event_id)) or {}

    async def ensure(self, organizer_id: UUID, event_id: UUID) -> EventKey:
        """The event's live key, made now if there is none. A transaction of its own, and only the first time."""
        live = _live_of(await self.of(organizer_id, event_id))
        if live is None:
            async with self._database.transaction(organizer_id) as tx:
                await self._create(tx, event_id)
                tx.announce(TOPIC, _topic_key(organizer_id, event_id))
            self._public.drop((organizer_id, event_id))
            live = _live_of(await self.of(organizer_id, event_id))
        assert live is not None, "the event has a live key once one was made, for an enrolled organizer"
        return live

    async def signer(self, organizer_id: UUID, event_id: UUID) -> Signer:
        """The event's live key to sign with; opened once per process."""
        number = (await self.ensure(organizer_id, event_id)).number
        key = (organizer_id, event_id, number)
        signer = self._signers.get(key)
        if signer is None:
            if len(self._signers) >= SIGNERS_KEPT_MAX:
                self._signers.clear()
            signer = self._signers[key] = await self._open(*key)
        return signer

    async def replace(self, tx: Transaction, event_id: UUID, number: int) -> EventKey:
        """Retire the event's key of that number and make the next one, once: asked again it answers with the live key.

        For a key that may have become known to others: every code that it signed stops admitting. Joins `tx`; call `forget` after it.
        Raises `ReplacedTooOften`.
        """
        retired = await tx.execute(
            """
            UPDATE tickets.event_keys
               SET retired_at = %(now)s
             WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND number = %(number)s AND retired_at IS NULL
            """,
            event_id=event_id,
            number=number,
            now=self._clock(),
        )
        live = await self._create(tx, event_id)
        if retired:
            tx.publish(EventKeyReplaced(event_id=event_id, retired_number=number, number=live.number))
            tx.announce(TOPIC, _topic_key(tx.organizer_id, event_id))
        return live

    def forget(self, organizer_id: UUID, event_id: UUID) -> None:
        """Drop this process's copy: what it has just changed, it also sees changed."""
        self._public.drop((organizer_id, event_id))

    async def reseal(self) -> int:
        """Move private keys to the ring's active key, organizer by organizer; how many. 0: an older key can leave the ring."""
        async with self._database.reading(None) as reader:
            found = await reader.fetch_tuples(
                """
                /* across organizers: finds whose keys are sealed under an older key; each is resealed in its organizer's transaction */
                SELECT DISTINCT organizer_id
                  FROM tickets.event_keys
                 WHERE NOT starts_with(private_key_sealed, %(current)s)
                 LIMIT 1000
                """,
                current=f"v{self._ring.active_version}:",
            )
        resealed = 0
        for (organizer_id,) in found:
            async with self._database.transaction(organizer_id) as tx:
                resealed += await self.reseal_of(tx)
        return resealed

    async def reseal_of(self, tx: Transaction) -> int:
        """Move one organizer's private keys to the ring's active key, a bounded number of them; how many."""
        rows = await tx.fetch_tuples(
            """
            SELECT event_id, number, private_key_sealed
              FROM tickets.event_keys
             WHERE organizer_id = %(organizer_id)s AND NOT starts_with(private_key_sealed, %(current)s)
             ORDER BY event_id, number
             LIMIT %(limit)s
               FOR UPDATE
            """,
            current=f"v{self._ring.active_version}:",
            limit=RESEALED_AT_ONCE,
        )
        await tx.execute(
            """
            UPDATE tickets.event_keys k
               SET private_key_sealed = x.sealed
              FROM unnest(%(events)s::uuid[], %(numbers)s::smallint[], %(sealed)s::text[]) AS x(event_id, number, sealed)
             WHERE k.organizer_id = %(organizer_id)s AND k.event_id = x.event_id AND k.number = x.number
            """,
            events=[event_id for event_id, _, _ in rows],
            numbers=[number for _, number, _ in rows],
            sealed=[self._ring.rotate(sealed, _context(tx.organizer_id, event_id, number)) for event_id, number, sealed in rows],
        )
        return len(rows)

    async def _create(self, tx: Transaction, event_id: UUID) -> EventKey:
        """Make the event's next key unless it has a live one; the live one. The unique index decides between two who do this at once."""
        rows = await _rows_of(tx, event_id)
        live = _live_of(rows)
        if live is not None:
            return live
        number = max(rows, default=0) + 1
        if number > KEY_NUMBER_MAX:
            raise ReplacedTooOften(KEY_NUMBER_MAX)
        private = Ed25519PrivateKey.generate()
        await tx.execute(
            """
            INSERT INTO tickets.event_keys (organizer_id, event_id, number, public_key, private_key_sealed, created_at)
            VALUES (%(organizer_id)s, %(event_id)s, %(number)s, %(public_key)s, %(sealed)s, %(now)s)
            ON CONFLICT DO NOTHING
            """,
            event_id=event_id,
            number=number,
            public_key=private.public_key().public_bytes_raw(),
            sealed=self._ring.seal(private.private_bytes_raw(), _context(tx.organizer_id, event_id, number)),
            now=self._clock(),
        )
        live = _live_of(await _rows_of(tx, event_id))
        assert live is not None, "either this key was written, or another process's was"
        return live

    async def _load(self, ids: tuple[UUID, UUID]) -> tuple[Mapping[int, EventKey], None]:
        organizer_id, event_id = ids
        async with self._database.reading(organizer_id) as reader:
            return await _rows_of(reader, event_id), None

    async def _open(self, organizer_id: UUID, event_id: UUID, number: int) -> Signer:
        async with self._database.reading(organizer_id) as reader:
            [(sealed,)] = await reader.fetch_tuples(
                """
                SELECT private_key_sealed
                  FROM tickets.event_keys
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND number = %(number)s
                """,
                event_id=event_id,
                number=number,
            )
        raw = self._ring.open(sealed, _context(organizer_id, event_id, number))
        return Signer(number, Ed25519PrivateKey.from_private_bytes(raw))


async def _rows_of(reader: Reader, event_id: UUID) -> dict[int, EventKey]:
    rows = await reader.fetch_tuples(
        """
        SELECT number, public_key, retired_at
          FROM tickets.event_keys
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
         ORDER BY number
        """,
        event_id=event_id,
    )
    return {number: EventKey(number, raw, Ed25519PublicKey.from_public_bytes(raw), retired_at) for number, raw, retired_at in rows}


def _live_of(keys: Mapping[int, EventKey]) -> EventKey | None:
    return next((key for key in keys.values() if key.retired_at is None), None)


def _context(organizer_id: UUID, event_id: UUID, number: int) -> str:
    return f"tickets.event_keys/{organizer_id}/{event_id}/{number}"


def _topic_key(organizer_id: UUID, event_id: UUID) -> str:
    return f"{organizer_id}/{event_id}"


def _ids_of(topic_key: str) -> tuple[UUID, UUID]:
    organizer_id, _, event_id = topic_key.partition("/")
    return UUID(organizer_id), UUID(event_id)
