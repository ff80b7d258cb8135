"""Words on posters: broken into lines of a size that fits. Widths are estimated: nobody knows the reader's font."""

import unicodedata
from dataclasses import dataclass

__all__ = ["Lettering", "fitted", "is_right_to_left", "latin"]

LINES_MAX = 4
SIZES = (104, 92, 80, 70, 60, 52, 44, 38)


@dataclass(frozen=True)
class Lettering:
    """Lines, top to bottom, and their size in the poster's units."""

    lines: tuple[str, ...]
    size: int


def fitted(text: str, *, width: float, height: float, sizes: tuple[int, ...] = SIZES) -> Lettering:
    """The text as large as it fits; what does not fit in the smallest size is cut with an ellipsis."""
    for size in sizes:
        lines = _broken(text, width / size)
        if len(lines) <= LINES_MAX and len(lines) * size * 1.08 <= height and all(_ems(line) * size <= width for line in lines):
            return Lettering(tuple(lines), size)
    size = sizes[-1]
    lines = _broken(text, width / size)
    kept = [_cut(line, width / size) for line in lines[: min(LINES_MAX, int(height / (size * 1.08)))]]
    if len(kept) < len(lines):
        kept[-1] = _cut(f"{kept[-1]} {lines[len(kept)]}", width / size)
    return Lettering(tuple(kept), size)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is written from the right (UAX #9, rule P2)."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def latin(text: str) -> str:
    """What fonts for Latin script have glyphs for: their letters, digits, punctuation."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(char for char in composed if " " <= char <= "~" or "\xa0" < char < "\u0180" or char in "–—‘’“”…•€").split())


def _broken(text: str, ems: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and _ems(f"{lines[-1]} {word}") <= ems:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]


def _cut(line: str, ems: float) -> str:
    if _ems(line) <= ems:
        return line
    while line and _ems(line) + 0.9 > ems:
        line = line[:-1]
    return f"{line.rstrip()}…"


def _ems(text: str) -> float:
    return sum(_em(char) for char in text)


def _em(char: str) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.15
    if unicodedata.combining(char):
        return 0.0
    # The widest bold among the system fonts that pages name is DejaVu's: what fits in it fits in all of them.
    if char in "MWmw@%":
        return 1.05
    if char in "iIlj.,:;'!|() ":
        return 0.38
    return 0.79 if char.isupper() else 0.68
