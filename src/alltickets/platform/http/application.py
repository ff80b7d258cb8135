"""The Litestar application: routers in, problem documents and the OpenAPI document out."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router
from litestar.config.app import AppConfig
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
    ValidationException,
)
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme, Server
from litestar.plugins import InitPlugin
from litestar.types import Guard

from alltickets.platform.http.lane import decode_body
from alltickets.platform.http.openapi import Document
from alltickets.platform.http.problems import (
    InvalidBody,
    MalformedBody,
    NoSuchPath,
    NotAllowedHere,
    PayloadTooLarge,
    ProblemDocument,
    Problems,
)

__all__ = ["build_application"]

Hook = Callable[[], Awaitable[None]]
PageOfProblem = Callable[[Request[Any, Any, Any], ProblemDocument], Response[bytes] | None]
"""A page for people in the place of a problem document, for requests that want one."""


class _StrictRequest(Request[Any, Any, Any]):
    """A request whose body is read as the hot lane reads it: by the decoder of the handler's struct, which takes no "2" for a 2."""

    async def json(self) -> Any:
        """The body as what the handler takes. Raises `MalformedBody` or `InvalidBody`."""
        field = self.route_handler.parsed_data_field
        assert field is not None, "a body is asked for by handlers that take one"
        return decode_body(_decoder_of(field.annotation), await self.body())


@cache
def _decoder_of(kind: Any) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


class _OwnErrors(InitPlugin):
    """Every exception becomes one of our problem documents, or a page about it where one was asked for."""

    def __init__(self, problems: Problems, body_bytes_max: int, page_of_problem: PageOfProblem | None) -> None:
        self._problems = problems
        self._body_bytes_max = body_bytes_max
        self._page_of_problem = page_of_problem

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Called by Litestar before the application is built."""
        app_config.exception_handlers = {Exception: self._answer, HTTPException: self._answer}
        return app_config

    def _answer(self, request: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
        refusal = self._translated(request, fault)
        document = self._problems.document(refusal, instance=request.url.path)
        headers = dict(document.headers)
        if isinstance(refusal, NotAllowedHere):
            headers["Allow"] = ", ".join(refusal.allowed)
        page = None if self._page_of_problem is None else self._page_of_problem(request, document)
        if page is not None:
            page.headers.update(headers)
            return page
        return Response(document.body, status_code=document.status, headers=headers, media_type="application/problem+json")

    def _translated(self, request: Request[Any, Any, Any], fault: Exception) -> Exception:
        """Litestar's own exceptions as refusals of our table."""
        if isinstance(fault, ValidationException):
            return _explained(fault)
        if isinstance(fault, NotFoundException):
            return NoSuchPath()
        if isinstance(fault, MethodNotAllowedException):
            return NotAllowedHere(tuple(sorted((fault.headers or {}).get("allow", "").split(", "))))
        if isinstance(fault, SerializationException):
            return MalformedBody(fault.detail)
        if isinstance(fault, ClientException):
            return PayloadTooLarge(self._bytes_max_of(request)) if fault.status_code == 413 else MalformedBody(fault.detail)
        return fault

    def _bytes_max_of(self, request: Request[Any, Any, Any]) -> int:
        """What the route takes, which may be more than the others."""
        handler = request.scope.get("route_handler")
        own = handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else None
        return own or self._body_bytes_max


def build_application(
    *,
    routers: Sequence[Router],
    plugins: Sequence[Any],
    security_schemes: dict[str, SecurityScheme],
    document_guard: Guard,
    problems: Problems,
    page_of_problem: PageOfProblem | None = None,
    body_bytes_max: int,
    version: str,
    public_url: str,
    on_start: Sequence[Hook],
    on_stop: Sequence[Hook],
) -> Litestar:
    """The application of these routers. `/api/openapi.json` describes all of it, for whom `document_guard` lets through."""
    return Litestar(
        route_handlers=list(routers),
        plugins=[_OwnErrors(problems, body_bytes_max, page_of_problem), *plugins],
        openapi_config=OpenAPIConfig(
            title="ALLTICKETS",
            version=version,
            description="Errors are RFC 9457 problem documents whose `type` is a stable slug: docs/problems.md lists them.",
            openapi_router=Router("/api", route_handlers=[], guards=[document_guard], include_in_schema=False),
            render_plugins=[Document(path="/openapi.json")],
            servers=[Server(url=public_url)],
            components=Components(security_schemes=dict(security_schemes)),
        ),
        request_class=_StrictRequest,
        request_max_body_size=body_bytes_max,
        on_startup=list(on_start),
        on_shutdown=list(on_stop),
        logging_config=None,
        debug=False,
    )


def _explained(fault: ValidationException) -> InvalidBody | MalformedBody:
    """What is wrong with the parameters; or that there is no body, which is all that is left to say of one here."""
    faults = [entry for entry in fault.extra if isinstance(entry, dict)] if isinstance(fault.extra, list) else []
    if any(entry.get("key") == "data" for entry in faults):
        return MalformedBody("there is none")
    return InvalidBody(tuple(f"{entry.get('key', 'parameter')}: {entry.get('message', '')}" for entry in faults) or (fault.detail,))
