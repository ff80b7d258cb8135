"""What is said over the wire of flags."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.events import FlagKind
from alltickets.payments.flags.store import Flag
from alltickets.payments.flags.words import WORDS, Translated

__all__ = ["FlagRead", "FlagSettlement", "flag_read"]


class FlagRead(msgspec.Struct, kw_only=True):
    """Something that somebody has to look at, or has. `reference`: the order; where it is about an account, the newest one at it.

    `sentence` says what the kind means, `explanation` what was found; `next_operations` are operations of this API that help, the
    likeliest first. `times`: how often it was found, the last time at `last_at`; it is one flag until it is settled.
    """

    flag_id: UUID
    kind: FlagKind
    reference: UUID
    payment_id: UUID
    attempt_id: UUID
    account_id: UUID
    sentence: Translated
    explanation: str
    next_operations: tuple[str, ...]
    times: int
    raised_at: datetime
    last_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    note: str | None


class FlagSettlement(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was done about a flag, for whoever reads it later."""

    note: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$", examples=["Devuelto por transferencia el 12/3."])]


def flag_read(flag: Flag) -> FlagRead:
    """A flag on the wire."""
    words = WORDS[flag.kind]
    told = {name: getattr(flag, name) for name in Flag.__slots__}
    return FlagRead(**told, sentence=words.sentence, next_operations=words.next_operations if flag.settled_at is None else ())
