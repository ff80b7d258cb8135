"""HTTP of flags, and of money that did not fit, under the organizer's payments."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.flags.schemas import FlagRead, FlagSettlement, flag_read
from alltickets.payments.schemas import PaymentRead
from alltickets.payments.service import Payments
from alltickets.platform.http.paging import CursorParameter, SizeParameter
from alltickets.platform.paging import Page

__all__ = ["router"]

IsSettled = Annotated[bool | None, QueryParameter(description="only those that are settled, or only those that wait for somebody")]


def router(payments: Payments) -> Router:
    """The organizer's routes, under /api/organizer/payments."""

    def provide() -> Payments:
        return payments

    return Router(
        path="/api/organizer/payments",
        route_handlers=[list_all, settle_one, give_back],
        dependencies={"payments": Provide(provide, sync_to_thread=False)},
        tags=["payments"],
    )


@get("/flags", operation_id="listPaymentFlags", guards=[allow(Permission.PAYMENTS_READ)])
async def list_all(
    actor: Actor, payments: Payments, is_settled: IsSettled = None, cursor: CursorParameter = None, size: SizeParameter = 50
) -> Page[FlagRead]:
    """What somebody has to look at, newest first, and what to do next."""
    page = await payments.flags.page(actor.organizer_id, is_settled=is_settled, cursor=cursor, size=size)
    return Page([flag_read(one) for one in page.items], page.next)


@post("/flags/{flag_id:uuid}/settle", operation_id="settlePaymentFlag", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def settle_one(flag_id: UUID, data: FlagSettlement, actor: Actor, payments: Payments) -> FlagRead:
    """Say what was done about a flag. What is settled stays as it was settled."""
    return flag_read(await payments.flags.settle(actor, flag_id, note=data.note))


@post("/{reference:uuid}/give-back", operation_id="giveBackPayment", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def give_back(reference: UUID, actor: Actor, payments: Payments) -> PaymentRead:
    """Give back whole what came for an order and does not pay it: another amount, another currency. What pays it is not touched.

    Once it is back the order may be paid again, as long as its places are held. Said again it is the same.
    """
    return msgspec.convert(await payments.giving_back.order(actor, reference), PaymentRead, from_attributes=True)
