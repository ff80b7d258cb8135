"""The posters of events as printed tickets take them."""

import asyncio
from collections import OrderedDict
from uuid import UUID

from alltickets.catalog.interface import EventSnapshot, PictureNotFound, jpeg_of, paper_poster_svg, read_picture
from alltickets.platform.database import Database

__all__ = ["Posters"]

KEPT_MAX = 30
"""Uploaded posters kept ready, some 100 kB each: what a process prints at a time is of a few events."""


class Posters:
    """Uploaded ones as JPEG, and for events without one the poster that is made for it, as SVG."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uploaded: OrderedDict[UUID, bytes] = OrderedDict()

    async def of(self, event: EventSnapshot) -> bytes:
        """The event's poster. One statement and some 10 ms of a thread for an uploaded one that is not at hand."""
        if event.poster is None:
            return paper_poster_svg(event)
        found = self._uploaded.get(event.poster.picture_id)
        if found is None:
            try:
                async with self._database.reading(event.organizer_id) as reader:
                    # 640 pixels on 62 mm are 260 to the inch: the large size would only make the file larger.
                    webp = await read_picture(reader, event.poster.picture_id, is_small=True)
            except PictureNotFound:
                return paper_poster_svg(event)
            found = self._uploaded[event.poster.picture_id] = await asyncio.to_thread(jpeg_of, webp)
            while len(self._uploaded) > KEPT_MAX:
                self._uploaded.popitem(last=False)
        return found
