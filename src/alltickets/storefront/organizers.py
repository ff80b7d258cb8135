"""Who organizes, as pages show it: copies that are at most a second old."""

from dataclasses import dataclass
from uuid import UUID

from alltickets.catalog.interface import APPEARANCE_TOPIC, PictureSnapshot, read_appearance
from alltickets.identity.interface import organizer_of
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener
from alltickets.storefront.colours import PLATFORM_ACCENT

__all__ = ["Face", "Organizers"]


@dataclass(frozen=True)
class Face:
    """An organizer's name and looks. `accent` as it was picked."""

    organizer_id: UUID
    name: str
    accent: str
    logo: PictureSnapshot | None


class Organizers:
    """The faces of organizers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._faces: Snapshots[UUID, Face] = Snapshots(self._load)

    def follow(self, listener: Listener) -> None:
        """Drop a copy as soon as its change is announced."""
        self._faces.follow(listener, APPEARANCE_TOPIC, UUID)

    async def face(self, organizer_id: UUID) -> Face:
        """The organizer's face; nameless for a tenant that never signed up."""
        return await self._faces.get(organizer_id) or Face(organizer_id, "", PLATFORM_ACCENT, None)

    async def _load(self, organizer_id: UUID) -> tuple[Face | None, object]:
        async with self._database.reading(organizer_id) as reader:
            organizer = await organizer_of(reader)
            appearance = await read_appearance(reader)
        name = "" if organizer is None else organizer.name
        return Face(organizer_id, name, appearance.accent or PLATFORM_ACCENT, appearance.logo), None
