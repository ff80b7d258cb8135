"""Having a gateway open a payment: through the account's breaker, and again where it certainly was not reached."""

import asyncio
from collections import Counter
from uuid import UUID

import structlog

from alltickets.kernel.time import Clock
from alltickets.payments.breaker.rules import Outcome, claim_probe, fold, state_of, verdict_on
from alltickets.payments.breaker.store import lock_breaker, note_failure, write_breaker
from alltickets.payments.connections import ConnectedAccount
from alltickets.payments.port import Creation, Final, GatewayError, Pending, Redirect
from alltickets.payments.schedule import what_to_do_after
from alltickets.payments.sellers.store import suspect
from alltickets.platform.database import Database

__all__ = ["TRIES_MAX", "Calling"]

TRIES_MAX = 3
RETRY_SECONDS = (0.5, 1.0)
RETRY_AFTER_SECONDS_MAX = 5
PAGE_SECONDS_MAX = 3.0
"""For opening a payment page: its buyer waits, and another account may take over, whose answer takes time too: five seconds for both."""

_log = structlog.get_logger()


class Calling:
    """Use case of calling. What goes well with a clean breaker is counted here and told with the next thing that matters."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._well: Counter[UUID] = Counter()

    async def create(
        self, organizer_id: UUID, account: ConnectedAccount, creation: Creation, *, tries_max: int
    ) -> Redirect | Final | Pending:
        """Call until the gateway was reached, under the same key each time; what may have been carried out is never repeated here.

        Raises `GatewayError`, of kind "unavailable_not_sent" where the breaker lets nobody through.
        """
        is_probe = await self._admit(organizer_id, account)
        try:
            answer = await _create(account, creation, 1 if is_probe else tries_max)
        except GatewayError as error:
            await self._tell(organizer_id, account, error, is_probe=is_probe)
            raise
        await self._tell(organizer_id, account, None, is_probe=is_probe)
        return answer

    async def _admit(self, organizer_id: UUID, account: ConnectedAccount) -> bool:
        """Whether this call is a probe. Raises `GatewayError` where nobody may call."""
        now = self._clock()
        state = state_of(account.breaker, now)
        if state == "closed":
            return False
        if state == "half_open":
            async with self._database.transaction(organizer_id) as tx:
                claimed = claim_probe(await lock_breaker(tx, account.id), now)
                if claimed is not None:
                    await write_breaker(tx, account.id, claimed)
                    return True
        raise GatewayError(f"The account {account.label} is left out for the moment.", kind="unavailable_not_sent", code="left_out")

    async def _tell(self, organizer_id: UUID, account: ConnectedAccount, error: GatewayError | None, *, is_probe: bool) -> None:
        verdict = "well" if error is None else verdict_on(error.kind)
        if verdict == "well" and not is_probe and account.breaker.is_clean:
            self._well[account.id] += 1
            return
        now = self._clock()
        outcome = Outcome(verdict=verdict, is_probe=is_probe, well_before=self._well.pop(account.id, 0))
        async with self._database.transaction(organizer_id) as tx:
            if verdict == "locked_out":
                # Before the breaker: whoever looks at a seller locks them in this order too.
                await suspect(tx, [account.id], now)
            before = await lock_breaker(tx, account.id)
            after = fold(before, [outcome], now)
            if after != before:
                await write_breaker(tx, account.id, after)
            if error is not None:
                await note_failure(tx, account.id, "start", error, now)
        if state_of(after, now) != state_of(before, now):
            _log.warning("gateway account's breaker moved", account=str(account.id), state=state_of(after, now), until=after.opened_until)


async def _create(account: ConnectedAccount, creation: Creation, tries_max: int) -> Redirect | Final | Pending:
    for tried in range(tries_max):
        try:
            return await _ask(account, creation)
        except GatewayError as error:
            wait = error.retry_after_seconds if error.retry_after_seconds is not None else RETRY_SECONDS[min(tried, 1)]
            if what_to_do_after(error.kind) != "repeat" or tried == tries_max - 1 or wait > RETRY_AFTER_SECONDS_MAX:
                raise
        await asyncio.sleep(wait)
    raise AssertionError("the last try returns or raises")


async def _ask(account: ConnectedAccount, creation: Creation) -> Redirect | Final | Pending:
    if account.gateway.capabilities.flow != "redirect":
        return await account.gateway.create(creation)
    try:
        async with asyncio.timeout(PAGE_SECONDS_MAX):
            return await account.gateway.create(creation)
    except TimeoutError as fault:
        raise GatewayError(f"The gateway gave no page within {PAGE_SECONDS_MAX:g} s.", kind="unknown_outcome") from fault
