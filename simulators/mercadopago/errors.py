"""MercadoPago's refusals. Their body is `{"message","error","status","cause":[{"code","description","data"}]}`."""

from dataclasses import dataclass

from simulators.chassis.errors import Refused

__all__ = ["Declined", "body_of", "declined", "not_found", "unavailable"]

_NAMES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "service_unavailable",
}


@dataclass(eq=False)
class Declined(Refused):
    """A refusal with the number that programs go by."""

    cause: int | None = None


def declined(cause: int, message: str, *, status: int = 400) -> Declined:
    """A refusal for a reason that has a number."""
    return Declined(status, _NAMES[status], message, cause=cause)


def not_found(message: str, cause: int = 2000) -> Declined:
    """What was named does not exist for this seller."""
    return declined(cause, message, status=404)


def unavailable() -> Refused:
    """A part of the API is out of order; the call was not processed."""
    return Refused(503, _NAMES[503], "The service is out of order for a moment; the call was not processed.")


def body_of(refusal: Refused) -> dict[str, object]:
    """The refusal as the API answers it."""
    cause = refusal.cause if isinstance(refusal, Declined) else None
    causes = [] if cause is None else [{"code": cause, "description": refusal.message, "data": None}]
    # What the chassis refuses has a word of its own; MercadoPago has one per status, and more precise ones for preferences and tokens.
    error = refusal.code if refusal.code.startswith("invalid_") and refusal.code != "invalid_request" else _NAMES.get(refusal.status)
    return {"message": refusal.message, "error": error or "bad_request", "status": refusal.status, "cause": causes}
