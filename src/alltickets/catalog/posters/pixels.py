"""The picture that is shown where an event is shared: 1200 by 630 pixels, its poster beside its title, date and place."""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from alltickets.catalog.posters.lettering import fitted, latin
from alltickets.catalog.posters.scene import ART, WIDTH, Circle, Palette, Scene, scene_of
from alltickets.catalog.rules.snapshot import EventSnapshot

__all__ = ["SHARED_SIZE", "shared_picture"]

SHARED_SIZE = (1200, 630)
PICTURE_WIDTH = 504
MARGIN = 64
FONTS = Path(__file__).parent / "fonts"


def shared_picture(event: EventSnapshot, lines: tuple[str, ...], poster: bytes | None) -> bytes:
    """A PNG. `lines`: date and place, below the title; `poster`: the uploaded one, None to draw the event's scene. Some 50 ms of a core."""
    scene = scene_of(event)
    picture = Image.new("RGB", SHARED_SIZE, scene.palette.ground)
    picture.paste(_art(scene) if poster is None else _cropped(poster), (SHARED_SIZE[0] - PICTURE_WIDTH, 0))
    draw = ImageDraw.Draw(picture)
    _write(draw, event, lines, scene.palette)
    made = io.BytesIO()
    picture.quantize(128, dither=Image.Dither.NONE if poster is None else Image.Dither.FLOYDSTEINBERG).save(made, "PNG", optimize=True)
    return made.getvalue()


def _write(draw: ImageDraw.ImageDraw, event: EventSnapshot, lines: tuple[str, ...], palette: Palette) -> None:
    width = SHARED_SIZE[0] - PICTURE_WIDTH - 2 * MARGIN
    title = fitted(latin(event.title), width=width, height=330, sizes=(84, 76, 66, 56, 48, 42, 36))
    y = float(MARGIN)
    if event.category:
        draw.text((MARGIN, y), latin(event.category).upper(), palette.first, _font("text", 26))
    y += 56
    for line in title.lines:
        draw.text((MARGIN, y), line, palette.text, _font("title", title.size))
        y += title.size * 1.12
    y = SHARED_SIZE[1] - MARGIN - len(lines) * 42.0
    for line in lines:
        [fitting] = fitted(latin(line), width=width, height=40, sizes=(30,)).lines[:1]
        draw.text((MARGIN, y), fitting, palette.text, _font("text", 30))
        y += 42


def _art(scene: Scene) -> Image.Image:
    """The scene, drawn twice as large and shrunk: that smooths its edges."""
    scale = 2 * SHARED_SIZE[1] / ART
    large = Image.new("RGB", (round(WIDTH * scale), round(ART * scale)), scene.palette.ground)
    for shape in scene.shapes:
        draw = ImageDraw.Draw(large, "RGBA")
        fill = (*ImageColor.getrgb(shape.fill)[:3], round(255 * shape.opacity))
        if isinstance(shape, Circle):
            x, y, radius = shape.x * scale, shape.y * scale, shape.radius * scale
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
        else:
            draw.polygon([(x * scale, y * scale) for x, y in shape.points], fill=fill)
    left = (large.width - 2 * PICTURE_WIDTH) // 2
    return large.crop((left, 0, left + 2 * PICTURE_WIDTH, large.height)).resize((PICTURE_WIDTH, SHARED_SIZE[1]), Image.Resampling.LANCZOS)


def _cropped(poster: bytes) -> Image.Image:
    """The middle of the poster, filling its place."""
    with Image.open(io.BytesIO(poster), formats=("WEBP",)) as opened:
        whole = opened.convert("RGB")
    scale = max(PICTURE_WIDTH / whole.width, SHARED_SIZE[1] / whole.height)
    scaled = whole.resize((round(whole.width * scale) + 1, round(whole.height * scale) + 1), Image.Resampling.LANCZOS)
    left, top = (scaled.width - PICTURE_WIDTH) // 2, (scaled.height - SHARED_SIZE[1]) // 2
    return scaled.crop((left, top, left + PICTURE_WIDTH, top + SHARED_SIZE[1]))


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"{name}.woff2", size)
