"""Pages by key: a list read page by page is the list, and a cursor from elsewhere is refused."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.kernel.ids import new_id
from alltickets.platform.paging import CursorUnreadable, Page, decode_cursor, page_of

# What PostgreSQL's text can hold: no NUL and no half of a surrogate pair.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@dataclass(frozen=True, order=True)
class Row:
    name: str
    number: int


def read_page(rows: list[Row], cursor: str | None, size: int) -> Page[Row]:
    """What a keyset query does, on a sorted list."""
    after = decode_cursor(cursor, str, int)
    following = [row for row in rows if after is None or (row.name, row.number) > after]
    return page_of(following[: size + 1], size, lambda row: (row.name, row.number))


@given(rows=st.sets(st.builds(Row, texts, st.integers(-(2**63), 2**63 - 1)), max_size=12), size=st.integers(1, 5))
def test_the_pages_of_a_list_are_the_list(rows: set[Row], size: int) -> None:
    listed = sorted(rows)

    read: list[Row] = []
    page = read_page(listed, None, size)
    read += page.items
    while page.next is not None:
        page = read_page(listed, page.next, size)
        assert page.items, "a cursor is given out only when something follows"
        read += page.items

    assert read == listed


def test_a_page_that_is_exactly_full_is_the_last() -> None:
    rows = [Row("a", 1), Row("b", 2)]

    page = page_of(rows, 2, lambda row: (row.name, row.number))

    assert page == Page(rows, None)


def test_a_page_keeps_the_row_that_is_one_too_many_to_itself() -> None:
    rows = [Row("a", 1), Row("b", 2), Row("c", 3)]

    page = page_of(rows, 2, lambda row: (row.name, row.number))

    assert page.items == rows[:2]
    assert decode_cursor(page.next, str, int) == ("b", 2)


def test_a_row_that_appears_between_two_pages_is_neither_skipped_nor_shown_twice() -> None:
    rows = [Row("a", 1), Row("c", 3), Row("d", 4)]
    first = read_page(rows, None, 2)

    rows = sorted([*rows, Row("b", 2), Row("cc", 5)])
    second = read_page(rows, first.next, 2)

    assert first.items == [Row("a", 1), Row("c", 3)]
    assert second.items == [Row("cc", 5), Row("d", 4)]


def test_a_key_keeps_its_types() -> None:
    id_, at = new_id(), datetime(2026, 11, 24, 21, 0, 0, 123456, tzinfo=UTC)
    page = page_of([0, 1], 1, lambda _: (at.isoformat(), str(id_), 7))

    key = decode_cursor(page.next, datetime, UUID, int)

    assert key == (at, id_, 7)


def test_no_cursor_is_the_beginning() -> None:
    assert decode_cursor(None, str, int) is None


def _cursor_of(*key: str | int) -> str:
    page = page_of([0, 1], 1, lambda _: key)
    assert page.next is not None
    return page.next


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("!!!", id="not base64"),
        pytest.param("número", id="not ASCII"),
        pytest.param("W3sx", id="half of a JSON text"),
        pytest.param("eyJhIjoxfQ", id="an object"),
        pytest.param("W1tdXQ", id="a list in a list"),
        pytest.param("WzFd" * 30_000, id="long"),
        pytest.param(_cursor_of("a"), id="too short a key"),
        pytest.param(_cursor_of("a", 1, 2), id="too long a key"),
        pytest.param(_cursor_of("a", "b"), id="a word for a number"),
        pytest.param(_cursor_of("a\x00b", 1), id="a character that PostgreSQL does not take"),
    ],
)
def test_a_cursor_that_no_page_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(CursorUnreadable, match="Start again without it"):
        decode_cursor(cursor, str, int)
