"""JSON whose numbers keep their decimals, and amounts between the wire's pesos and our centavos."""

import json
from decimal import Decimal
from typing import Any

import msgspec

from simulators.chassis.errors import Refused, invalid

__all__ = ["dumps", "loads", "minor_of", "pesos", "reading"]

MINOR_MAX = 10**14

_encoder = msgspec.json.Encoder(decimal_format="number")


def loads(body: bytes) -> Any:
    """The document; a number with a point becomes a Decimal."""
    return json.loads(body, parse_float=Decimal, parse_constant=_refuse)


def dumps(document: object) -> bytes:
    """The document's bytes; a Decimal becomes a number with all its places."""
    return _encoder.encode(document)


def reading(body: bytes, content_type: str) -> dict[str, Any]:
    """The body of a call, an object; no body is an empty one. Raises `Refused` 400 or 415."""
    if not body.strip():
        return {}
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "unsupported_media_type", "Content-Type must be application/json.")
    try:
        document = loads(body)
    except (ValueError, RecursionError) as fault:
        raise invalid(f"The body is not JSON: {fault}.") from None
    if not isinstance(document, dict):
        raise invalid("The body must be an object.")
    return document


def minor_of(amount: object) -> int | None:
    """Pesos as centavos; None for what is no amount, or has parts of a centavo."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    exact = Decimal(amount)
    if not exact.is_finite() or abs(exact) > MINOR_MAX or exact != exact.quantize(Decimal("0.01")):
        return None
    return int(exact.scaleb(2))


def pesos(minor: int) -> Decimal:
    """Centavos as the API writes them: `pesos(600000)` is 6000.00."""
    return Decimal(minor).scaleb(-2)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number")
