"""Refusals in Payway's own bodies, which differ from one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Failed", "invalid", "not_found", "wrong_status"]


@dataclass(eq=False)
class Failed(Exception):
    """An answer that is no success; nothing was changed unless its body is a payment or a refund."""

    status: int
    body: Any


def invalid(faults: Sequence[tuple[str, str]]) -> Failed:
    """The request is wrong: (code, parameter) of each fault."""
    listed = [{"code": code, "param": param} for code, param in faults]
    return Failed(400, {"error_type": "invalid_request_error", "validation_errors": listed})


def wrong_status(status: str) -> Failed:
    """Not possible in the state that the payment is in; an object here, where other refusals have a list."""
    return Failed(400, {"error_type": "invalid_status_error", "validation_errors": {"status": status}})


def not_found(entity: str, name: object) -> Failed:
    """There is no such thing, at least not of this site."""
    return Failed(404, {"error_type": "not_found_error", "entity_name": entity, "id": str(name)})
