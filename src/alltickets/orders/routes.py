"""HTTP of orders. The shop's busiest routes have twins on the hot lane (`lane.py`)."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from alltickets.identity.interface import Actor, Permission, allow, allow_anyone
from alltickets.orders.opening import refuse_guessing
from alltickets.orders.refusals import OrderNotFound
from alltickets.orders.rules import OrderStatus
from alltickets.orders.schemas import (
    AvailabilityRead,
    CancelWrite,
    CardAccountRead,
    CardBeginning,
    CardBeginningWrite,
    CardWrite,
    HoldRead,
    HoldWrite,
    Locale,
    NextAction,
    OrderRead,
    OrderRefundRead,
    OrderSummary,
    OrderTicket,
    OrderWrite,
    PlacedOrderRead,
    RefundWrite,
    SeatRead,
    SeatRowRead,
    SeatsRead,
    TicketHolderRead,
    TicketHolderWrite,
    TicketReissueWrite,
)
from alltickets.orders.service import GiveBack, Orders, Paper
from alltickets.orders.wire import (
    availability_read,
    card_account_read,
    correct_holder,
    hold_places,
    next_action,
    order_read,
    order_refund_read,
    order_summary,
    order_ticket,
    place_order,
    ticket_holder_read,
)
from alltickets.payments.interface import Told
from alltickets.platform.http.address import AddressReader
from alltickets.platform.paging import PAGE_SIZE_MAX, Page
from alltickets.tickets.interface import NoSuchTicket, svg_of

__all__ = ["Cursor", "PageSize", "organizer_router", "shop_router"]

PageSize = Annotated[int, Parameter(ge=1, le=PAGE_SIZE_MAX)]
Cursor = Annotated[str | None, Parameter(max_length=500)]
Secret = Annotated[str, Parameter(header="Authorization", max_length=200)]
TicketFile = Annotated[str, Parameter(max_length=100, description="the ticket's id and `.pdf`")]
BEARER = "Bearer "


def shop_router(orders: Orders, addresses: AddressReader) -> Router:
    """The buyer's routes, under /api/shop."""
    return Router(
        path="/api/shop",
        route_handlers=[
            read_availability,
            read_seats,
            put_hold,
            release_hold,
            put_order,
            read_order,
            pay_order,
            route_card,
            pay_order_by_card,
            read_ticket_code,
            read_tickets_pdf,
            read_ticket_pdf,
            read_order_calendar,
            read_ticket_holder,
            put_ticket_holder,
            reissue_ticket,
        ],
        dependencies=_dependencies(orders, addresses),
        guards=[refuse_guessing(orders.opening, addresses)],
        tags=["shop"],
    )


def organizer_router(orders: Orders, addresses: AddressReader) -> Router:
    """The organizer's routes, under /api/organizer."""
    return Router(
        path="/api/organizer/orders",
        route_handlers=[list_orders, read_order_of_organizer, cancel_order, list_order_refunds, refund_order],
        dependencies=_dependencies(orders, addresses),
        tags=["orders"],
    )


@get("/events/{event_id:uuid}/availability", operation_id="readAvailability", guards=[allow_anyone("what is left is public")])
async def read_availability(event_id: UUID, orders: Orders) -> Response[AvailabilityRead]:
    """What is left of an event; the same for everybody, and cacheable for a second."""
    availability = await orders.shop.availability(event_id)
    return Response(availability_read(availability), headers={"Cache-Control": "public, max-age=1"})


@get(
    "/events/{event_id:uuid}/performances/{performance_id:uuid}/sectors/{sector_id:uuid}/seats",
    operation_id="readSeats",
    guards=[allow_anyone("which seats are free is public")],
)
async def read_seats(event_id: UUID, performance_id: UUID, sector_id: UUID, orders: Orders) -> Response[SeatsRead]:
    """The seats of a numbered sector, row by row; the same for everybody, and cacheable for a second."""
    rows = await orders.shop.seats(event_id, performance_id, sector_id)
    read = SeatsRead(tuple(SeatRowRead(row.label, tuple(SeatRead(seat.label, seat.is_free) for seat in row.seats)) for row in rows))
    return Response(read, headers={"Cache-Control": "public, max-age=1"})


@put("/holds/{hold_id:uuid}", operation_id="putHold", guards=[allow_anyone("a shopper has no account")])
async def put_hold(hold_id: UUID, data: HoldWrite, orders: Orders, client_address: str) -> HoldRead:
    """Keep places for a shopper, all or none, at the price of now. The same id again gives the same hold."""
    return await hold_places(orders, hold_id, data, client_address)


@delete("/holds/{hold_id:uuid}", operation_id="releaseHold", guards=[allow_anyone("who knows the hold's id may give it back")])
async def release_hold(hold_id: UUID, event_id: UUID, orders: Orders) -> None:
    """Give the places of a hold back."""
    await orders.holding.release(event_id, hold_id)


@put("/orders/{order_id:uuid}", operation_id="putOrder", guards=[allow_anyone("a buyer has no account")])
async def put_order(order_id: UUID, data: OrderWrite, orders: Orders) -> PlacedOrderRead:
    """Place an order on a hold and start its payment. The same id and content again gives the same order."""
    return await place_order(orders, order_id, data)


@get("/orders/{order_id:uuid}", operation_id="readOrder", guards=[allow_anyone("the order's secret entitles")])
async def read_order(order_id: UUID, secret: Secret, orders: Orders) -> Response[OrderRead]:
    """The order with its tickets, for whoever has its secret: `Authorization: Bearer <secret>`."""
    shown = await orders.shop.show(order_id, _secret_of(secret))
    return Response(order_read(shown, orders.clock()), headers={"Cache-Control": "no-store"})


@post("/orders/{order_id:uuid}/payments", operation_id="payOrder", status_code=200, guards=[allow_anyone("the order's secret entitles")])
async def pay_order(
    order_id: UUID,
    secret: Secret,
    orders: Orders,
    payment_option_id: UUID | None = None,
    card_bin: CardBeginning | None = None,
) -> NextAction:
    """Where to pay an order that is still open: the attempt under way, or a new one after a failed one.

    card_bin: how the card begins for which the option was chosen, as `routeCard` was asked.
    """
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    placed = await orders.placing.pay_again(organizer_id, order_id, option_id=payment_option_id, card_bin=card_bin)
    return next_action(placed.order, placed.step)


@post(
    "/orders/{order_id:uuid}/payment/card/account",
    operation_id="routeCard",
    status_code=200,
    guards=[allow_anyone("the order's secret entitles")],
)
async def route_card(order_id: UUID, data: CardBeginningWrite, secret: Secret, orders: Orders) -> Response[CardAccountRead]:
    """Which account takes a card that begins so, and what instalments cost there: asked once six digits are typed, and when they change.

    The payment goes on at that account. Thirty times in a quarter of an hour.
    """
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    route, desk = await orders.placing.route_card(organizer_id, order_id, data.card_bin)
    return Response(card_account_read(route, desk), headers={"Cache-Control": "no-store"})


@post(
    "/orders/{order_id:uuid}/payment/card",
    operation_id="payOrderByCard",
    status_code=200,
    guards=[allow_anyone("the order's secret entitles")],
)
async def pay_order_by_card(order_id: UUID, data: CardWrite, secret: Secret, orders: Orders) -> NextAction:
    """Charge a card, by the token that the gateway made of it. For one attempt a card is charged once, however often this is sent."""
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    placed = await orders.placing.pay_by_card(organizer_id, order_id, data.attempt_id, data, told=Told(data.promotion_id, data.told_minor))
    return next_action(placed.order, placed.step)


@get(
    "/orders/{order_id:uuid}/tickets/{ticket_id:uuid}/qr.svg",
    operation_id="readTicketCode",
    media_type="image/svg+xml",
    guards=[allow_anyone("the order's secret entitles")],
)
async def read_ticket_code(order_id: UUID, ticket_id: UUID, secret: Secret, orders: Orders) -> Response[bytes]:
    """The ticket's QR symbol as a picture."""
    shown = await orders.shop.ticket(order_id, _secret_of(secret), ticket_id)
    if shown.code is None:
        raise OrderNotFound
    return Response(svg_of(shown.code).encode(), headers={"Cache-Control": "no-store"})


@get(
    "/orders/{order_id:uuid}/tickets.pdf",
    operation_id="readTicketsPdf",
    media_type="application/pdf",
    guards=[allow_anyone("the order's secret entitles")],
)
async def read_tickets_pdf(order_id: UUID, secret: Secret, orders: Orders, locale: Locale | None = None) -> Response[bytes]:
    """The order's valid tickets to print, a page each; in the organizer's language unless another is asked for."""
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    return _download(await orders.papers.tickets_pdf(organizer_id, order_id, locale=locale))


@get(
    "/orders/{order_id:uuid}/tickets/{ticket_file:str}",
    operation_id="readTicketPdf",
    media_type="application/pdf",
    guards=[allow_anyone("the order's secret entitles")],
)
async def read_ticket_pdf(
    order_id: UUID, ticket_file: TicketFile, secret: Secret, orders: Orders, locale: Locale | None = None
) -> Response[bytes]:
    """One valid ticket of the order to print, as `readTicketsPdf`."""
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    ticket_id = _ticket_id_of(ticket_file)
    return _download(await orders.papers.tickets_pdf(organizer_id, order_id, ticket_id=ticket_id, locale=locale))


@get(
    "/orders/{order_id:uuid}/calendar.ics",
    operation_id="readOrderCalendar",
    media_type="text/calendar",
    guards=[allow_anyone("the order's secret entitles")],
)
async def read_order_calendar(order_id: UUID, secret: Secret, orders: Orders, locale: Locale | None = None) -> Response[bytes]:
    """The performances that the order's valid tickets are for, as an iCalendar file."""
    organizer_id = orders.secrets.organizer_of(order_id, _secret_of(secret))
    return _download(await orders.papers.calendar(organizer_id, order_id, locale=locale))


@get(
    "/orders/{order_id:uuid}/tickets/{ticket_id:uuid}/holder",
    operation_id="readTicketHolder",
    guards=[allow_anyone("the order's secret entitles")],
)
async def read_ticket_holder(order_id: UUID, ticket_id: UUID, secret: Secret, orders: Orders) -> Response[TicketHolderRead]:
    """Who goes in with a ticket of the order, and whether the buyer may correct that."""
    shown = await orders.self_service.holder(order_id, _secret_of(secret), ticket_id)
    return Response(ticket_holder_read(shown), headers={"Cache-Control": "no-store"})


@put(
    "/orders/{order_id:uuid}/tickets/{ticket_id:uuid}/holder",
    operation_id="putTicketHolder",
    guards=[allow_anyone("the order's secret entitles")],
)
async def put_ticket_holder(order_id: UUID, ticket_id: UUID, data: TicketHolderWrite, secret: Secret, orders: Orders) -> TicketHolderRead:
    """Say who goes in with a ticket instead. Somebody of another name or document gets a new code, and the old one lets nobody in."""
    return await correct_holder(orders, order_id, _secret_of(secret), ticket_id, data)


@post(
    "/orders/{order_id:uuid}/tickets/{ticket_id:uuid}/reissue",
    operation_id="reissueTicketOfOrder",
    status_code=200,
    guards=[allow_anyone("the order's secret entitles")],
)
async def reissue_ticket(order_id: UUID, ticket_id: UUID, data: TicketReissueWrite, secret: Secret, orders: Orders) -> OrderTicket:
    """Replace a ticket's code that others may have: the old one, on paper or not, lets nobody in from now on."""
    return order_ticket(await orders.self_service.reissue(order_id, _secret_of(secret), ticket_id, serial=data.serial))


@get("/", operation_id="listOrders", guards=[allow(Permission.ORDERS_READ)])
async def list_orders(
    actor: Actor,
    orders: Orders,
    event_id: UUID | None = None,
    status: OrderStatus | None = None,
    cursor: Cursor = None,
    size: PageSize = 50,
) -> Page[OrderSummary]:
    """The organizer's orders, newest first."""
    page = await orders.back_office.page(actor, event_id=event_id, status=status, cursor=cursor, size=size)
    return Page([order_summary(order) for order in page.items], page.next)


@get("/{order_id:uuid}", operation_id="readOrderOfOrganizer", guards=[allow(Permission.ORDERS_READ)])
async def read_order_of_organizer(order_id: UUID, actor: Actor, orders: Orders) -> OrderSummary:
    """One order."""
    return order_summary(await orders.back_office.read(actor, order_id))


@post("/{order_id:uuid}/cancel", operation_id="cancelOrder", status_code=200, guards=[allow(Permission.ORDERS_REFUND)])
async def cancel_order(order_id: UUID, data: CancelWrite, actor: Actor, orders: Orders) -> OrderSummary:
    """Call an order off: its tickets are revoked, its places are free again, and its money goes back."""
    return order_summary(await orders.back_office.cancel(actor, order_id, data.reason))


@get("/{order_id:uuid}/refunds", operation_id="listOrderRefunds", guards=[allow(Permission.ORDERS_READ)])
async def list_order_refunds(order_id: UUID, actor: Actor, orders: Orders) -> list[OrderRefundRead]:
    """The refunds of an order, oldest first, with what became of each."""
    return [order_refund_read(one) for one in await orders.refunding.of_order(actor, order_id)]


@post("/{order_id:uuid}/refunds", operation_id="refundOrder", status_code=200, guards=[allow(Permission.ORDERS_REFUND)])
async def refund_order(order_id: UUID, data: RefundWrite, actor: Actor, orders: Orders) -> OrderRefundRead:
    """Give a part of a paid order back: an amount, or tickets, which are revoked, and their places for sale again. One id is one refund."""
    asked = GiveBack(refund_id=data.refund_id, reason=data.reason, amount_minor=data.amount_minor, ticket_ids=data.ticket_ids)
    return order_refund_read(await orders.refunding.give_back(actor, order_id, asked))


def _secret_of(authorization: str) -> str:
    if not authorization.startswith(BEARER):
        raise OrderNotFound
    return authorization.removeprefix(BEARER)


def _ticket_id_of(ticket_file: str) -> UUID:
    """Raises `NoSuchTicket` for what is not a ticket's id and `.pdf`."""
    stem, dot, ending = ticket_file.rpartition(".")
    try:
        if (dot, ending) == (".", "pdf"):
            return UUID(stem)
    except ValueError:
        pass
    raise NoSuchTicket(stem)


def _download(paper: Paper) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{paper.name}"', "Cache-Control": "no-store"}
    return Response(paper.content, media_type=paper.media_type, headers=headers)


def _dependencies(orders: Orders, addresses: AddressReader) -> dict[str, Provide]:
    def provide_orders() -> Orders:
        return orders

    def client_address(request: Request[Any, Any, Any]) -> str:
        return addresses.of(request.scope)

    return {"orders": Provide(provide_orders, sync_to_thread=False), "client_address": Provide(client_address, sync_to_thread=False)}
