"""Problem documents (RFC 9457): one table says how each refusal looks from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from prometheus_client import Counter

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.kernel.ids import new_id

__all__ = ["InvalidBody", "MalformedBody", "NoSuchPath", "NotAllowedHere", "PayloadTooLarge", "ProblemDocument", "ProblemType", "Problems"]

MEDIA_TYPE = "application/problem+json"
STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "instance"})
_log = structlog.get_logger()
_problems = Counter("alltickets_problems", "Problem documents sent", ["type"])


@dataclass(eq=False)
class MalformedBody(Refusal):
    """The body is not the JSON it says it is."""

    fault: str

    def __str__(self) -> str:
        return f"The body could not be read: {self.fault}. Nothing was changed; send JSON in UTF-8."


@dataclass(eq=False)
class InvalidBody(Refusal):
    """The body or a parameter is well-formed but not what this operation takes."""

    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'; '.join(self.faults) or 'The request does not fit'}. Nothing was changed; /api/openapi.json describes what fits."


@dataclass(eq=False)
class NoSuchPath(Refusal):
    """Nothing is at this address."""

    def __str__(self) -> str:
        return "There is nothing at this address. /api/openapi.json lists what there is."


@dataclass(eq=False)
class NotAllowedHere(Refusal):
    """The address exists, but not for this method."""

    allowed: tuple[str, ...]

    def __str__(self) -> str:
        return f"This address does not take that method, but {', '.join(self.allowed)}. /api/openapi.json says what for."


@dataclass(eq=False)
class PayloadTooLarge(Refusal):
    """The body is larger than anything that this operation needs."""

    bytes_max: int

    def __str__(self) -> str:
        return f"The body may have at most {self.bytes_max} bytes. Nothing was changed."


@dataclass(frozen=True)
class ProblemType:
    """A row of the table: the stable slug that a client may switch on, the status, and a title that is the same each time."""

    refusal: type[Exception]
    slug: str
    status: int
    title: str


@dataclass(frozen=True)
class ProblemDocument:
    """What goes out: `headers` carry Retry-After where asking again helps."""

    status: int
    body: bytes
    headers: Mapping[str, str]


_UNEXPECTED = ProblemType(Exception, "unexpected", 500, "Something went wrong on our side")
_TROUBLE = ProblemType(Trouble, "unavailable", 503, "Not available right now")


class Problems:
    """Turns exceptions into problem documents by the table it is given; what is not in it is a 500 without innards."""

    def __init__(self, table: Sequence[ProblemType]) -> None:
        self.table = tuple(table)
        self._by_type = {row.refusal: row for row in table}
        assert len(self._by_type) == len(table), "a refusal stands in the table once"
        assert len({row.slug for row in table}) == len(table), "a slug stands in the table once"
        for row in table:
            taken = STANDARD_MEMBERS.intersection(getattr(row.refusal, "__dataclass_fields__", ()))
            assert not taken, f"{row.refusal.__name__} has fields of names that RFC 9457 gives a meaning: {', '.join(sorted(taken))}"

    def row_of(self, fault: Exception) -> ProblemType:
        """The row of this exception's class or of its nearest base."""
        for base in type(fault).__mro__:
            row = self._by_type.get(base)
            if row is not None:
                return row
        if isinstance(fault, Trouble):
            return _TROUBLE
        return _UNEXPECTED

    def document(self, fault: Exception, *, instance: str) -> ProblemDocument:
        """The document for an exception raised while serving `instance` (the request's path). Logs what is our own fault."""
        row = self.row_of(fault)
        _problems.labels(row.slug).inc()
        members: dict[str, Any] = {"type": f"/problems/{row.slug}", "title": row.title, "status": row.status, "instance": instance}
        headers: dict[str, str] = {}
        if row is _UNEXPECTED:
            incident = str(new_id())
            _log.exception("unexpected", incident=incident, path=instance, exc_info=fault)
            members["detail"] = "The fault was recorded. Try again; if it stays, tell us the incident's number."
            members["incident"] = incident
        else:
            members["detail"] = str(fault)
            if isinstance(fault, Refusal):
                members.update(fault.members())
            retry_after = getattr(fault, "retry_after_seconds", None)
            if retry_after is not None:
                headers["Retry-After"] = str(retry_after)
        return ProblemDocument(row.status, msgspec.json.encode(members, enc_hook=str), headers)
