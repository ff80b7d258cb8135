"""HTTP: what doors ask, and what those who run the event set up and see of them."""

from uuid import UUID

from litestar import Router, get, post, put

from alltickets.access.rules import NoSuchCheckpoint, ScanConflict
from alltickets.access.schemas import (
    BatchAnswer,
    BatchItem,
    CheckpointPut,
    CheckpointRead,
    ConflictRead,
    Counters,
    ScanAnswer,
    ScanBatch,
    ScanRefused,
    ScanRequest,
)
from alltickets.access.service import Access
from alltickets.identity.interface import Actor, DeviceActor, Permission, allow, allow_device
from alltickets.kernel.errors import Refusal
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["gate_router", "organizer_router"]

# What a scan of a batch can be refused for, under the slug that it has in the table of problems.
_SLUGS: dict[type[Refusal], str] = {NoSuchCheckpoint: "checkpoint-not-found", ScanConflict: "scan-conflict"}


def gate_router(access: Access) -> Router:
    """Routes for scanners."""

    @post("/scans", operation_id="scan", status_code=200, guards=[allow_device()])
    async def scan(actor: DeviceActor, data: ScanRequest) -> ScanAnswer:
        """Admit or refuse. The same scan id again gets the same answer again; a refusal to let in is an answer, not a problem."""
        return await access.scan(actor, data)

    @post("/scans/batch", operation_id="scanBatch", status_code=200, guards=[allow_device()])
    async def scan_batch(actor: DeviceActor, data: ScanBatch) -> BatchAnswer:
        """Scans that waited in a device. Sent again as a whole after any trouble, each still counts once."""
        answers = await access.scan_batch(actor, data.scans)
        return BatchAnswer([_item_of(request, answer) for request, answer in zip(data.scans, answers, strict=True)])

    @get("/events/{event_id:uuid}/checkpoints", operation_id="listGateCheckpoints", guards=[allow_device()])
    async def list_checkpoints(actor: DeviceActor, event_id: UUID) -> list[CheckpointRead]:
        """The event's checkpoints, for a device to choose where it stands."""
        return await access.checkpoints(actor, event_id)

    @get("/checkpoints/{checkpoint_id:uuid}/counters", operation_id="readCounters", guards=[allow_device()])
    async def read_counters(actor: DeviceActor, checkpoint_id: UUID) -> Counters:
        """How many were admitted and refused here so far, by all devices."""
        return await access.counters(actor, checkpoint_id)

    return Router("/api/gate", route_handlers=[scan, scan_batch, list_checkpoints, read_counters], tags=["gate"])


def organizer_router(access: Access) -> Router:
    """Routes for those who run the event."""

    @get("/checkpoints", operation_id="listCheckpoints", guards=[allow(Permission.ACCESS_READ)])
    async def list_checkpoints(actor: Actor, event_id: UUID) -> list[CheckpointRead]:
        """The event's checkpoints with their counters."""
        return await access.checkpoints(actor, event_id)

    @put("/checkpoints/{checkpoint_id:uuid}", operation_id="putCheckpoint", guards=[allow(Permission.ACCESS_WRITE)])
    async def put_checkpoint(actor: Actor, event_id: UUID, checkpoint_id: UUID, data: CheckpointPut) -> CheckpointRead:
        """Make a checkpoint under an id of your own, or change it to this."""
        return await access.put_checkpoint(actor, event_id, checkpoint_id, data)

    @get("/conflicts", operation_id="listConflicts", guards=[allow(Permission.ACCESS_READ)])
    async def list_conflicts(
        actor: Actor,
        event_id: UUID,
        cursor: CursorParameter = None,
        size: SizeParameter = 50,
    ) -> Page[ConflictRead]:
        """Who was let in by a door that was cut off and should not have been, newest first."""
        return await access.conflicts(actor, event_id, cursor=cursor, size=size)

    handlers = [list_checkpoints, put_checkpoint, list_conflicts]
    return Router("/api/organizer/events/{event_id:uuid}", route_handlers=handlers, tags=["access"])


def _item_of(request: ScanRequest, answer: ScanAnswer | Refusal) -> BatchItem:
    if isinstance(answer, ScanAnswer):
        return BatchItem(request.scan_id, answer, None)
    return BatchItem(request.scan_id, None, ScanRefused(f"/problems/{_SLUGS[type(answer)]}", str(answer)))
