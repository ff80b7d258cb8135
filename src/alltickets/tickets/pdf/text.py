"""Makes a line of any text that a person may have typed: something that can be set, and that disturbs nothing around it."""

import itertools
import re
import unicodedata

__all__ = ["breakable", "one_line"]

# Vietnamese, Hebrew and Arabic need up to three marks on a letter; towers of them run over whatever stands above and below.
_MARKS_MAX = 3
# Joins letters in Persian and in emoji; every other format character reorders text or hides in it.
_JOINERS = "\u200c\u200d"
# Words that stand in dictionaries are not broken; what is longer may be, and then in pieces that fit the narrowest column.
_WORD_MAX = 24
_PIECE = 8
_ZERO_WIDTH_SPACE = "\u200b"


def one_line(text: str, characters_max: int = 200) -> str:
    """The text on one line, at most so long, with an ellipsis where it was cut. Nothing left of it: a dash.

    Control and format characters are gone, so no name turns the text after it around; half a surrogate pair becomes a
    replacement character.
    """
    whole = unicodedata.normalize("NFC", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    spaced = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in whole)
    plain = "".join(one for one in spaced if unicodedata.category(one) != "Cf" or one in _JOINERS)
    line = " ".join(_without_towers(plain).split())
    if len(line) > characters_max:
        line = line[: characters_max - 1].rstrip() + "…"
    return line or "–"


def breakable(line: str) -> str:
    """The line with places to break in words that are too long to stay whole."""
    return re.sub(rf"\S{{{_WORD_MAX + 1},}}", lambda word: _ZERO_WIDTH_SPACE.join(_pieces(word[0])), line)


def _without_towers(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for one in text:
        marks = marks + 1 if unicodedata.category(one) in ("Mn", "Me") else 0
        if marks <= _MARKS_MAX:
            kept.append(one)
    return "".join(kept)


def _pieces(word: str) -> list[str]:
    """Pieces that do not begin with a mark or a joiner, which belong to what stands before them."""
    starts = [0]
    for index, one in enumerate(word):
        if index - starts[-1] >= _PIECE and unicodedata.category(one) not in ("Mn", "Me", "Mc", "Cf") and word[index - 1] not in _JOINERS:
            starts.append(index)
    return [word[start:end] for start, end in itertools.pairwise([*starts, len(word)])]
