"""HTTP of sellers: asking for a connection, the page that they come back to, and the door for notices to the platform's application."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import Provide
from litestar.params import QueryParameter

from alltickets.identity.interface import Actor, Permission, allow, allow_anyone
from alltickets.kernel.errors import Refusal
from alltickets.payments.port import Notice
from alltickets.payments.schemas import CallbackRead
from alltickets.payments.sellers.pages import STYLE, connected_page, headers_of, refused_page
from alltickets.payments.sellers.schemas import SellerConnectionAsk, SellerConnectionRead
from alltickets.payments.service import Payments
from alltickets.payments.service.sellers import CameBack

__all__ = ["notice_router", "seller_router"]

Brought = Annotated[str | None, QueryParameter(max_length=2_000)]


def seller_router(payments: Payments) -> Router:
    """The organizer's routes, under /api/organizer/payments/connections."""
    return Router(
        path="/api/organizer/payments/connections",
        route_handlers=[ask_connection, come_back, style],
        dependencies=_dependencies(payments),
        tags=["payments"],
    )


def notice_router(payments: Payments) -> Router:
    """The providers' route, under /api/payments/notices."""
    return Router(path="/api/payments/notices", route_handlers=[receive_notice], dependencies=_dependencies(payments), tags=["payments"])


@post("/", operation_id="askSellerConnection", guards=[allow(Permission.PAYMENTS_WRITE)])
async def ask_connection(data: SellerConnectionAsk, actor: Actor, payments: Payments) -> SellerConnectionRead:
    """Ask for a connection with the seller's consent, instead of entering credentials."""
    asked = await payments.sellers.ask(actor, data.gateway, label=data.label)
    return msgspec.convert(asked, SellerConnectionRead, from_attributes=True)


def show_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[str]:
    """Whoever comes back has a browser, not a program: a page, also where the session has ended meanwhile."""
    status, page = refused_page(refusal)
    return Response(page, status_code=status, media_type="text/html", headers=headers_of())


@get(
    "/{gateway:str}/return",
    operation_id="sellerCameBack",
    guards=[allow(Permission.PAYMENTS_WRITE)],
    include_in_schema=False,
    exception_handlers={Refusal: show_refusal},
)
async def come_back(
    gateway: str,
    actor: Actor,
    payments: Payments,
    code: Brought = None,
    error: Brought = None,
    given: Annotated[str | None, QueryParameter(name="state", max_length=500)] = None,
) -> Response[str]:
    """The page that the provider sends the seller back to."""
    connected = await payments.sellers.come_back(actor, gateway, CameBack(state=given, code=code, error=error))
    return Response(connected_page(connected), media_type="text/html", headers=headers_of())


@get("/style.css", operation_id="sellerStyle", guards=[allow_anyone("a stylesheet says nothing of anybody")], include_in_schema=False)
async def style() -> Response[str]:
    """How the page looks."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"})


@post(
    "/{gateway:str}",
    operation_id="receiveApplicationNotice",
    status_code=200,
    guards=[allow_anyone("a notice says nothing by itself: the seller whom it names is looked at, and unsigned ones are counted")],
)
async def receive_notice(gateway: str, body: bytes, request: Request[Any, Any, Any], payments: Payments) -> CallbackRead:
    """What a provider tells the platform's application: that a seller took back what they allowed."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.scope["query_string"].decode("latin-1")
    await payments.sellers.hear(gateway, Notice(headers=headers, query=query, body=body))
    return CallbackRead(received=True)


def _dependencies(payments: Payments) -> dict[str, Provide]:
    def provide() -> Payments:
        return payments

    return {"payments": Provide(provide, sync_to_thread=False)}
