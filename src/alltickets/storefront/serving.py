"""Pages through Litestar: found by path and language, errors as pages too, cached and compressed as they say."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from litestar import Request, Response, Router
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler

from alltickets.identity.interface import allow_anyone
from alltickets.platform.http.address import AddressReader
from alltickets.platform.http.flowing import Flow
from alltickets.platform.http.problems import ProblemDocument, Problems
from alltickets.storefront.encodings import Compressed, compress_once
from alltickets.storefront.languages import DEFAULT, LANGUAGES, Language, language_of_path
from alltickets.storefront.pages import NO_STORE, Page, PageAnswer, PageRequest, etag_of
from alltickets.storefront.templates import Templates

__all__ = ["ErrorPages", "operation_id", "page_router"]

COMPRESSIBLE = ("text/", "image/svg", "application/json")


class ErrorPages:
    """Refusals and faults as pages for people."""

    def __init__(self, templates: Templates, problems: Problems) -> None:
        self._templates = templates
        self._problems = problems

    def of(self, fault: Exception, language: Language, *, instance: str) -> PageAnswer:
        """The page of an exception that was raised while serving `instance`. Logs what is our own fault."""
        return self._page(self._problems.document(fault, instance=instance), language)

    def for_browser(self, request: Request[Any, Any, Any], document: ProblemDocument) -> Response[Any] | None:
        """The page in the place of a problem document, where a browser asked for a page; None where a program asked."""
        path = request.url.path
        if path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            return None
        return _response(self._page(document, language_of_path(path)), request.headers.get("accept-encoding", ""), NO_STORE)

    def _page(self, document: ProblemDocument, language: Language) -> PageAnswer:
        body = self._templates.render("error.html", language, path="/", status=document.status)
        headers = tuple((name.lower(), value) for name, value in document.headers.items())
        return PageAnswer(document.status, body, cache=NO_STORE, headers=headers)


def page_router(pages: Sequence[Page], errors: ErrorPages, addresses: AddressReader) -> Router:
    """The pages as routes. HEAD is answered like GET; the server leaves the body out."""
    handlers = [
        _handler(page, language, errors, addresses) for page in pages for language in (LANGUAGES if page.is_translated else (DEFAULT,))
    ]
    return Router("/", route_handlers=handlers, include_in_schema=False)


def operation_id(name: str, language: Language) -> str:
    """What the page of that name is called in figures, in each language."""
    return name if language is DEFAULT else f"{name}{language.tag[:2].capitalize()}"


def _handler(page: Page, language: Language, errors: ErrorPages, addresses: AddressReader) -> HTTPRouteHandler:
    methods = [HttpMethod.GET, HttpMethod.HEAD] if page.method == "GET" else [HttpMethod(page.method)]
    path = language.path(page.path).replace("}", ":str}")

    async def serve(request: Request[Any, Any, Any]) -> Response[Any]:
        asked = PageRequest(
            language=language,
            path=request.url.path.removeprefix(language.prefix) or "/",
            params={name: str(value) for name, value in request.path_params.items()},
            query_string=request.scope["query_string"].decode("latin-1"),
            headers=request.headers,
            body=b"" if page.method == "GET" else await request.body(),
            address=addresses.of(request.scope),
        )
        try:
            answer = await page.handle(asked)
        except Exception as fault:
            answer = errors.of(fault, language, instance=request.url.path)
        return _conditional(answer, asked, page.cache)

    return HTTPRouteHandler(
        path,
        http_method=methods,
        operation_id=operation_id(page.name, language),
        guards=[allow_anyone(page.why_anyone)],
        status_code=200,
        media_type="text/html",
    )(serve)


def _conditional(answer: PageAnswer, asked: PageRequest, cache: str) -> Response[Any]:
    """The answer; without a body where the asker has it already."""
    accepted = asked.headers.get("accept-encoding", "")
    kept = answer.cache or cache
    if answer.status != 200 or kept == NO_STORE:
        return _response(answer, accepted, kept)
    assert not isinstance(answer.body, AsyncGenerator), "what goes out piece by piece is kept by nobody"
    etag = etag_of(answer.body.identity if isinstance(answer.body, Compressed) else answer.body)
    if etag in asked.headers.get("if-none-match", ""):
        # With the answer's own headers: a cache puts those of a 304 in the place of what it has (RFC 9111 section 3.2).
        headers = {**dict(answer.headers), "etag": etag, "cache-control": kept, "vary": "Accept-Encoding"}
        return Response(b"", status_code=304, headers=headers)
    response = _response(answer, accepted, kept)
    response.headers["etag"] = etag
    return response


def _response(answer: PageAnswer, accepted: str, cache: str) -> Response[Any]:
    headers = {**dict(answer.headers), "cache-control": answer.cache or cache, "vary": "Accept-Encoding"}
    if isinstance(answer.body, AsyncGenerator):
        return Flow(answer.body, status_code=answer.status, headers=headers, media_type=answer.media_type)
    body, encoding = _encoded(answer.body, answer.media_type, accepted.encode())
    if encoding is not None:
        headers["content-encoding"] = encoding.decode()
    return Response(body, status_code=answer.status, headers=headers, media_type=answer.media_type)


def _encoded(body: bytes | Compressed, media_type: str, accepted: bytes) -> tuple[bytes, bytes | None]:
    if isinstance(body, Compressed):
        return body.best(accepted)
    if media_type.startswith(COMPRESSIBLE):
        return compress_once(body, accepted)
    return body, None
