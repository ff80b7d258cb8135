"""The ASGI application: routes, refusals in Payway's bodies, and the end of the memory's life."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.di import Provide
from litestar.exceptions import HTTPException

from simulators.chassis.errors import Refused
from simulators.chassis.faults import FaultyApi
from simulators.payway import admin, api
from simulators.payway.errors import Failed
from simulators.payway.gateway import Gateway

__all__ = ["create_app"]

BODY_BYTES_MAX = 65_536
FAULTY = ("/api/v2/payments", "/api/v1/closures")
"""Calls from servers; a browser's call for a token has its own dial."""

_STYLE = (Path(__file__).parent / "assets" / "payway.css").read_bytes()
_FAILURE = {"message": "The service is unavailable"}
_log = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]


def create_app(gateway: Gateway) -> FaultyApi:
    """The gateway behind its faults."""

    @asynccontextmanager
    async def remembering(_: Litestar) -> AsyncIterator[None]:
        yield
        gateway.database.close()

    application = Litestar(
        route_handlers=[*api.routers(), admin.router(), style, health],
        dependencies={"gateway": Provide(lambda: gateway, sync_to_thread=False)},
        exception_handlers={Failed: show_failed, Refused: show_refusal, HTTPException: show_http_error, Exception: show_failure},
        lifespan=[remembering],
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=None,
        logging_config=None,
    )
    return FaultyApi(application, gateway.switch, gateway.closing, prefixes=FAULTY, failure=_FAILURE)


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    return {"status": "ok"}


@get("/assets/payway.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=300"})


def show_failed(request: AnyRequest, failed: Failed) -> Response[Any]:
    """In the body that this kind of refusal has. A browser may read those of tokens."""
    headers = api.CORS if request.url.path.endswith("/tokens") else {}
    return Response(failed.body, status_code=failed.status, media_type="application/json", headers=headers)


def show_refusal(_: AnyRequest, refusal: Refused) -> Response[Any]:
    """What the administration refuses."""
    return Response({"message": str(refusal)}, status_code=refusal.status, media_type="application/json")


def show_http_error(_: AnyRequest, error: HTTPException) -> Response[Any]:
    """What the framework refuses by itself: unknown paths, wrong methods, bodies too large."""
    body = {"message": "no Route matched with those values" if error.status_code == 404 else error.detail}
    return Response(body, status_code=error.status_code, media_type="application/json")


def show_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """A fault of the simulator itself; its cause goes to the log only."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return Response({"error_type": "api_error"}, status_code=500, media_type="application/json")
