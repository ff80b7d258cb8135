"""Ids are UUIDv7: unique, and sorted by the time they were made."""

from datetime import UTC, datetime
from uuid import UUID

from alltickets.kernel.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()

    assert type(made) is UUID
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_ids_of_one_process_are_strictly_increasing() -> None:
    made = [new_id() for _ in range(10_000)]

    assert made == sorted(set(made))


def test_an_id_begins_with_the_milliseconds_at_which_it_was_made() -> None:
    before = datetime.now(UTC).timestamp()
    made = new_id()
    after = datetime.now(UTC).timestamp()

    milliseconds = made.int >> 80

    assert int(before * 1000) <= milliseconds <= int(after * 1000)
