"""MercadoPago's own schemas, and whether a request or an answer agrees with them.

The interpreter knows the part of JSON Schema that these schemas use, and refuses to load anything else.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["answer_faults", "body_faults", "query_faults"]

Schema = Mapping[str, Any]

_KEYWORDS = {
    "$ref",
    "additionalProperties",
    "default",
    "enum",
    "format",
    "items",
    "maxLength",
    "maximum",
    "minItems",
    "minimum",
    "nullable",
    "properties",
    "required",
    "type",
}
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float, Decimal),
}


def body_faults(path: str, method: str, body: object) -> list[str]:
    """What is wrong with the body of a call, each fault with its place."""
    request = _operation(path, method).get("requestBody")
    return [] if request is None else list(_faults(request["schema"], body, "body"))


def query_faults(path: str, method: str, query: Mapping[str, str]) -> list[str]:
    """What is wrong with the query of a call. Fields that the contract does not name are let through."""
    faults = []
    for parameter in _operation(path, method)["parameters"]:
        if parameter["in"] != "query":
            continue
        text = query.get(parameter["name"])
        if text is None:
            faults += [f"query.{parameter['name']}: is required"] if parameter.get("required") else []
        elif parameter["schema"]["type"] == "integer" and not text.isdigit():
            faults.append(f"query.{parameter['name']}: must be a whole number")
        elif parameter["schema"]["type"] == "string":
            faults += _faults(parameter["schema"], text, f"query.{parameter['name']}")
    return faults


def answer_faults(path: str, method: str, status: int, body: object) -> list[str]:
    """What is wrong with an answer. An answer whose shape the contract does not tell has no faults."""
    if status >= 400:
        return list(_faults({"$ref": "#/components/schemas/Error"}, body, "answer"))
    schema = _operation(path, method)["responses"].get(str(status))
    return [] if schema is None else list(_faults(schema, body, "answer"))


def _operation(path: str, method: str) -> Schema:
    operation: Schema = _contract()["paths"][path][method.lower()]
    return operation


@cache
def _contract() -> Schema:
    contract: Schema = json.loads((Path(__file__).parent / "mla.json").read_text(encoding="utf-8"))
    for schema in contract["schemas"].values():
        _require_known(schema)
    return contract


def _require_known(schema: Schema) -> None:
    assert schema.keys() <= _KEYWORDS, f"the contract uses {schema.keys() - _KEYWORDS}, which is not understood here"
    for part in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        _require_known(part)


def _faults(schema: Schema, value: object, place: str) -> Iterator[str]:
    if "$ref" in schema:
        yield from _faults(_contract()["schemas"][schema["$ref"].rpartition("/")[2]], value, place)
        return
    if value is None and schema.get("nullable"):
        return
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{place}: must be of type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, dict):
        yield from _object_faults(schema, value, place)
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{place}: must have at least {schema['minItems']}"
        for number, item in enumerate(value):
            yield from _faults(schema.get("items", {}), item, f"{place}[{number}]")
    elif isinstance(value, str):
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{place}: must have at most {schema['maxLength']} characters"
        if not _has_format(value, schema.get("format")):
            yield f"{place}: must be a valid {schema['format']}"
    elif isinstance(value, int | float | Decimal) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{place}: is out of bounds"


def _object_faults(schema: Schema, value: Mapping[str, object], place: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place}.{name}: is required"
    for name, part in schema.get("properties", {}).items():
        if name in value:
            yield from _faults(part, value[name], f"{place}.{name}")


def _has_format(text: str, name: str | None) -> bool:
    match name:
        case "date-time":
            try:
                return datetime.fromisoformat(text).tzinfo is not None
            except ValueError:
                return False
        case "uri":
            try:
                parts = urlsplit(text)
            except ValueError:
                return False
            return parts.scheme in ("http", "https") and bool(parts.netloc)
        case "email":
            local, _, domain = text.rpartition("@")
            return bool(local) and "." in domain and " " not in text
    return True
