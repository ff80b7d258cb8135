"""The ASGI application: routes, refusals in the face that was asked for, and the background work's life."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException

from simulators.chassis.errors import Refused
from simulators.chassis.faults import FaultyApi
from simulators.mercadopago import admin, api, consent, pages, reports_api
from simulators.mercadopago.codec import dumps
from simulators.mercadopago.errors import body_of, unavailable
from simulators.mercadopago.gateway import Gateway

__all__ = ["create_app"]

BODY_BYTES_MAX = 262_144

_STYLE = (Path(__file__).parent / "assets" / "mercadopago.css").read_bytes()
_log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]


def create_app(gateway: Gateway) -> FaultyApi:
    """The gateway behind its faults."""

    @asynccontextmanager
    async def sending(_: Litestar) -> AsyncIterator[None]:
        sender = asyncio.create_task(gateway.sender.run())
        yield
        sender.cancel()
        with suppress(asyncio.CancelledError):
            await sender
        gateway.database.close()

    routers = [api.router(), api.token_router(), reports_api.router(), admin.router()]
    application = Litestar(
        route_handlers=[*routers, *pages.handlers(), *consent.handlers(), style, health],
        dependencies={"gateway": Provide(lambda: gateway, sync_to_thread=False)},
        exception_handlers={Refused: show_refusal, HTTPException: show_http_error, Exception: show_failure},
        lifespan=[sending],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
    return FaultyApi(application, gateway.switch, gateway.closing, prefixes=api.PREFIXES, failure=body_of(unavailable()))


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/assets/mercadopago.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=300"})


def show_refusal(request: AnyRequest, refusal: Refused) -> Response[Any]:
    """As JSON to programs, as a page to people."""
    if request.url.path.startswith((*api.PREFIXES, "/admin/")):
        return Response(dumps(body_of(refusal)), status_code=refusal.status, media_type="application/json")
    return pages.refusal_page(refusal)


def show_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refuses by itself: unknown paths, wrong methods, bodies too large."""
    return show_refusal(request, Refused(error.status_code, "not_found" if error.status_code == 404 else "refused", f"{error.detail}."))


def show_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of the simulator itself; its cause goes to the log only."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return show_refusal(request, Refused(500, "internal_error", "The gateway failed; the call may or may not have been processed."))
