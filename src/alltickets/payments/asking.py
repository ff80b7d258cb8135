"""How long a gateway is waited for where a person waits for the answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alltickets.payments.port import GatewayError

__all__ = ["PERSON_WAITS_SECONDS_MAX", "answered_within"]

PERSON_WAITS_SECONDS_MAX = 10.0
"""Shorter than the time-outs of some gateways: loops wait for those, and go on where a person was told that there was no answer."""


@asynccontextmanager
async def answered_within(seconds_max: float | None) -> AsyncIterator[None]:
    """Raises `GatewayError` of an unknown outcome where what is done takes longer; None: as long as the gateway's client waits."""
    try:
        async with asyncio.timeout(seconds_max):
            yield
    except TimeoutError as fault:
        raise GatewayError(f"The gateway gave no answer within {seconds_max:g} s.", kind="unknown_outcome") from fault
