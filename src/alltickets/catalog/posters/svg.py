"""A poster as SVG."""

from html import escape

from alltickets.catalog.posters.lettering import fitted, is_right_to_left, latin
from alltickets.catalog.posters.scene import ART, HEIGHT, WIDTH, Circle, Polygon, scene_of
from alltickets.catalog.rules.snapshot import EventSnapshot

__all__ = ["paper_poster_svg", "poster_svg"]

MARGIN = 56
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans','Liberation Sans',Arial,sans-serif"


def poster_svg(event: EventSnapshot) -> bytes:
    """The event's poster: its scene, and below that its title."""
    return _poster(event, event.title, event.category)


def paper_poster_svg(event: EventSnapshot) -> bytes:
    """The same for paper, where typesetters draw text of an SVG in one font: with the letters that it has, be it none.

    Nothing is lost: whatever it is printed on says the title too.
    """
    return _poster(event, latin(event.title), latin(event.category))


def _poster(event: EventSnapshot, title_text: str, category: str) -> bytes:
    scene = scene_of(event)
    palette = scene.palette
    title = fitted(title_text, width=WIDTH - 2 * MARGIN, height=HEIGHT - ART - 110)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>',
        *(_drawn(shape) for shape in scene.shapes),
        f'<rect y="{ART}" width="{WIDTH}" height="{HEIGHT - ART}" fill="{palette.ground}"/>',
        f'<g font-family="{_FONT}" fill="{palette.text}" font-weight="800">',
        _line(category.upper(), ART + 62, 26, ' letter-spacing="4" opacity=".85"'),
        *(
            _line(line, ART + 100 + (index + 0.86) * title.size * 1.06, title.size, ' letter-spacing="-1"')
            for index, line in enumerate(title.lines)
        ),
        "</g></svg>",
    ]
    return "".join(parts).encode()


def _line(text: str, y: float, size: int, more: str) -> str:
    side = f'x="{WIDTH - MARGIN}" direction="rtl"' if is_right_to_left(text) else f'x="{MARGIN}"'
    return f'<text {side} y="{y:.0f}" font-size="{size}"{more}>{escape(_printable(text))}</text>'


def _drawn(shape: Circle | Polygon) -> str:
    opacity = "" if shape.opacity >= 1 else f' opacity="{shape.opacity:.2f}"'
    if isinstance(shape, Circle):
        return f'<circle cx="{shape.x:.0f}" cy="{shape.y:.0f}" r="{shape.radius:.0f}" fill="{shape.fill}"{opacity}/>'
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in shape.points)
    return f'<polygon points="{points}" fill="{shape.fill}"{opacity}/>'


def _printable(text: str) -> str:
    """Without characters that XML cannot hold."""
    return "".join(char for char in text if char >= " " and char not in "\ufffe\uffff" and not "\ud800" <= char <= "\udfff")
