"""Organizers as tenants: what has to exist before anything of theirs can be written."""

from alltickets.platform.database import Transaction

__all__ = ["enrol"]


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
