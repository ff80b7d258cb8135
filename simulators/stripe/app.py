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
from simulators.stripe import admin, pages
from simulators.stripe.api import answer_call, refusal
from simulators.stripe.errors import ApiError
from simulators.stripe.gateway import Gateway

__all__ = ["create_app"]

BODY_BYTES_MAX = 262_144

_STYLE = (Path(__file__).parent / "assets" / "stripe.css").read_bytes()
_FAILURE = ApiError(status=503, type="api_error", message="Stripe is out of order for a moment; the call was not processed.").body
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
        route_handlers=[answer_call, admin.router(), *pages.handlers(), style, health],
        dependencies={"gateway": Provide(lambda: gateway, sync_to_thread=False)},
        exception_handlers={ApiError: show_api_error, Refused: show_refusal, HTTPException: show_http_error, Exception: show_failure},
        lifespan=[sending],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
    return FaultyApi(application, gateway.switch, gateway.closing, prefixes=("/v1/",), failure=_FAILURE)


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/assets/stripe.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=300"})


def show_api_error(_: AnyRequest, error: ApiError) -> Response[bytes]:
    answer = refusal(error)
    return Response(answer.body, status_code=answer.status, media_type="application/json")


def show_refusal(request: AnyRequest, refused: Refused) -> Response[Any]:
    """As JSON to programs, as a page to people."""
    if request.url.path.startswith(("/v1/", "/admin/")):
        body = {"error": {"type": "invalid_request_error", "code": refused.code, "message": refused.message}}
        return Response(body, status_code=refused.status, media_type="application/json")
    return pages.refusal_page(refused)


def show_http_error(request: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refuses by itself: unknown paths, wrong methods, bodies too large."""
    return show_refusal(request, Refused(error.status_code, "not_found" if error.status_code == 404 else "invalid_request", error.detail))


def show_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of the simulator itself; its cause goes to the log only."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    if request.url.path.startswith("/v1/"):
        return show_api_error(request, ApiError(status=500, type="api_error", message="The simulator failed."))
    return show_refusal(request, Refused(500, "internal_error", "The simulator failed."))
