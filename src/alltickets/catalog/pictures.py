"""Uploaded pictures, encoded anew: what goes out is ours to the last byte, of a bounded size, and without what a camera wrote into it."""

import hashlib
import io
from dataclasses import dataclass
from uuid import UUID

from PIL import Image, ImageOps, UnidentifiedImageError

from alltickets.catalog.refusals import PictureRefused

__all__ = ["PICTURE_BYTES_MAX", "EncodedPicture", "encode_picture", "jpeg_of"]

PICTURE_BYTES_MAX = 10_485_760
PIXELS_MAX = 50_000_000
"""What a telephone takes; a small file may unfold into much more."""
SIDE_MIN = 64
LARGE_PX = (1600, 2000)
SMALL_PX = (640, 800)
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class EncodedPicture:
    """A picture in two sizes, as WebP. `picture_id` is made of the content and of whose it is; width and height are the large one's."""

    picture_id: UUID
    width: int
    height: int
    large: bytes
    small: bytes


def encode_picture(body: bytes, *, owner_id: UUID) -> EncodedPicture:
    """Decode an upload of an event or an organizer and encode it anew. Raises `PictureRefused`.

    Takes up to a second of a core: call it in a thread.
    """
    picture = _decoded(body)
    if min(picture.size) < SIDE_MIN:
        raise PictureRefused(f"It is only {picture.width} by {picture.height} pixels; each side needs {SIDE_MIN} at least.")
    large, small = _encoded(picture, LARGE_PX), _encoded(picture, SMALL_PX)
    with Image.open(io.BytesIO(large)) as made:
        width, height = made.size
    return EncodedPicture(UUID(bytes=hashlib.blake2b(large, key=owner_id.bytes, digest_size=16).digest()), width, height, large, small)


def jpeg_of(webp: bytes) -> bytes:
    """A picture of ours for paper, on white where it was transparent: printing takes JPEG as it is, and would unpack WebP for each page."""
    with Image.open(io.BytesIO(webp), formats=("WEBP",)) as opened:
        picture = opened.convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture)
    made = io.BytesIO()
    paper.convert("RGB").save(made, "JPEG", quality=QUALITY)
    return made.getvalue()


def _decoded(body: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise PictureRefused(f"It has {opened.width} by {opened.height} pixels, and {PIXELS_MAX:,} are the most.")
            upright = ImageOps.exif_transpose(opened)
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            return upright.convert("RGBA" if has_alpha else "RGB")
    except PictureRefused:
        raise
    # A damaged file makes the decoders raise whatever they met first.
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as fault:
        raise PictureRefused("It is not a JPEG, PNG or WebP picture that can be read.") from fault


def _encoded(picture: Image.Image, most: tuple[int, int]) -> bytes:
    fitting = picture.copy()
    fitting.thumbnail(most, Image.Resampling.LANCZOS)
    made = io.BytesIO()
    fitting.save(made, "WEBP", quality=QUALITY, method=4)
    return made.getvalue()
