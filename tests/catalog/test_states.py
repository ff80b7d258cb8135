"""What an event may become."""

import pytest

from alltickets.catalog.refusals import IllegalMove
from alltickets.catalog.rules.states import MOVES, EventStatus, check_move, is_editable

LEGAL = """
    draft      -> published
    published  -> postponed
    published  -> cancelled
    published  -> archived
    postponed  -> published
    postponed  -> cancelled
    cancelled  -> archived
"""


def test_exactly_these_moves_are_legal() -> None:
    written = {tuple(line.replace("->", " ").split()) for line in LEGAL.strip().splitlines()}

    allowed = {(status.value, move.value) for status, moves in MOVES.items() for move in moves}

    assert allowed == written
    assert set(MOVES) == set(EventStatus)


def test_an_illegal_move_says_what_would_be_legal() -> None:
    with pytest.raises(IllegalMove) as refused:
        check_move(EventStatus.POSTPONED, EventStatus.ARCHIVED)

    assert refused.value.allowed == ("cancelled", "published")
    assert "cancelled or published" in str(refused.value)


def test_an_archived_event_becomes_nothing_else() -> None:
    with pytest.raises(IllegalMove, match="final"):
        check_move(EventStatus.ARCHIVED, EventStatus.PUBLISHED)


def test_what_is_over_is_no_longer_edited() -> None:
    assert [status for status in EventStatus if not is_editable(status)] == [EventStatus.CANCELLED, EventStatus.ARCHIVED]
