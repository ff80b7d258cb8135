"""HTTP of withdrawals, for organizers. Buyers ask on pages: `storefront/withdrawal.py`."""

from uuid import UUID

from litestar import Router, get, post
from litestar.di import Provide

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.orders.routes import Cursor, PageSize
from alltickets.orders.schemas import DeclineWrite, WithdrawalRead
from alltickets.orders.service import Orders
from alltickets.orders.withdrawals import Withdrawal, WithdrawalStatus
from alltickets.platform.paging import Page

__all__ = ["organizer_router"]


def organizer_router(orders: Orders) -> Router:
    """Under /api/organizer/withdrawals."""

    def provide_orders() -> Orders:
        return orders

    return Router(
        path="/api/organizer/withdrawals",
        route_handlers=[list_withdrawals, accept_withdrawal, decline_withdrawal],
        dependencies={"orders": Provide(provide_orders, sync_to_thread=False)},
        tags=["orders"],
    )


@get("/", operation_id="listWithdrawals", guards=[allow(Permission.ORDERS_READ)])
async def list_withdrawals(
    actor: Actor, orders: Orders, status: WithdrawalStatus | None = None, cursor: Cursor = None, size: PageSize = 50
) -> Page[WithdrawalRead]:
    """Buyers who withdrew from their purchase, the newest first. The law gives 24 hours to answer those with `asked`."""
    page = await orders.withdrawing.page(actor, status=status, cursor=cursor, size=size)
    return Page([_read(one) for one in page.items], page.next)


@post("/{withdrawal_id:uuid}/accept", operation_id="acceptWithdrawal", status_code=200, guards=[allow(Permission.ORDERS_REFUND)])
async def accept_withdrawal(withdrawal_id: UUID, actor: Actor, orders: Orders) -> WithdrawalRead:
    """Call the order off for its buyer: its tickets are revoked, its places are free again, and all of its money goes back."""
    return _read(await orders.withdrawing.accept(actor, withdrawal_id))


@post("/{withdrawal_id:uuid}/decline", operation_id="declineWithdrawal", status_code=200, guards=[allow(Permission.ORDERS_REFUND)])
async def decline_withdrawal(withdrawal_id: UUID, data: DeclineWrite, actor: Actor, orders: Orders) -> WithdrawalRead:
    """Leave the order as it is, and tell its buyer why."""
    return _read(await orders.withdrawing.decline(actor, withdrawal_id, data.reason))


def _read(one: Withdrawal) -> WithdrawalRead:
    return WithdrawalRead(one.withdrawal_id, one.order_id, one.code, one.is_in_time, one.status, one.reason, one.asked_at, one.settled_at)
