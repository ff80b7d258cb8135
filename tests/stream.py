"""What stands in an organizer's stream."""

from uuid import UUID

import msgspec

from alltickets.platform.database import Database
from alltickets.platform.events import Event


async def events_of(database: Database, organizer_id: UUID, *types: type[Event]) -> list[Event]:
    """The events of these types, in order."""
    by_name = {event_type.__name__: event_type for event_type in types}
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT type, payload::text
              FROM platform.events
             WHERE organizer_id = %(organizer_id)s AND type = ANY(%(types)s::text[])
             ORDER BY position
            """,
            types=list(by_name),
        )
    return [msgspec.json.decode(payload, type=by_name[name]) for name, payload in rows]
