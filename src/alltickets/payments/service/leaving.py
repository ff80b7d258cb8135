"""Pages that a buyer has left open: closed before they pay in another way, so that nobody pays twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.connections import ConnectedAccount, Connections
from alltickets.payments.port import GatewayError, GatewayPayment, GatewayStatus
from alltickets.payments.starting import follow_again, newest_of
from alltickets.platform.database import Database

__all__ = ["CAME_TO_NOTHING", "Leaving"]

CAME_TO_NOTHING: tuple[GatewayStatus, ...] = ("declined", "cancelled", "expired")
CLOSING_SECONDS_MAX = 2.0
"""For closing a page and asking what became of it: the buyer waits, and the page is watched anyway."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Page:
    """A page that is open, as far as we know."""

    attempt_id: UUID
    account_id: UUID
    provider_reference: str


class Leaving:
    """Use case of leaving a page for another way to pay."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def close(self, organizer_id: UUID, reference: UUID, attempt_id: UUID) -> bool:
        """Close the pages of a payment's other attempts, and ask what became of them, before that attempt is begun or charged.

        False: somebody has paid on one of them, or is about to, so that nothing may be charged by that attempt. Whoever does not answer
        in time stands in nobody's way: the page is watched as before, and what is paid on it after all goes back.
        """
        async with self._database.reading(organizer_id) as reader:
            pages = await reader.fetch_all(
                _Page,
                """
                SELECT a.id AS attempt_id, a.account_id, a.provider_reference
                  FROM payments.payments p
                  JOIN payments.attempts a
                    ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
                 WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s AND a.id <> %(attempt_id)s
                   AND a.status = 'awaiting_buyer' AND a.redirect_url IS NOT NULL AND a.provider_reference IS NOT NULL
                """,
                reference=reference,
                attempt_id=attempt_id,
            )
            if not pages:
                return True
            accounts = await self._connections.of(reader)
        closable = [
            (one, account)
            for one in pages
            if (account := accounts.find(one.account_id)) is not None and account.gateway.capabilities.expires_pages
        ]
        found = await asyncio.gather(*(self._close(account, one) for one, account in closable))
        may_go_on = True
        for (one, _), told in zip(closable, found, strict=True):
            if told is not None and not await self._apply(organizer_id, reference, attempt_id, one, told):
                may_go_on = False
        return may_go_on

    async def _close(self, account: ConnectedAccount, page: _Page) -> list[GatewayPayment] | None:
        """What the gateway has of the page once it is closed; None where it did not say so."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS_MAX):
                await account.gateway.expire(page.provider_reference)
                return await account.gateway.query(str(page.attempt_id))
        except (GatewayError, TimeoutError) as fault:
            _log.warning("page not closed", attempt=str(page.attempt_id), account=str(account.id), fault=str(fault))
            return None

    async def _apply(self, organizer_id: UUID, reference: UUID, attempt_id: UUID, page: _Page, told: Sequence[GatewayPayment]) -> bool:
        """Write down what was told; whether the other attempt may go on."""
        now = self._clock()
        may_go_on = all(payment.status in CAME_TO_NOTHING for payment in told)
        async with self._database.transaction(organizer_id) as tx:
            newest = await newest_of(tx, reference, lock=True)
            if not may_go_on and newest.attempt_id == attempt_id:
                # The page decides, so the payment follows it, as if nobody had left it.
                await follow_again(tx, newest, page.attempt_id, now)
            await tx.execute(
                """
                UPDATE payments.attempts
                   SET redirect_url = NULL, version = version + 1
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s
                """,
                id=page.attempt_id,
            )
            # While the payment follows it, that its page came to nothing would be told as a failure of the whole.
            if not may_go_on or newest.attempt_id != page.attempt_id:
                await apply_reports(tx, [Report(page.account_id, payment) for payment in told], cause="query", now=now)
        return may_go_on
