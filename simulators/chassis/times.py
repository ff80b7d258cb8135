"""Moments as APIs write them."""

from datetime import UTC, datetime

__all__ = ["rfc3339"]


def rfc3339(unix: float) -> str:
    """An instant as the API writes it: `2026-03-01T12:00:00.000Z`."""
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
