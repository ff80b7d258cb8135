"""Any text becomes a line that can be set and disturbs nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.tickets.pdf.text import breakable, one_line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("María Ñandúbay", "María Ñandúbay"),
        ("  two\n lines\tand a tab ", "two lines and a tab"),
        ("Mari\u0301a", "María"),
        ("\u202egnitset\u202c", "gnitset"),
        ("a\u2066b\u2069\u200fc\ufeff", "abc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🎤", "👩\u200d🎤"),
        ("nul\x00here", "nul here"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("Z" + "\u0351" * 50, "Z" + "\u0351" * 3),
        ("שָׁלוֹם", unicodedata.normalize("NFC", "שָׁלוֹם")),
        ("", "–"),
        ("\u200e \x07", "–"),
    ],
)
def test_a_line_keeps_what_is_read_and_drops_what_disturbs(typed: str, line: str) -> None:
    assert one_line(typed) == line


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("abcd", 4) == "abcd"


def test_only_words_that_stand_in_no_dictionary_are_broken() -> None:
    assert breakable("electroencefalografistas") == "electroencefalografistas"
    assert breakable("W" * 25).split("\u200b") == ["W" * 8, "W" * 8, "W" * 8, "W"]


@given(st.text(st.characters(exclude_categories=())))
def test_a_line_is_one_line_that_can_be_encoded_and_stays_as_it_is(text: str) -> None:
    line = one_line(text)

    assert line.encode()
    assert line.strip()
    assert len(line.splitlines()) == 1
    assert one_line(line) == line
    assert breakable(line).replace("\u200b", "") == line
