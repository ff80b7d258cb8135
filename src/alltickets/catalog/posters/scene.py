"""What a poster shows: shapes in a palette, chosen by the event's id and category; no two runs differ."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from alltickets.catalog.rules.snapshot import EventSnapshot

__all__ = ["HEIGHT", "PALETTES", "WIDTH", "Circle", "Palette", "Polygon", "Scene", "scene_of"]

WIDTH, HEIGHT = 800, 1000
ART = 640
"""The scene fills the poster down to here; below stands the title."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Palette:
    """The ground with the text on it, and three colours that go with them."""

    ground: str
    text: str
    first: str
    second: str
    third: str


PALETTES = (
    Palette("#14213d", "#f5efe0", "#f4a83a", "#d8434e", "#2f6f97"),
    Palette("#f0d9a8", "#2b2118", "#d9694a", "#3d405b", "#6f9f86"),
    Palette("#0b3d2e", "#f3ead3", "#e9c46a", "#d1495b", "#5c9c7b"),
    Palette("#3c1642", "#fbeee6", "#ff7f51", "#f2b5d4", "#7b4f9c"),
    Palette("#dbe5ea", "#10222e", "#d1495b", "#00798c", "#edae49"),
    Palette("#8d1f24", "#fdf0d5", "#e9a03b", "#ffb4a2", "#5c1015"),
    Palette("#1b1916", "#f6f1e7", "#c9a227", "#b23a48", "#4f6d7a"),
    Palette("#f1e8d8", "#231f20", "#bc4b32", "#2f5d62", "#e0a458"),
)


@dataclass(frozen=True)
class Circle:
    """A disc."""

    x: float
    y: float
    radius: float
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Polygon:
    """An area."""

    points: tuple[Point, ...]
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Scene:
    """A poster without its words. Shapes are drawn in order and may reach over the edges."""

    palette: Palette
    shapes: tuple[Circle | Polygon, ...]


class _Dice:
    """Numbers that look random and are the same for the same event."""

    def __init__(self, event_id: UUID) -> None:
        self._seed = event_id.bytes
        self._count = 0

    def between(self, low: float, high: float) -> float:
        self._count += 1
        drawn = hashlib.blake2b(self._seed, digest_size=4, salt=self._count.to_bytes(2)).digest()
        return low + (high - low) * int.from_bytes(drawn) / 2**32

    def below(self, count: int) -> int:
        return int(self.between(0, count - 0.001))


def scene_of(event: EventSnapshot) -> Scene:
    """The event's scene."""
    dice = _Dice(event.event_id)
    palette = PALETTES[dice.below(len(PALETTES))]
    return Scene(palette, tuple(_motif_of(event.category, dice)(palette, dice)))


_Shapes = list[Circle | Polygon]


def _motif_of(category: str, dice: _Dice) -> Callable[[Palette, _Dice], _Shapes]:
    words = category.casefold()
    for stems, motif in _MOTIFS:
        if any(stem in words for stem in stems):
            return motif
    return _MOTIFS[dice.below(len(_MOTIFS))][1] if not words else _tiles


def _fog(palette: Palette, dice: _Dice) -> _Shapes:
    """A moon over banks of fog."""
    moon = dice.between(150, 210)
    at = dice.between(260, 540)
    shapes: _Shapes = [
        Circle(at, 250, moon * 1.75, palette.third, 0.25),
        Circle(at, 250, moon * 1.35, palette.third, 0.45),
        Circle(at, 250, moon, palette.first),
    ]
    colours = (palette.second, palette.third, palette.second, palette.third, palette.ground)
    for band, colour in enumerate(colours):
        base = 260 + band * 90
        shapes.append(_wave(base, dice.between(18, 46), dice.between(260, 520), dice.between(0, 6), colour, 0.55 + band * 0.09))
    return shapes


def _wave(base: float, swing: float, length: float, phase: float, colour: str, opacity: float) -> Polygon:
    edge = tuple((x, base + swing * math.sin(phase + x / length * 2 * math.pi)) for x in range(0, WIDTH + 1, 20))
    return Polygon(((0, ART + 40), *edge, (WIDTH, ART + 40)), colour, min(opacity, 1.0))


def _stage(palette: Palette, dice: _Dice) -> _Shapes:
    """A curtain drawn apart, a spotlight, and a shadow that is longer than it should be."""
    lit = dice.between(330, 470)
    shadow = palette.ground if _is_dark(palette.ground) else palette.text
    shapes: _Shapes = [
        Polygon(((0, 0), (WIDTH, 0), (WIDTH, ART), (0, ART)), palette.third, 0.35),
        Polygon(((lit - 30, -20), (lit + 30, -20), (lit + 230, ART), (lit - 230, ART)), palette.first, 0.85),
        Polygon(((lit - 34, 430), (lit + 34, 430), (lit + 330, ART + 40), (lit + 120, ART + 40)), shadow),
        Circle(lit, 342, 40, shadow),
        Polygon(((lit - 42, 396), (lit + 42, 396), (lit + 30, 520), (lit - 30, 520)), shadow),
    ]
    folds = 5
    for side in (0, 1):
        for fold in range(folds):
            outer = fold * 44.0
            top = (outer, outer + 50)
            hem = (outer * 0.62, outer * 0.62 + 40)
            points = ((top[0], 0), (top[1], 0), (hem[1], ART + 30), (hem[0], ART + 30))
            placed = points if side == 0 else tuple((WIDTH - x, y) for x, y in points)
            shapes.append(Polygon(placed, palette.second if fold % 2 == 0 else _darker(palette.second)))
    return shapes


def _rays(palette: Palette, dice: _Dice) -> _Shapes:
    """A sun whose rays turn into a river."""
    x, y = dice.between(300, 500), dice.between(300, 360)
    count = 2 * (9 + dice.below(5))
    turn = dice.between(0, 1)
    shapes: _Shapes = []
    for ray in range(count):
        start, end = ((ray + turn + part) / count * 2 * math.pi for part in (0.0, 1.0))
        if ray % 2 == 0:
            far = 1200
            shapes.append(
                Polygon(
                    ((x, y), (x + far * math.cos(start), y + far * math.sin(start)), (x + far * math.cos(end), y + far * math.sin(end))),
                    palette.third,
                    0.55,
                )
            )
    shapes += [Circle(x, y, 190, palette.second), Circle(x, y, 150, palette.first), Circle(x, y, 108, palette.ground)]
    shapes.append(Circle(x, y, 70, palette.first))
    for band in range(4):
        colour = (palette.second, palette.first, palette.third, palette.ground)[band]
        shapes.append(_wave(450 + band * 52, 22, 400, dice.between(0, 2) + band, colour, 1.0))
    return shapes


def _field(palette: Palette, dice: _Dice) -> _Shapes:
    """Stripes of a shirt, and a ball."""
    shapes: _Shapes = []
    width = 100.0
    lean = dice.between(80, 200)
    for stripe in range(-3, 11):
        left = stripe * width
        colour = (palette.second, palette.third)[stripe % 2]
        shapes.append(Polygon(((left + lean, 0), (left + lean + width, 0), (left + width, ART + 40), (left, ART + 40)), colour))
    x = dice.between(300, 500)
    shapes += [Circle(x, 330, 190, palette.text), Circle(x, 330, 172, palette.ground), Circle(x, 330, 92, palette.first)]
    return shapes


def _tiles(palette: Palette, dice: _Dice) -> _Shapes:
    """A floor of tiles: quarters of circles, triangles and discs."""
    side = 160.0
    colours = (palette.first, palette.second, palette.third)
    shapes: _Shapes = []
    for row in range(4):
        for column in range(5):
            left, top = column * side, row * side
            ground = colours[dice.below(3)]
            figure = [colour for colour in (*colours, palette.text) if colour != ground][dice.below(3)]
            # A little larger than it is: next to each other exactly, tiles show a seam.
            right, bottom = left + side + 1, top + side + 1
            shapes.append(Polygon(((left, top), (right, top), (right, bottom), (left, bottom)), ground))
            shapes.append(_tile(left, top, side, figure, dice))
    return shapes


def _tile(left: float, top: float, side: float, colour: str, dice: _Dice) -> Circle | Polygon:
    kind, corner = dice.below(3), dice.below(4)
    x, y = left + side * (corner % 2), top + side * (corner // 2)
    if kind == 0:
        return Circle(left + side / 2, top + side / 2, side * 0.34, colour)
    if kind == 1:
        return Polygon(((left, top), (left + side, top + side), (x, y) if corner in (1, 2) else (left, top + side)), colour)
    # A quarter of a disc whose centre is a corner.
    inwards_x, inwards_y = (1 if corner % 2 == 0 else -1), (1 if corner // 2 == 0 else -1)
    arc = tuple(
        (x + inwards_x * side * math.cos(step / 12 * math.pi / 2), y + inwards_y * side * math.sin(step / 12 * math.pi / 2))
        for step in range(13)
    )
    return Polygon(((x, y), *arc), colour)


def _is_dark(colour: str) -> bool:
    return sum(int(colour[index : index + 2], 16) for index in (1, 3, 5)) < 3 * 128


def _darker(colour: str) -> str:
    return "#" + "".join(f"{int(int(colour[index : index + 2], 16) * 0.78):02x}" for index in (1, 3, 5))


_MOTIFS: tuple[tuple[tuple[str, ...], Callable[[Palette, _Dice], _Shapes]], ...] = (
    (("fiesta", "club", "noche", "electr", "dj", "party", "festa"), _fog),
    (("teatro", "comedia", "danza", "ópera", "opera", "theatre", "musical", "circo", "stand"), _stage),
    (("recital", "concierto", "festival", "música", "musica", "rock", "show", "concert", "folklore", "tango"), _rays),
    (("deporte", "fútbol", "futbol", "partido", "básquet", "carrera", "sport", "rugby"), _field),
    ((), _tiles),
)
