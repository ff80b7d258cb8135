"""The ledger's use cases: post what the log tells, show it, and prove that it is right."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.ledger.checking import BalanceDifference, ChargeDifference, Progress, check_balances, check_charges
from alltickets.payments.ledger.facts import Fact, facts_of, post
from alltickets.payments.ledger.queries import PostingDetails, PostingOfBooks, list_postings, posting_of, postings_of
from alltickets.payments.ledger.records import Balance, move_balances, read_balances, read_known, write_postings
from alltickets.payments.ledger.rules import REVERSIBLE, Move, OtherKind, Posting, fee_passed_on, paid_out, reversal_of, settled
from alltickets.payments.refusals import AccountNotFound
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.platform.outbox import Recorded, cursor_and_end
from alltickets.platform.paging import Page
from alltickets.platform.tenants import organizers_after

__all__ = ["SUBSCRIPTION", "Ledger", "Verification"]

SUBSCRIPTION = "ledger"
LOOKS_MAX = 5
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of an organizer's books; nothing in the first two is well.

    unread: how many events the ledger had not read when charges were looked at last; their charges may be among the differences.
    """

    balances: list[BalanceDifference]
    charges: list[ChargeDifference]
    unread: int

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return not self.balances and not self.charges


class Ledger:
    """Use cases of the books."""

    def __init__(self, database: Database, *, fee_tax_basis_points: int) -> None:
        """`fee_tax_basis_points`: the tax inside gateways' fees."""
        self._database = database
        self.fee_tax_basis_points = fee_tax_basis_points

    async def on_events(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Post the facts that these events tell, each once. Five statements, whatever their number."""
        await self.post_facts(tx, facts_of(recorded))

    async def post_facts(self, tx: Transaction, facts: Sequence[Fact]) -> None:
        """The same for facts from elsewhere; the caller holds the cursor of the subscription, so that nobody else posts meanwhile."""
        if not facts:
            return
        known = await read_known(tx, facts)
        posted = (post(known[fact.charge_id, fact.currency], fact, fee_tax_basis_points=self.fee_tax_basis_points) for fact in facts)
        await self.post(tx, [posting for posting in posted if posting is not None])

    async def post(self, tx: Transaction, postings: Iterable[Posting]) -> list[Posting]:
        """Post in the caller's transaction what was not posted under its key before; what that was. Three statements."""
        return await write_postings(tx, list(postings))

    async def payout(self, organizer_id: UUID, key: str, amount: Money, *, at: datetime) -> Posting | None:
        """The organizer was paid. Once for the key; what stands under it, which is another posting where the key was used before.

        None where there is no such organizer. The same for `pass_on`.
        """
        return await self._record(organizer_id, f"payout:{key}", "payout", amount, paid_out(amount.minor), at)

    async def pass_on(self, organizer_id: UUID, key: str, fee: Money, *, tax_minor: int, at: datetime) -> Posting | None:
        """The organizer bears so much of what gateways keep, by contract, with the tax on it where it is invoiced."""
        return await self._record(organizer_id, f"fee_passed_on:{key}", "fee_passed_on", fee, fee_passed_on(fee.minor, tax_minor), at)

    async def settle(self, organizer_id: UUID, key: str, account_id: UUID, amount: Money, *, at: datetime) -> Posting | None:
        """What stands at a gateway account was paid out, which no report tells: the platform's fees reach an account of its own.

        Raises `AccountNotFound`.
        """
        async with self._database.reading(organizer_id) as reader:
            accounts = await reader.fetch_tuples(
                "SELECT 1 FROM payments.accounts WHERE organizer_id = %(organizer_id)s AND id = %(id)s", id=account_id
            )
        if not accounts:
            raise AccountNotFound
        return await self._record(organizer_id, f"settlement:{key}", "settlement", amount, settled(account_id, amount.minor), at)

    async def reverse(self, organizer_id: UUID, key: str, *, at: datetime) -> Posting | None:
        """Take back, once, what stands under a key; the reversal, or None where there is nothing of `REVERSIBLE`."""
        async with self._database.transaction(organizer_id) as tx:
            posting = await posting_of(tx, key)
            if posting is None or posting.kind not in REVERSIBLE:
                return None
            reversal = reversal_of(posting, at=at)
            await self.post(tx, [reversal])
        return reversal

    async def _record(
        self, organizer_id: UUID, key: str, kind: OtherKind, amount: Money, moves: tuple[Move, ...], at: datetime
    ) -> Posting | None:
        posting = Posting(key=key, kind=kind, minor=amount.minor, currency=amount.currency, moves=moves, occurred_at=at)
        async with self._database.transaction(organizer_id) as tx:
            await self.post(tx, [posting])
            return await posting_of(tx, key)

    async def balances(self, organizer_id: UUID) -> list[Balance]:
        """Every account's balance, by account and currency."""
        async with self._database.reading(organizer_id) as reader:
            return await read_balances(reader)

    async def postings(self, organizer_id: UUID, reference: UUID, *, cursor: str | None, size: int) -> Page[PostingDetails]:
        """What was posted of a payment, in that order. Raises `PaymentNotFound`, `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            return await postings_of(reader, reference, cursor=cursor, size=size)

    async def all_postings(
        self,
        organizer_id: UUID,
        *,
        account: str | None,
        since: datetime | None,
        until: datetime | None,
        cursor: str | None,
        size: int,
    ) -> Page[PostingOfBooks]:
        """See `list_postings`."""
        async with self._database.reading(organizer_id) as reader:
            return await list_postings(reader, account=account, since=since, until=until, cursor=cursor, size=size)

    async def organizers(self, after: UUID | None) -> list[UUID]:
        """The organizers that follow one in the order of their ids, some of them; the first where there is none. Empty: no more."""
        async with self._database.reading(None) as reader:
            return await organizers_after(reader, after)

    async def verify(self, organizer_id: UUID, progress: Progress, *, patience_seconds: float) -> Verification:
        """Prove an organizer's books; what is found may be wrong only where `unread` is not zero.

        Payments are ahead of the ledger by what it has not read. So charges that differ while there is something unread are looked at again
        once that is read, a few times: in a rush others are always ahead. `patience_seconds`: how long it may take each time.
        """
        async with self._database.snapshot(organizer_id) as reader:
            balances = await check_balances(reader, progress)
            charges, left, end = await self._look(reader, progress, None)
        for _ in range(LOOKS_MAX):
            if not charges or not left or not await self._is_read(organizer_id, end, patience_seconds):
                break
            async with self._database.snapshot(organizer_id) as reader:
                charges, left, end = await self._look(reader, progress, sorted({one.payment_id for one in charges}))
        return Verification(balances, charges, left)

    async def mend_balances(self, organizer_id: UUID, progress: Progress) -> list[BalanceDifference]:
        """Make the balances the sum of the moves again; what they differed by. Postings may come meanwhile: what is added commutes."""
        async with self._database.snapshot(organizer_id) as reader:
            differences = await check_balances(reader, progress)
        if differences:
            async with self._database.transaction(organizer_id) as tx:
                await move_balances(tx, [one.missing for one in differences])
        return differences

    async def _look(self, reader: Reader, progress: Progress, only: Sequence[UUID] | None) -> tuple[list[ChargeDifference], int, int]:
        """The charges that differ, how many events the ledger has not read, and where the log ends."""
        charges = await check_charges(reader, progress, fee_tax_basis_points=self.fee_tax_basis_points, only=only)
        position, end = await cursor_and_end(reader, SUBSCRIPTION)
        return charges, end - position, end

    async def _is_read(self, organizer_id: UUID, end: int, patience_seconds: float) -> bool:
        """Give the ledger time to read the log up to there; whether it did."""
        give_up_at = time.monotonic() + patience_seconds
        while True:
            async with self._database.reading(organizer_id) as reader:
                position, _ = await cursor_and_end(reader, SUBSCRIPTION)
            if position >= end:
                return True
            if time.monotonic() > give_up_at:
                return False
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
