"""Which sites may frame an organizer's tickets: read and set."""

from collections.abc import Sequence

from alltickets.identity.interface import Actor, Subject, record
from alltickets.marketing.rules.framing import frame_origins
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["EMBEDDING_TOPIC", "Framing", "read_frame_origins"]

EMBEDDING_TOPIC = "embedding"
"""Under it an organizer is announced whose list of sites has changed."""


class Framing:
    """The organizer's list of sites. `allows_loopback`: see `frame_origins`."""

    def __init__(self, database: Database, *, allows_loopback: bool) -> None:
        self._database = database
        self._allows_loopback = allows_loopback

    async def origins(self, actor: Actor) -> tuple[str, ...]:
        """The sites that may frame the organizer's tickets; none at first."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await read_frame_origins(reader)

    async def set_origins(self, actor: Actor, texts: Sequence[str]) -> tuple[str, ...]:
        """Have these sites frame the organizer's tickets, and no other. Raises `OriginRefused`."""
        origins = frame_origins(texts, allows_loopback=self._allows_loopback)
        async with self._database.transaction(actor.organizer_id) as tx:
            await _write(tx, origins)
            await record(tx, actor, "embedding.set", Subject("organizer", actor.organizer_id), {"origins": " ".join(origins)})
            tx.announce(EMBEDDING_TOPIC, str(actor.organizer_id))
        return origins


async def read_frame_origins(reader: Reader) -> tuple[str, ...]:
    """The sites that may frame the reader's organizer's tickets, as browsers compare them."""
    rows = await reader.fetch_tuples("SELECT origins FROM marketing.embeddings WHERE organizer_id = %(organizer_id)s")
    return tuple(rows[0][0]) if rows else ()


async def _write(tx: Transaction, origins: Sequence[str]) -> None:
    await tx.execute(
        """
        INSERT INTO marketing.embeddings (organizer_id, origins)
        VALUES (%(organizer_id)s, %(origins)s)
        ON CONFLICT (organizer_id) DO UPDATE SET origins = excluded.origins
        """,
        origins=list(origins),
    )
