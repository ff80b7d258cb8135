"""HTTP of stored callbacks, and of asking a gateway instead, under the organizer's payments."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.callbacks.schemas import StoredCallbackRead
from alltickets.payments.callbacks.store import InState
from alltickets.payments.schemas import PaymentRead
from alltickets.payments.service import Payments
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["router"]

StateFilter = Annotated[InState | None, QueryParameter(description="only those in this state")]


def router(payments: Payments) -> Router:
    """The organizer's routes, under /api/organizer/payments."""

    def provide() -> Payments:
        return payments

    return Router(
        path="/api/organizer/payments",
        route_handlers=[list_all, replay_one, query_payment],
        dependencies={"payments": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@get("/callbacks", operation_id="listCallbacks", guards=[allow(Permission.PAYMENTS_READ)])
async def list_all(
    actor: Actor, payments: Payments, in_state: StateFilter = None, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[StoredCallbackRead]:
    """What gateways told us, newest first, and what became of it."""
    page = await payments.inbox.page(actor.organizer_id, in_state=in_state, cursor=cursor, size=size)
    return Page(msgspec.convert(page.items, list[StoredCallbackRead], from_attributes=True), page.next)


@post("/callbacks/{callback_id:uuid}/replay", operation_id="replayCallback", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def replay_one(callback_id: UUID, actor: Actor, payments: Payments) -> StoredCallbackRead:
    """Apply a stored callback again, whatever was made of it before; twice is once. Answers how it stands then."""
    return msgspec.convert(await payments.inbox.replay(actor, callback_id), StoredCallbackRead, from_attributes=True)


@post("/{reference:uuid}/query", operation_id="queryPayment", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def query_payment(reference: UUID, actor: Actor, payments: Payments) -> PaymentRead:
    """Ask the gateways now about every attempt of a payment, and answer how it stands then."""
    return msgspec.convert(await payments.query(actor, reference), PaymentRead, from_attributes=True)
