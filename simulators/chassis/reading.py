"""Bodies and fields as structs: unknown fields, wrong types and absurd values are refused, as real gateways do."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from simulators.chassis.errors import Refused, invalid

__all__ = ["from_json", "from_texts"]

Body = TypeVar("Body")


def from_json(body: bytes, content_type: str, kind: type[Body]) -> Body:
    """The body of an API call. Raises `Refused` (400 with the place of the fault, or 415)."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type", "Send the body as application/json.")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"{error}.") from None


def from_texts(texts: Mapping[str, str], kind: type[Body]) -> Body:
    """The fields of a link or a form, whose numbers are text. Raises `Refused` 400."""
    fields: dict[str, Any] = dict(texts)
    try:
        converted = msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(f"{error}.") from None
    for name, text in texts.items():
        value = getattr(converted, name)
        # The lenient reading also takes 1e3 and 007, of which no two programs think the same.
        if type(value) is int and str(value) != text:
            raise invalid(f"{name} must be a whole number in plain digits.")
    return converted
