"""The OpenAPI document: Litestar knows the routes; msgspec knows exactly what its decoders take and its encoders give.

Litestar's own schemas of structs lose bounds, tuples and the refusal of unknown fields, and its errors are not ours. So bodies and
answers are described here by msgspec, operations by their docstrings, and errors by the problem document.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

import msgspec
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute

__all__ = ["Document", "describe"]

_REF = "#/components/schemas/{name}"
_PROBLEM_MEDIA_TYPE = "application/problem+json"

_PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "A problem document (RFC 9457). `type` is a stable slug; docs/problems.md lists them with the members that they add.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "pattern": "^/problems/[a-z-]+$"},
        "title": {"type": "string", "description": "the same for each problem of this type"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what happened, what was kept and what to do, for a person"},
        "instance": {"type": "string", "description": "the path of the request"},
    },
    "required": ["type", "title", "status", "detail", "instance"],
    "examples": [
        {
            "type": "/problems/sold-out",
            "title": "Not enough left",
            "status": 409,
            "instance": "/api/shop/holds/0190a5d2-7c11-7cc3-98c4-dc0c0c07398f",
            "detail": "Only 1 of what you chose are left. Nothing was taken; choose fewer or other places.",
            "available": {"0190a5d2-7c11-7cc3-98c4-dc0c0c07398f": 1},
        }
    ],
}
_RETRY_AFTER = {"Retry-After": {"description": "seconds after which to ask again", "schema": {"type": "integer", "minimum": 0}}}
_SECRET = {"type": "http", "scheme": "bearer", "description": "The secret that was given out with what is asked for."}


def _response(description: str, **more: object) -> dict[str, object]:
    return {"description": description, "content": {_PROBLEM_MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}, **more}


_RESPONSES = {
    "Malformed": _response("The body is not JSON"),
    "NotSignedIn": _response("No credentials that are good now"),
    "NotPermitted": _response("Credentials that do not suffice"),
    "NotFound": _response("No such thing, or another organizer's"),
    "Invalid": _response("The body or a parameter does not fit"),
    "Unavailable": _response("Too busy or out of reach right now; nothing was changed", headers=_RETRY_AFTER),
    "Problem": _response("Refused; `type` says why", headers=_RETRY_AFTER),
}


class Document(JsonRenderPlugin):
    """Serves the document, made once."""

    _rendered: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Called by Litestar for each request of the document."""
        if self._rendered is None:
            self._rendered = self.render_json(request, describe(request.app, openapi_schema))
        return self._rendered


def describe(app: Litestar, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Litestar's document of the application with its bodies, answers, words and errors put right."""
    document = msgspec.json.decode(msgspec.json.encode(schema))
    operations = list(_operations(app, document["paths"]))
    kinds = {kind for handler, _ in operations for kind in (_taken(handler), _given(handler)) if _has_schema(kind)}
    ordered = sorted(kinds, key=repr)
    schemas, described = msgspec.json.schema_components(ordered, ref_template=_REF)
    schema_of = dict(zip(ordered, schemas, strict=True))
    for handler, operation in operations:
        _put_into_words(handler, operation)
        _describe_body(handler, operation, schema_of)
        _describe_answer(handler, operation, schema_of)
        _describe_secret(operation)
        _describe_errors(operation)
    components = document["components"]
    components["schemas"] = {**components.get("schemas", {}), **described, "Problem": _PROBLEM_SCHEMA}
    components["responses"] = _RESPONSES
    components["securitySchemes"]["secret"] = _SECRET
    _drop_unused(document)
    return dict(document)


def _operations(app: Litestar, paths: Mapping[str, Any]) -> Iterator[tuple[HTTPRouteHandler, dict[str, Any]]]:
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            for method in handler.http_methods:
                operation = paths.get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    yield handler, operation


def _taken(handler: HTTPRouteHandler) -> Any:
    """What the body is decoded to; None where there is none, bytes where it is taken as it comes."""
    if "body" in handler.parsed_fn_signature.parameters:
        return bytes
    field = handler.parsed_data_field
    return None if field is None else field.annotation


def _given(handler: HTTPRouteHandler) -> Any:
    """What the answer is encoded from; None where it is empty."""
    annotation = handler.parsed_fn_signature.return_type.annotation
    if get_origin(annotation) is Response:
        [annotation] = get_args(annotation)
    return None if annotation is type(None) else annotation


def _has_schema(kind: Any) -> bool:
    return kind is not None and kind is not bytes


def _put_into_words(handler: HTTPRouteHandler, operation: dict[str, Any]) -> None:
    words = " ".join((handler.fn.__doc__ or "").split())
    assert words, f"{operation['operationId']} has no docstring"
    operation["summary"] = re.split(r"(?<=\.) ", words)[0].rstrip(".")
    operation["description"] = words
    for part in (operation, *operation.get("parameters", ())):
        if not part["deprecated"]:
            del part["deprecated"]


def _describe_body(handler: HTTPRouteHandler, operation: dict[str, Any], schema_of: Mapping[Any, Any]) -> None:
    taken = _taken(handler)
    if taken is bytes:
        operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    elif taken is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema_of[taken]}}}


def _describe_answer(handler: HTTPRouteHandler, operation: dict[str, Any], schema_of: Mapping[Any, Any]) -> None:
    given = _given(handler)
    if given is None:
        return
    schema = {"type": "string"} if given is bytes else schema_of[given]
    media_type = handler.media_type if given is bytes else "application/json"
    operation["responses"][str(handler.status_code)]["content"] = {str(media_type): {"schema": schema}}


def _describe_secret(operation: dict[str, Any]) -> None:
    """OpenAPI knows no Authorization parameter: who needs that header is told by a security scheme."""
    parameters = operation.get("parameters", [])
    without = [parameter for parameter in parameters if parameter["name"] != "Authorization"]
    if len(without) < len(parameters):
        operation["parameters"] = without
        operation["security"] = [{"secret": []}]


def _describe_errors(operation: dict[str, Any]) -> None:
    needs = {
        "400": ("Malformed", "requestBody" in operation),
        "401": ("NotSignedIn", bool(operation.get("security")) and operation["security"] != [{"secret": []}]),
        "403": ("NotPermitted", bool(operation.get("security")) and operation["security"] != [{"secret": []}]),
        "404": ("NotFound", any(parameter["in"] == "path" for parameter in operation.get("parameters", []))),
        "422": ("Invalid", "requestBody" in operation or bool(operation.get("parameters"))),
        "503": ("Unavailable", True),
        "default": ("Problem", True),
    }
    operation["responses"].pop("400", None)
    for status, (name, is_needed) in needs.items():
        if is_needed and status not in operation["responses"]:
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _drop_unused(document: dict[str, Any]) -> None:
    """Litestar's schemas of what msgspec describes under other names."""
    schemas = document["components"]["schemas"]
    while True:
        used = set(re.findall(r'"#/components/schemas/([^"]+)"', msgspec.json.encode(document).decode()))
        if used == schemas.keys():
            return
        for name in schemas.keys() - used:
            del schemas[name]
