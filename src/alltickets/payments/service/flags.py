"""What somebody has to look at: kept as it is told, listed, settled."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.time import Clock
from alltickets.payments.flags.store import Flag, list_flags, mark_settled, raise_flags, read_flag, settle_over
from alltickets.payments.refusals import FlagNotFound
from alltickets.platform.database import Database, Transaction
from alltickets.platform.outbox import Recorded
from alltickets.platform.paging import Page

__all__ = ["Flags"]

_log = structlog.get_logger()
_flags = Counter("alltickets_payment_flags", "Things about payments that somebody has to look at, once each", ["kind"])


class Flags:
    """Use cases of flags."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def on_events(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Keep what is flagged, a line in the log and a count for what was not open before; and settle what is over by itself."""
        for flag in await raise_flags(tx, recorded):
            _flags.labels(flag.kind).inc()
            _log.warning(
                "payment flagged",
                kind=flag.kind,
                flag=str(flag.flag_id),
                reference=str(flag.reference),
                account=str(flag.account_id),
                explanation=flag.explanation,
            )
        await settle_over(tx, recorded)

    async def page(self, organizer_id: UUID, *, is_settled: bool | None, cursor: str | None, size: int) -> Page[Flag]:
        """The organizer's flags, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_flags(reader, is_settled=is_settled, cursor=cursor, size=size)

    async def settle(self, actor: Actor, flag_id: UUID, *, note: str) -> Flag:
        """Say what was done about it; the first word stands. Raises `FlagNotFound`."""
        async with self._database.transaction(actor.organizer_id) as tx:
            is_first = await mark_settled(tx, flag_id, by=actor.label, note=note, now=self._clock())
            flag = await read_flag(tx, flag_id)
            if flag is None:
                raise FlagNotFound
            if is_first:
                noted = {"kind": flag.kind, "reference": str(flag.reference), "note": note}
                await record(tx, actor, "payment_flag.settled", Subject("payment_flag", flag_id), noted)
        return flag
