"""The use cases of access."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from alltickets.access import queries
from alltickets.access.admission import Gate, Scan, digest_of, take
from alltickets.access.rules import Checkpoint, NoSuchCheckpoint, check_checkpoint, identify, rules_of, time_of_scan
from alltickets.access.schemas import CheckpointPut, CheckpointRead, ConflictRead, Counters, ScanAnswer, ScanRequest
from alltickets.catalog.interface import Catalog, EventNotFound
from alltickets.identity.interface import Actor, DeviceActor, Subject, record
from alltickets.kernel.errors import Refusal
from alltickets.kernel.time import Clock
from alltickets.platform.cache import Snapshots
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database, Transaction
from alltickets.platform.notify import Listener
from alltickets.platform.paging import Page
from alltickets.tickets.interface import EventKey, EventKeys

__all__ = ["Access"]

TOPIC = "checkpoints"
# Verifying a signature takes a tenth of a millisecond: so many are verified in one go before others get their turn.
VERIFIED_AT_ONCE = 25

Lane = tuple[UUID, UUID]
"""Organizer and event."""


class Access:
    """Scans, checkpoints and what they count. A scan lane is one event of one organizer."""

    def __init__(self, database: Database, clock: Clock, keys: EventKeys, catalog: Catalog) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._catalog = catalog
        self._gates: Snapshots[tuple[UUID, UUID], Gate] = Snapshots(self._load_gate)
        self._scans: Coalescer[Lane, Scan, ScanAnswer] = Coalescer("scans", self._take)

    def follow(self, listener: Listener) -> None:
        """Drop a checkpoint's copy as soon as its change is announced."""
        self._gates.follow(listener, TOPIC, _ids_of)

    async def drained(self) -> None:
        """Return once every scan that was accepted has its answer."""
        await self._scans.drained()

    async def scan(self, device: DeviceActor, request: ScanRequest) -> ScanAnswer:
        """Admit or refuse, once per scan id. Raises `NoSuchCheckpoint`, `ScanConflict` or `Overloaded`."""
        organizer_id = device.organizer_id
        ids = (organizer_id, request.checkpoint_id)
        gate = self._gates.peek(ids) or await self._gates.get(ids)
        if gate is None or device.event_id not in (None, gate.checkpoint.event_id):
            raise NoSuchCheckpoint(str(request.checkpoint_id))
        event_id = gate.checkpoint.event_id
        keys = await self._keys_of(organizer_id, event_id)
        token, objection = identify(request.code, gate.rules.event, keys)
        scan = Scan(
            request.scan_id,
            gate,
            device.device_id,
            digest_of(request.code),
            token,
            objection,
            time_of_scan(request.scanned_at, self._clock()),
            request.admitted_offline,
        )
        return await self._scans.submit((organizer_id, event_id), scan)

    async def scan_batch(self, device: DeviceActor, requests: Sequence[ScanRequest]) -> list[ScanAnswer | Refusal]:
        """Scans that waited in a device, in their order; one answer or refusal per scan. Trouble ends it all: the device sends again."""
        answers: list[ScanAnswer | Refusal] = []
        for start in range(0, len(requests), VERIFIED_AT_ONCE):
            answers += await asyncio.gather(*(self._scan_or_refusal(device, one) for one in requests[start : start + VERIFIED_AT_ONCE]))
        return answers

    async def put_checkpoint(self, actor: Actor, event_id: UUID, checkpoint_id: UUID, wanted: CheckpointPut) -> CheckpointRead:
        """Make a checkpoint of the event, or change it to this. Raises `EventNotFound`, `CheckpointInvalid` or `NoSuchCheckpoint`."""
        event = await self._catalog.of_organizer(actor.organizer_id, event_id)
        checkpoint = Checkpoint(
            checkpoint_id,
            event_id,
            wanted.name.strip(),
            wanted.performance_ids,
            wanted.ticket_type_ids,
            wanted.sector_ids,
            wanted.opens_at,
            wanted.closes_at,
        )
        check_checkpoint(checkpoint, event)
        async with self._database.transaction(actor.organizer_id) as tx:
            await _write_checkpoint(tx, checkpoint)
            await record(
                tx, actor, "checkpoint.put", Subject("checkpoint", checkpoint_id), {"event": str(event_id), "name": checkpoint.name}
            )
            tx.announce(TOPIC, f"{actor.organizer_id}/{checkpoint_id}")
            counters = await queries.read_counters(tx, checkpoint_id)
        self._gates.drop((actor.organizer_id, checkpoint_id))
        return CheckpointRead.of(checkpoint, counters)

    async def checkpoints(self, actor: Actor | DeviceActor, event_id: UUID) -> list[CheckpointRead]:
        """The event's checkpoints with their counters. Raises `EventNotFound`, also for an event that is not the device's."""
        if isinstance(actor, DeviceActor) and actor.event_id not in (None, event_id):
            raise EventNotFound(str(event_id))
        await self._catalog.of_organizer(actor.organizer_id, event_id)
        async with self._database.reading(actor.organizer_id) as reader:
            return await queries.list_checkpoints(reader, event_id)

    async def counters(self, device: DeviceActor, checkpoint_id: UUID) -> Counters:
        """A checkpoint's counters. Raises `NoSuchCheckpoint`."""
        gate = await self._gates.get((device.organizer_id, checkpoint_id))
        if gate is None or device.event_id not in (None, gate.checkpoint.event_id):
            raise NoSuchCheckpoint(str(checkpoint_id))
        async with self._database.reading(device.organizer_id) as reader:
            return await queries.read_counters(reader, checkpoint_id)

    async def conflicts(self, actor: Actor, event_id: UUID, *, cursor: str | None, size: int) -> Page[ConflictRead]:
        """A page of the event's conflicts, newest first. Raises `EventNotFound` or `CursorUnreadable`."""
        await self._catalog.of_organizer(actor.organizer_id, event_id)
        async with self._database.reading(actor.organizer_id) as reader:
            return await queries.list_conflicts(reader, event_id, cursor=cursor, size=size)

    async def _take(self, lane: Lane, scans: Sequence[Scan]) -> list[ScanAnswer | Exception]:
        organizer_id, event_id = lane
        async with self._database.transaction(organizer_id) as tx:
            return await take(tx, event_id, scans, now=self._clock())

    async def _scan_or_refusal(self, device: DeviceActor, request: ScanRequest) -> ScanAnswer | Refusal:
        try:
            return await self.scan(device, request)
        except Refusal as refusal:
            return refusal

    async def _keys_of(self, organizer_id: UUID, event_id: UUID) -> Mapping[int, EventKey]:
        keys = self._keys.peek(organizer_id, event_id)
        return await self._keys.of(organizer_id, event_id) if keys is None else keys

    async def _load_gate(self, ids: tuple[UUID, UUID]) -> tuple[Gate | None, None]:
        organizer_id, checkpoint_id = ids
        async with self._database.reading(organizer_id) as reader:
            checkpoint = await queries.read_checkpoint(reader, checkpoint_id)
        event = None if checkpoint is None else await self._catalog.snapshot(checkpoint.event_id)
        return (None if checkpoint is None or event is None else Gate(checkpoint, rules_of(checkpoint, event))), None


async def _write_checkpoint(tx: Transaction, checkpoint: Checkpoint) -> None:
    written = await tx.execute(
        """
        INSERT INTO access.checkpoints AS c
               (organizer_id, checkpoint_id, event_id, name, performance_ids, ticket_type_ids, sector_ids, opens_at, closes_at)
        VALUES (%(organizer_id)s, %(checkpoint_id)s, %(event_id)s, %(name)s, %(performance_ids)s::uuid[], %(ticket_type_ids)s::uuid[],
                %(sector_ids)s::uuid[], %(opens_at)s, %(closes_at)s)
        ON CONFLICT (organizer_id, checkpoint_id) DO UPDATE
           SET name = excluded.name,
               performance_ids = excluded.performance_ids,
               ticket_type_ids = excluded.ticket_type_ids,
               sector_ids = excluded.sector_ids,
               opens_at = excluded.opens_at,
               closes_at = excluded.closes_at
         WHERE c.event_id = excluded.event_id
        """,
        checkpoint_id=checkpoint.checkpoint_id,
        event_id=checkpoint.event_id,
        name=checkpoint.name,
        performance_ids=list(checkpoint.performance_ids),
        ticket_type_ids=list(checkpoint.ticket_type_ids),
        sector_ids=list(checkpoint.sector_ids),
        opens_at=checkpoint.opens_at,
        closes_at=checkpoint.closes_at,
    )
    if written == 0:
        raise NoSuchCheckpoint(str(checkpoint.checkpoint_id))


def _ids_of(topic_key: str) -> tuple[UUID, UUID]:
    organizer_id, _, checkpoint_id = topic_key.partition("/")
    return UUID(organizer_id), UUID(checkpoint_id)
