"""HTTP of disputes, under the organizer's payments. Their evidence, which is made of orders, is served by orders."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post, put
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.disputes.schemas import (
    DisputeOutcomeWrite,
    DisputeRead,
    DisputeRecordWrite,
    DisputeStatementWrite,
    DisputeSummaryRead,
)
from alltickets.payments.port import DisputeState
from alltickets.payments.service.disputes import Disputes, RecordDispute
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["router"]

InState = Annotated[DisputeState | None, QueryParameter(description="only those in this state")]


def router(disputes: Disputes) -> Router:
    """The organizer's routes, under /api/organizer/payments."""

    def provide() -> Disputes:
        return disputes

    return Router(
        path="/api/organizer/payments",
        route_handlers=[list_all, read_one, put_statement, record_one, conclude_one],
        dependencies={"disputes": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@get("/disputes", operation_id="listDisputes", guards=[allow(Permission.PAYMENTS_READ)])
async def list_all(
    actor: Actor, disputes: Disputes, in_state: InState = None, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[DisputeSummaryRead]:
    """Buyers' banks that ask for money back, the soonest deadline first."""
    page = await disputes.page(actor.organizer_id, in_state=in_state, cursor=cursor, size=size)
    return Page(msgspec.convert(page.items, list[DisputeSummaryRead], from_attributes=True), page.next)


@get("/disputes/{dispute_id:uuid}", operation_id="readDispute", guards=[allow(Permission.PAYMENTS_READ)])
async def read_one(dispute_id: UUID, actor: Actor, disputes: Disputes) -> DisputeRead:
    """A dispute with its history and what was answered."""
    return msgspec.convert(await disputes.read(actor.organizer_id, dispute_id), DisputeRead, from_attributes=True)


@put("/disputes/{dispute_id:uuid}/statement", operation_id="putDisputeStatement", guards=[allow(Permission.PAYMENTS_WRITE)])
async def put_statement(dispute_id: UUID, data: DisputeStatementWrite, actor: Actor, disputes: Disputes) -> DisputeRead:
    """Keep what you say to a dispute. Nothing is sent yet."""
    return msgspec.convert(await disputes.say(actor, dispute_id, data.statement), DisputeRead, from_attributes=True)


@post("/{reference:uuid}/disputes", operation_id="recordDispute", guards=[allow(Permission.PAYMENTS_WRITE)])
async def record_one(reference: UUID, data: DisputeRecordWrite, actor: Actor, disputes: Disputes) -> DisputeRead:
    """Record a dispute that the gateway told by letter, of the payment of a reference (an order's id)."""
    wanted = RecordDispute(
        number=data.number,
        amount_minor=data.amount_minor,
        reason=data.reason,
        raw_reason=data.raw_reason,
        due_at=data.due_at,
        opened_at=data.opened_at,
    )
    return msgspec.convert(await disputes.record(actor, reference, wanted), DisputeRead, from_attributes=True)


@post(
    "/disputes/{dispute_id:uuid}/outcome",
    operation_id="concludeDispute",
    status_code=200,
    guards=[allow(Permission.PAYMENTS_WRITE)],
)
async def conclude_one(dispute_id: UUID, data: DisputeOutcomeWrite, actor: Actor, disputes: Disputes) -> DisputeRead:
    """Say what became of a dispute that you recorded. What is lost stays lost."""
    return msgspec.convert(await disputes.conclude(actor, dispute_id, data.outcome), DisputeRead, from_attributes=True)
