"""An organizer's accent, made readable: what it picks is kept where it can be, and darkened where it cannot be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["CONTRAST_MIN", "INK", "PAPER", "PLATFORM_ACCENT", "WHITE", "Theme", "contrast", "theme_of"]

CONTRAST_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3."""
PAPER = "#fcfaf6"
INK = "#1b1916"
WHITE = "#ffffff"
PLATFORM_ACCENT = "#a3341f"
_STEPS = 64

_Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """The colours of a page, as `#rrggbb`. All text in them reads at 4.5:1 or better."""

    accent: str
    """Of large surfaces and buttons: the organizer's own, or the nearest on which text can be read."""
    on_accent: str
    """Text on `accent`: white or ink."""
    strong: str
    """`accent` while it is pointed at: further from `on_accent`."""
    text: str
    """Text on paper and on `soft`."""
    soft: str
    """A tint of paper."""


@lru_cache(maxsize=1_000)
def theme_of(accent: str) -> Theme:
    """The theme of an accent."""
    fill = next(colour for colour in _towards(accent, "#000000") if _best_on(colour)[1] >= CONTRAST_MIN)
    on_fill = _best_on(fill)[0]
    soft = _mixed(PAPER, accent, 0.09)
    text = next(colour for colour in _towards(accent, "#000000") if min(contrast(colour, PAPER), contrast(colour, soft)) >= CONTRAST_MIN)
    return Theme(fill, on_fill, _mixed(fill, "#000000" if on_fill == WHITE else "#ffffff", 0.18), text, soft)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _best_on(fill: str) -> tuple[str, float]:
    """White or ink, whichever is read better on it; white where both can be read."""
    white, ink = contrast(WHITE, fill), contrast(INK, fill)
    return (WHITE, white) if white >= CONTRAST_MIN or white >= ink else (INK, ink)


def _towards(colour: str, end: str) -> Iterator[str]:
    """The colour, and its way to another in small steps."""
    return (_mixed(colour, end, step / _STEPS) for step in range(_STEPS + 1))


def _mixed(colour: str, other: str, share: float) -> str:
    parts = (round(one + (two - one) * share) for one, two in zip(_rgb(colour), _rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _rgb(colour: str) -> _Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
