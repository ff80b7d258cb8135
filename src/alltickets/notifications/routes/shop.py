"""The buyer's routes."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post, put
from litestar.params import Parameter

from alltickets.identity.interface import allow_anyone
from alltickets.notifications.schemas import MailAddressRead, MailAddressWrite, RecoveryAsk
from alltickets.notifications.service import Notifications
from alltickets.orders.interface import Opening, refuse_guessing
from alltickets.platform.http.address import AddressReader

__all__ = ["shop_router"]

Secret = Annotated[str, Parameter(header="Authorization", max_length=200)]


def shop_router(notifications: Notifications, addresses: AddressReader, opening: Opening) -> Router:
    """Under /api/shop/orders, beside the orders themselves."""

    @post("/recover", operation_id="recoverOrders", status_code=204, guards=[allow_anyone("whoever lost a link has nothing to show")])
    async def recover_orders(data: RecoveryAsk, request: Request[Any, Any, Any]) -> None:
        """Send the links of all orders of a mail address to that address. The answer is the same whether or not there are any."""
        await notifications.queueing.ask_recovery(data.mail, address=addresses.of(request.scope))

    @post(
        "/{order_id:uuid}/mails",
        operation_id="resendOrderMail",
        status_code=204,
        guards=[allow_anyone("the order's secret entitles")],
    )
    async def resend_order_mail(order_id: UUID, secret: Secret, request: Request[Any, Any, Any]) -> None:
        """Send the buyer once more the mail that tells how the order stands: its tickets, or that the payment is pending."""
        await notifications.queueing.resend_to_buyer(order_id, secret.removeprefix("Bearer "), address=addresses.of(request.scope))

    @get(
        "/{order_id:uuid}/mail-address",
        operation_id="readMailAddress",
        guards=[allow_anyone("the order's secret entitles")],
    )
    async def read_mail_address(order_id: UUID, secret: Secret) -> Response[MailAddressRead]:
        """Where the buyer is written to, and whether the last mail came back."""
        found = await notifications.addresses.read(order_id, secret.removeprefix("Bearer "))
        return Response(MailAddressRead(found.mail, found.has_bounced), headers={"Cache-Control": "no-store"})

    @put(
        "/{order_id:uuid}/mail-address",
        operation_id="putMailAddress",
        status_code=204,
        guards=[allow_anyone("the order's secret entitles")],
    )
    async def put_mail_address(order_id: UUID, data: MailAddressWrite, secret: Secret, request: Request[Any, Any, Any]) -> None:
        """Write to another address from now on, beginning with what tells how the order stands. The former is told unless it bounced."""
        await notifications.addresses.correct(order_id, secret.removeprefix("Bearer "), data.mail, address=addresses.of(request.scope))

    return Router(
        "/api/shop/orders",
        route_handlers=[recover_orders, resend_order_mail, read_mail_address, put_mail_address],
        guards=[refuse_guessing(opening, addresses)],
        tags=["shop"],
    )
