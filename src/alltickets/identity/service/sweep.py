"""Housekeeping: what has expired is refused by its date at once, and deleted when there is time."""

from datetime import datetime

from alltickets.platform.database import Database

__all__ = ["sweep_expired"]

_ORGANIZERS_MAX = 100


async def sweep_expired(database: Database, *, now: datetime) -> int:
    """Delete expired windows of tries, credentials and sessions; how many rows. Touches each organizer in a transaction of its own."""
    async with database.transaction(None) as tx:
        swept = await tx.execute("/* directory */ DELETE FROM identity.tries WHERE expires_at <= %(now)s", now=now)
    async with database.reading(None) as reader:
        rows = await reader.fetch_tuples(
            """
            /* directory */
            SELECT DISTINCT c.organizer_id
              FROM identity.credentials c
             WHERE c.expires_at <= %(now)s
             LIMIT %(limit)s
            """,
            now=now,
            limit=_ORGANIZERS_MAX,
        )
    for (organizer_id,) in rows:
        async with database.transaction(organizer_id) as tx:
            swept += await tx.execute(
                "DELETE FROM identity.credentials WHERE organizer_id = %(organizer_id)s AND expires_at <= %(now)s", now=now
            )
            swept += await tx.execute(
                "DELETE FROM identity.sessions WHERE organizer_id = %(organizer_id)s AND expires_at <= %(now)s", now=now
            )
    return swept
