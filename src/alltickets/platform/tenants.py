"""Organizers as tenants: what has to exist before anything of theirs can be written, and who there is."""

from uuid import UUID

from alltickets.platform.database import Reader, Transaction

__all__ = ["enrol", "organizers_after"]

AT_ONCE = 200


async def enrol(tx: Transaction) -> bool:
    """Enrol the transaction's organizer and open its event stream; False when it was enrolled before."""
    enrolled = await tx.execute(
        """
        INSERT INTO platform.organizers (organizer_id, enrolled_at)
        VALUES (%(organizer_id)s, now())
        ON CONFLICT (organizer_id) DO NOTHING
        """
    )
    await tx.execute(
        """
        INSERT INTO platform.streams (organizer_id, position)
        VALUES (%(organizer_id)s, 0)
        ON CONFLICT (organizer_id) DO NOTHING
        """
    )
    return enrolled == 1


async def organizers_after(reader: Reader, after: UUID | None) -> list[UUID]:
    """The next organizers in the order of their ids, the first ones where `after` is None: for work that loops over all of them."""
    rows = await reader.fetch_tuples(
        """
        /* across organizers: who there is; reads only, the work itself names its organizer */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE o.organizer_id > %(after)s
         ORDER BY o.organizer_id
         LIMIT %(limit)s
        """,
        after=after or UUID(int=0),
        limit=AT_ONCE,
    )
    return [organizer_id for (organizer_id,) in rows]
