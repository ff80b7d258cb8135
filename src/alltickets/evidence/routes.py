"""HTTP of evidence, under the organizer's disputes. It holds the data of buyers: whoever sees it may see orders and send money."""

from typing import Any
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import Provide

from alltickets.evidence.schemas import EvidenceAnswerRead, EvidenceAnswerWrite, EvidenceRead
from alltickets.evidence.service import Evidence
from alltickets.identity.interface import Actor, Permission, allow

__all__ = ["organizer_router"]

_PATH = "/api/organizer/payments/disputes"


def organizer_router(evidence: Evidence) -> Router:
    """The organizer's routes, under /api/organizer/payments/disputes."""

    def provide() -> Evidence:
        return evidence

    return Router(
        path=_PATH,
        route_handlers=[read_evidence, read_document, hand_in],
        dependencies={"evidence": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@get("/{dispute_id:uuid}/evidence", operation_id="readDisputeEvidence", guards=[allow(Permission.PAYMENTS_WRITE)])
async def read_evidence(dispute_id: UUID, actor: Actor, evidence: Evidence) -> EvidenceRead:
    """What can be shown to the buyer's bank: the order, its buyer, what was sent, and who came in."""
    return await evidence.read(actor.organizer_id, dispute_id)


@get(
    "/{dispute_id:uuid}/evidence.pdf",
    operation_id="readDisputeDocument",
    media_type="application/pdf",
    guards=[allow(Permission.PAYMENTS_WRITE)],
)
async def read_document(dispute_id: UUID, actor: Actor, evidence: Evidence) -> Response[bytes]:
    """The same to print, or to hand in on the gateway's own pages."""
    document = await evidence.document(actor.organizer_id, dispute_id)
    headers: dict[str, Any] = {"content-disposition": f'attachment; filename="evidencia-{dispute_id}.pdf"', "cache-control": "no-store"}
    return Response(document, media_type="application/pdf", headers=headers)


@post("/{dispute_id:uuid}/evidence", operation_id="handInDisputeEvidence", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def hand_in(dispute_id: UUID, data: EvidenceAnswerWrite, actor: Actor, evidence: Evidence) -> EvidenceAnswerRead:
    """Hand the evidence in to the gateway, once and for all; where it takes none, what to print instead. Not after its deadline."""
    shown, is_handed_in = await evidence.hand_in(actor, dispute_id, data.statement)
    return EvidenceAnswerRead(is_handed_in=is_handed_in, document_url=f"{_PATH}/{dispute_id}/evidence.pdf", evidence=shown)
