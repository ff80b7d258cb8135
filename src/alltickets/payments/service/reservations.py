"""Reserved money is taken where it pays for something, and given back to the buyer where it does not."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.breaker.store import note_failure
from alltickets.payments.connections import Accounts
from alltickets.payments.port import Capabilities, Gateway, GatewayError, GatewayPayment, Hint
from alltickets.payments.reservations.rules import BEGUN_WITHIN
from alltickets.payments.reservations.store import decide_reserved, note_refused, undecided_among
from alltickets.payments.rules import Charge, restated
from alltickets.platform.database import Database

__all__ = ["Reservations", "Wanted"]

Wanted = Callable[[UUID, Collection[UUID]], Awaitable[set[UUID]]]
"""Of an organizer's references, those that their money would still be of use for."""

CALLS_AT_ONCE_MAX = 10

_log = structlog.get_logger()
_reservations = Counter("alltickets_payment_reservations", "Reserved payments that were taken or given back", ["intent", "outcome"])


class Reservations:
    """Use case of settling what is reserved, for whoever has just asked a gateway how it stands."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.wanted: Wanted = _all_of_them
        """Asked before money is taken. Who knows it stands to the right of payments and is built after them, so it is set then."""

    async def settle(
        self, organizer_id: UUID, accounts: Accounts, reported: Sequence[GatewayPayment], attempt_ids: Collection[UUID]
    ) -> None:
        """Take, or give back, what a gateway has just reported to be reserved for these attempts.

        What is done is committed before the gateway is called, and what a call does is asked about before it is repeated: so whoever
        dies in between, or loses the answer, leaves work that the next turn finds as it stands.
        """
        if not any(payment.status == "authorized" for payment in reported):
            return
        async with self._database.reading(organizer_id) as reader:
            undecided = await undecided_among(reader, attempt_ids)
        references = {one.reference for one in undecided}
        unwanted = references - await self.wanted(organizer_id, references) if references else set()
        capabilities = {account.id: account.gateway.capabilities for account in accounts.all}
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            decided = await decide_reserved(tx, attempt_ids, capabilities, unwanted=unwanted, now=now)
        slots = asyncio.Semaphore(CALLS_AT_ONCE_MAX)
        answers = await asyncio.gather(*(self._carry_out(accounts, one, slots, now) for one in decided))
        await self._apply(organizer_id, list(zip(decided, answers, strict=True)), capabilities)

    async def _apply(
        self,
        organizer_id: UUID,
        answers: list[tuple[Charge, GatewayPayment | GatewayError | None]],
        capabilities: Mapping[UUID, Capabilities],
    ) -> None:
        reports = [Report(charge.account_id, answer) for charge, answer in answers if isinstance(answer, GatewayPayment)]
        if reports:
            async with self._database.transaction(organizer_id) as tx:
                await apply_reports(tx, reports, cause="call", now=self._clock())
        for charge, answer in answers:
            if isinstance(answer, GatewayError):
                assert charge.intent is not None, "it was decided about"
                async with self._database.transaction(organizer_id) as tx:
                    if answer.kind == "declined":
                        voids = capabilities[charge.account_id].voids
                        await note_refused(tx, charge, str(answer), voids=voids, now=self._clock())
                    await note_failure(tx, charge.account_id, charge.intent, answer, self._clock())

    async def _carry_out(
        self, accounts: Accounts, charge: Charge, slots: asyncio.Semaphore, decided_at: datetime
    ) -> GatewayPayment | GatewayError | None:
        """What the gateway says. None: it was not called, because something else may have been decided meanwhile."""
        assert charge.intent is not None, "it was decided about"
        seen, log = restated(charge), _log.bind(attempt=str(charge.attempt_id), intent=charge.intent)
        gateway = accounts.gateway_of(charge.account_id)
        async with slots:
            if self._clock() - decided_at > BEGUN_WITHIN:
                return None
            try:
                answer = await (gateway.capture(seen) if charge.intent == "capture" else gateway.void(seen))
            except GatewayError as error:
                found = await _after_refusal(gateway, charge, error) if error.kind == "declined" else error
                if isinstance(found, GatewayError):
                    log.warning("reserved payment not settled", kind=found.kind, code=found.code)
                    _reservations.labels(charge.intent, "refused" if found.kind == "declined" else "unanswered").inc()
                return found
        log.info("reserved payment settled", status=answer.raw_status)
        _reservations.labels(charge.intent, "done").inc()
        return answer


async def _after_refusal(gateway: Gateway, charge: Charge, refused: GatewayError) -> GatewayPayment | GatewayError:
    """How it stands, if it is not reserved any more: another process was first. It was refused only if it still is."""
    try:
        found = await gateway.fetch(Hint(provider_payment_id=charge.provider_payment_id))
    except GatewayError as silence:
        return silence
    return next((one for one in found if one.status != "authorized"), refused)


async def _all_of_them(organizer_id: UUID, references: Collection[UUID]) -> set[UUID]:  # noqa: ARG001
    return set(references)
