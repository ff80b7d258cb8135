"""What a parameter may be, and reading it: the words for the table in `parameters.py`.

Only what is simulated is taken. What the real API knows beside that is refused as unknown, never silently passed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.stripe.errors import ApiError, invalid

__all__ = ["Fields", "Flag", "Metadata", "Moment", "OneOf", "Rows", "Shape", "Text", "Whole", "read"]

METADATA_KEYS_MAX, METADATA_KEY_LENGTH_MAX, METADATA_VALUE_LENGTH_MAX = 50, 40, 500


@dataclass(frozen=True)
class Text:
    length_max: int = 5_000


@dataclass(frozen=True)
class Whole:
    at_least: int = 0
    at_most: int = 99_999_999


@dataclass(frozen=True)
class Moment:
    """Unix seconds."""


@dataclass(frozen=True)
class Flag:
    """true or false."""


@dataclass(frozen=True)
class OneOf:
    words: tuple[str, ...]


@dataclass(frozen=True)
class Metadata:
    """The caller's own keys and values."""


@dataclass(frozen=True)
class Rows:
    of: "Shape"
    length_max: int = 100


@dataclass(frozen=True)
class Fields:
    of: Mapping[str, "Shape"]
    required: tuple[str, ...] = field(default=())


Shape = Text | Whole | Moment | Flag | OneOf | Metadata | Rows | Fields


def read(shape: Fields, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters in their types. Raises `ApiError` for the first that is wrong, as the API names it."""
    return _fields(shape, given, "")


def _read(shape: Shape, given: Any, at: str) -> Any:
    match shape:
        case Fields():
            return _fields(shape, given, at)
        case Rows():
            return _rows(shape, given, at)
        case Metadata():
            return _metadata(given, at)
    if not isinstance(given, str):
        raise invalid(f"Invalid string: {at} has fields of its own", at)
    if given == "":
        raise invalid(f"You passed an empty string for '{at}'; leave it out instead.", at, "parameter_invalid_empty")
    match shape:
        case Text(length_max):
            if len(given) > length_max:
                raise invalid(f"Invalid string: {given[:20]}...; must be at most {length_max} characters", at)
            return given
        case OneOf(words):
            if given not in words:
                raise invalid(f"Invalid {at}: must be one of {', '.join(words)}", at)
            return given
        case Flag():
            if given not in ("true", "false"):
                raise invalid(f"Invalid boolean: {given}", at)
            return given == "true"
        case Moment():
            return _whole(given, at, Whole(1, 2**33))
        case Whole():
            return _whole(given, at, shape)


def _whole(given: str, at: str, shape: Whole) -> int:
    if not given.removeprefix("-").isdecimal() or not given.isascii():
        raise invalid(f"Invalid integer: {given}", at, "parameter_invalid_integer")
    number = int(given)
    if number < shape.at_least:
        raise invalid(f"This value must be greater than or equal to {shape.at_least}.", at, "parameter_invalid_integer")
    if number > shape.at_most:
        raise invalid(f"This value must be less than or equal to {shape.at_most}.", at, "parameter_invalid_integer")
    return number


def _fields(shape: Fields, given: Any, at: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid(f"Invalid object: {at}", at, "parameter_invalid_type")
    for name in given:
        if name not in shape.of:
            raise _unknown(_inside(at, name))
    values = {name: _read(shape.of[name], value, _inside(at, name)) for name, value in given.items()}
    for name in shape.required:
        if name not in values:
            place = _inside(at, name)
            raise invalid(f"Missing required param: {place}.", place, "parameter_missing")
    return values


def _rows(shape: Rows, given: Any, at: str) -> list[Any]:
    if isinstance(given, dict) and list(given) == [str(place) for place in range(len(given))]:
        given = list(given.values())
    if not isinstance(given, list):
        raise invalid(f"Invalid array: {at}", at, "parameter_invalid_type")
    if len(given) > shape.length_max:
        raise invalid(f"Array {at} exceeded maximum {shape.length_max} allowed elements.", at)
    return [_read(shape.of, value, _inside(at, str(place))) for place, value in enumerate(given)]


def _metadata(given: Any, at: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise invalid(f"Invalid {at}: metadata is a set of key-value pairs", at)
    if len(given) > METADATA_KEYS_MAX:
        raise invalid(f"Metadata can only have up to {METADATA_KEYS_MAX} keys.", at)
    for key, value in given.items():
        if len(key) > METADATA_KEY_LENGTH_MAX:
            raise invalid(f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters.", _inside(at, key))
        if len(value) > METADATA_VALUE_LENGTH_MAX:
            raise invalid(f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters.", _inside(at, key))
    return dict(given)


def _unknown(place: str) -> ApiError:
    return invalid(f"Received unknown parameter: {place}", place, "parameter_unknown")


def _inside(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name
