"""Form-encoded fields with brackets, read into what they mean: `line_items[0][quantity]=2` is a list of one with a field."""

import re
from typing import Any
from urllib.parse import parse_qsl

from simulators.stripe.errors import invalid

__all__ = ["nested"]

FIELDS_MAX = 500

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")


def nested(encoded: bytes) -> dict[str, Any]:
    """The fields as dicts of texts, dicts and lists (`name[]`). Raises `ApiError` 400 for what contradicts itself."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX)
    except ValueError:
        raise invalid("Invalid request: the parameters are not form-encoded UTF-8.") from None
    root: dict[str, Any] = {}
    for name, text in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise invalid(f"Invalid parameter name: {name}", name)
        _put(root, [match[1], *_PART.findall(match[2])], text, name)
    return root


def _put(root: dict[str, Any], path: list[str], text: str, name: str) -> None:
    here = root
    for place, part in enumerate(path[:-1]):
        if path[place + 1] == "":
            rows = here.setdefault(part, [])
            if not isinstance(rows, list) or place + 2 != len(path):
                raise invalid(f"Invalid parameter: {name}", name)
            rows.append(text)
            return
        here = here.setdefault(part, {})
        if not isinstance(here, dict):
            raise invalid(f"Invalid parameter: {name}", name)
    if path[-1] in here:
        raise invalid(f"Invalid parameter: {name} is given twice.", name)
    here[path[-1]] = text
