"""Moments as MercadoPago writes them: milliseconds, and the offset of its own clock."""

from datetime import datetime, timedelta, timezone, tzinfo

from simulators.chassis.errors import invalid

__all__ = ["at_ms", "moment", "unix_of"]

_OFFSET = timezone(timedelta(hours=-4))


def moment(unix_ms: int) -> str:
    """`2026-12-31T22:59:59.000-04:00`."""
    return at_ms(unix_ms, _OFFSET)


def at_ms(unix_ms: int, zone: tzinfo) -> str:
    """The same by another clock."""
    return datetime.fromtimestamp(unix_ms / 1000, zone).isoformat(timespec="milliseconds")


def unix_of(text: str) -> float:
    """The instant of an ISO 8601 text with its offset. Raises `Refused` 400."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise invalid(f"{text[:40]} is not a date.") from None
    if at.tzinfo is None:
        raise invalid(f"{text[:40]} has no offset.")
    return at.timestamp()
