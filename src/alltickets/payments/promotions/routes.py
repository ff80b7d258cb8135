"""HTTP of promotions: parse, call the service, answer."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.promotions.rules import PromotionTerms
from alltickets.payments.promotions.schemas import PromotionChange, PromotionRead, promotion_read
from alltickets.payments.service.promotions import Promotions
from alltickets.platform.paging import PAGE_SIZE_MAX, Page

__all__ = ["promotions_router"]

PageSize = Annotated[int, Parameter(ge=1, le=PAGE_SIZE_MAX)]
Cursor = Annotated[str | None, Parameter(max_length=500)]


def promotions_router(promotions: Promotions) -> Router:
    """The organizer's routes of promotions."""

    def provide() -> Promotions:
        return promotions

    return Router(
        path="/api/organizer/payments/promotions",
        route_handlers=[list_promotions, create_promotion, change_promotion, end_promotion],
        dependencies={"promotions": Provide(provide, sync_to_thread=False)},
        tags=["promotions"],
    )


@get("/", operation_id="listPromotions", guards=[allow(Permission.PAYMENTS_READ)])
async def list_promotions(actor: Actor, promotions: Promotions, cursor: Cursor = None, size: PageSize = 50) -> Page[PromotionRead]:
    """Promotions of banks, newest first; ended ones too."""
    page = await promotions.page(actor.organizer_id, cursor=cursor, size=size)
    return Page([promotion_read(one) for one in page.items], page.next)


@post("/", operation_id="createPromotion", guards=[allow(Permission.PAYMENTS_WRITE)])
async def create_promotion(data: PromotionTerms, actor: Actor, promotions: Promotions) -> PromotionRead:
    """Write a promotion. It holds for cards that are charged from now on."""
    return promotion_read(await promotions.create(actor, data))


@put("/{promotion_id:uuid}", operation_id="changePromotion", guards=[allow(Permission.PAYMENTS_WRITE)])
async def change_promotion(promotion_id: UUID, data: PromotionChange, actor: Actor, promotions: Promotions) -> PromotionRead:
    """Give a promotion other terms. What was charged under it stays as it was."""
    return promotion_read(await promotions.change(actor, promotion_id, data.revision, data.terms))


@post("/{promotion_id:uuid}/end", operation_id="endPromotion", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def end_promotion(promotion_id: UUID, actor: Actor, promotions: Promotions) -> PromotionRead:
    """End a promotion: nothing that is charged from now on is under it."""
    return promotion_read(await promotions.end(actor, promotion_id))
