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
from simulators.sandbox import admin, api, pages
from simulators.sandbox.gateway import Gateway

__all__ = ["create_app"]

BODY_BYTES_MAX = 65_536

_CODES = {403: "forbidden", 404: "not_found", 405: "method_not_allowed", 413: "payload_too_large"}
_STYLE = (Path(__file__).parent / "assets" / "sandbox.css").read_bytes()
_FAILURE = {"error": {"code": "unavailable", "message": "The gateway is out of order for a moment; the call was not processed."}}
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

    application = Litestar(
        route_handlers=[api.router(), admin.router(), *pages.handlers(), style, health],
        dependencies={"gateway": Provide(lambda: gateway, sync_to_thread=False)},
        exception_handlers={Refused: show_refusal, HTTPException: show_http_error, Exception: show_failure},
        lifespan=[sending],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
    return FaultyApi(application, gateway.switch, gateway.closing, prefixes=("/v1/",), failure=_FAILURE)


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/assets/sandbox.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=300"})


def show_refusal(request: AnyRequest, refusal: Refused) -> Response[Any]:
    """As JSON to programs, as a page to people."""
    if request.url.path.startswith(("/v1/", "/admin/")):
        headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else {}
        body = {"error": {"code": refusal.code, "message": refusal.message}}
        return Response(body, status_code=refusal.status, media_type="application/json", headers=headers)
    return pages.refusal_page(refusal)


def show_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refuses by itself: unknown paths, wrong methods, bodies too large."""
    return show_refusal(request, Refused(error.status_code, _CODES.get(error.status_code, "invalid_request"), f"{error.detail}."))


def show_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of the gateway itself; its cause goes to the log only."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return show_refusal(request, Refused(500, "internal_error", "The gateway failed; the call may or may not have been processed."))
