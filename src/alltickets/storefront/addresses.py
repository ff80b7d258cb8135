"""Addresses that several pages name."""

from uuid import UUID

from alltickets.catalog.interface import PictureSnapshot

__all__ = ["picture_path", "theme_path"]


def picture_path(organizer_id: UUID, picture: PictureSnapshot, size: str) -> str:
    """Where an uploaded picture stands; `size` is large or small."""
    return f"/pictures/{organizer_id}/{picture.picture_id}/{size}.webp"


def theme_path(accent: str) -> str:
    """Where the stylesheet of an accent stands."""
    return f"/themes/{accent[1:]}.css"
