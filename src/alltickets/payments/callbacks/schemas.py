"""What is said over the wire of stored callbacks: never a body or a header of theirs."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.callbacks.store import CallbackState

__all__ = ["StoredCallbackRead"]


class StoredCallbackRead(msgspec.Struct, kw_only=True):
    """A callback as it is kept, without what stood in it.

    `state`: `received` and `to_fetch` are under way, the latter at the gateway, which is asked about what it hints at; `unknown`: it names
    no payment of ours, or its account cannot be opened; `unreadable`: it makes no sense. `next_try_at`: when it is tried again by itself;
    null: only by `replayCallback`. `error`: why it is not applied.
    """

    callback_id: UUID
    account_id: UUID
    state: Annotated[CallbackState, Meta(examples=["unknown"])]
    is_verified: Annotated[bool, Meta(description="Signed by its gateway. One that is not says nothing by itself: the gateway is asked.")]
    tries: Annotated[int, Meta(description="How often it was tried again.", examples=[3])]
    next_try_at: datetime | None
    error: str | None
    received_at: datetime
