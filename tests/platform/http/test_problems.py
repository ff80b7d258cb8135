"""Problem documents: one table, stable slugs, and nothing of our innards."""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from structlog.testing import capture_logs

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.platform.http.problems import ProblemDocument, Problems, ProblemType


class Reason(enum.Enum):
    CLOSED = "closed"


@dataclass(eq=False)
class DoorShut(Refusal):
    door_id: UUID
    reason: Reason
    opens_at: datetime
    fee: Money
    seats: tuple[str, ...]

    def __str__(self) -> str:
        return "The door is shut. Come back when it opens."


@dataclass(eq=False)
class GateShut(DoorShut):
    """A kind of door."""


@dataclass(eq=False)
class TooEager(Refusal):
    retry_after_seconds: int

    def __str__(self) -> str:
        return "Too many tries. Wait a little."


@dataclass(eq=False)
class Unlisted(Refusal):
    password: str = "hunter2"

    def __str__(self) -> str:
        return f"unlisted {self.password}"


class ScannerGone(Trouble):
    pass


TABLE = (
    ProblemType(DoorShut, "door-shut", 409, "The door is shut"),
    ProblemType(TooEager, "too-eager", 429, "Too many tries"),
    ProblemType(ScannerGone, "scanner-gone", 502, "The scanner does not answer"),
)


@pytest.fixture
def problems() -> Problems:
    return Problems(TABLE)


def read(document: ProblemDocument) -> dict[str, Any]:
    """The document's members."""
    members: dict[str, Any] = msgspec.json.decode(document.body)
    return members


def shut(kind: type[DoorShut] = DoorShut) -> DoorShut:
    return kind(new_id(), Reason.CLOSED, datetime(2026, 11, 24, 21, tzinfo=UTC), Money(1500, "ARS"), ("A1", "A2"))


def test_a_refusal_is_a_document_with_its_own_members(problems: Problems) -> None:
    refusal = shut()

    document = problems.document(refusal, instance="/api/doors/1")

    assert document.status == 409
    assert read(document) == {
        "type": "/problems/door-shut",
        "title": "The door is shut",
        "status": 409,
        "instance": "/api/doors/1",
        "detail": "The door is shut. Come back when it opens.",
        "door_id": str(refusal.door_id),
        "reason": "closed",
        "opens_at": "2026-11-24T21:00:00Z",
        "fee": {"minor": 1500, "currency": "ARS"},
        "seats": ["A1", "A2"],
    }
    assert document.headers == {}


def test_a_kind_of_a_listed_refusal_is_told_as_its_nearest_base(problems: Problems) -> None:
    document = problems.document(shut(GateShut), instance="/")

    assert read(document)["type"] == "/problems/door-shut"


def test_a_refusal_that_says_when_to_come_back_has_a_header_for_it(problems: Problems) -> None:
    document = problems.document(TooEager(30), instance="/")

    assert document.headers == {"Retry-After": "30"}
    assert read(document)["retry_after_seconds"] == 30


@pytest.mark.parametrize(
    ("trouble", "status", "slug", "headers"),
    [
        (Trouble("The database cannot be reached.", 3), 503, "unavailable", {"Retry-After": "3"}),
        (Trouble("The gateway is gone for good."), 503, "unavailable", {}),
        (ScannerGone("The scanner does not answer.", 1), 502, "scanner-gone", {"Retry-After": "1"}),
    ],
)
def test_trouble_says_whether_to_come_back(problems: Problems, trouble: Trouble, status: int, slug: str, headers: dict[str, str]) -> None:
    trouble.__cause__ = ConnectionError("password=hunter2")

    document = problems.document(trouble, instance="/")

    assert (document.status, document.headers) == (status, headers)
    assert read(document)["type"] == f"/problems/{slug}"
    assert read(document)["detail"] == str(trouble)
    assert b"hunter2" not in document.body


@pytest.mark.parametrize("fault", [RuntimeError("password=hunter2"), AssertionError("hunter2"), Unlisted()])
def test_what_is_not_in_the_table_shows_a_number_and_no_innards(problems: Problems, fault: Exception) -> None:
    with capture_logs() as logs:
        document = problems.document(fault, instance="/api/doors/1")

    members = read(document)
    assert document.status == 500
    assert members["type"] == "/problems/unexpected"
    assert set(members) == {"type", "title", "status", "instance", "detail", "incident"}
    assert b"hunter2" not in document.body
    [log] = logs
    assert (log["log_level"], log["incident"], log["exc_info"]) == ("error", members["incident"], fault)


def test_what_a_client_caused_is_not_logged_as_our_fault(problems: Problems) -> None:
    with capture_logs() as logs:
        problems.document(shut(), instance="/")

    assert logs == []


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(ProblemType(DoorShut, "another", 409, "Another"), id="a refusal twice"),
        pytest.param(ProblemType(Unlisted, "door-shut", 409, "Another"), id="a slug twice"),
    ],
)
def test_nothing_stands_in_the_table_twice(row: ProblemType) -> None:
    with pytest.raises(AssertionError, match="stands in the table once"):
        Problems([*TABLE, row])


def test_a_refusal_cannot_take_the_name_of_a_standard_member() -> None:
    @dataclass(eq=False)
    class Misnamed(Refusal):
        status: str

    with pytest.raises(AssertionError, match="Misnamed"):
        Problems([ProblemType(Misnamed, "misnamed", 409, "Misnamed")])
