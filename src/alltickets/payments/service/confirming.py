"""What people do with money that no gateway moves: they say that it came, and that they gave it back."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.awaited import AwaitedPayment, Receipt, awaited_of, insert_receipts, list_awaited, receipts_of
from alltickets.payments.codes import tidy_code
from alltickets.payments.connections import Accounts, Connections
from alltickets.payments.port import ChargeFacts, GatewayPayment, PaymentMethod
from alltickets.payments.refunds.by_hand import RefundByHand, find_refund, list_by_hand, note_returned
from alltickets.payments.refusals import AmountDiffers, AwaitedPaymentNotFound, ReceivedLater, RefundNotByHand, RefundNotFound
from alltickets.payments.standings import lock_standings
from alltickets.platform.database import Database
from alltickets.platform.paging import Page

__all__ = ["Confirming", "Seen", "report_of"]

DAY_AHEAD = timedelta(days=1)
"""Somewhere it is tomorrow already."""
_METHODS: dict[str, PaymentMethod] = {"transfer": "bank_transfer", "cash": "cash"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Money that somebody saw: how much, on which day, and what they note about it."""

    amount_minor: int
    received_on: date
    note: str


class Confirming:
    """Use cases of people who keep a bank account or a box office."""

    def __init__(self, database: Database, clock: Clock, connections: Connections) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections

    async def page(
        self, organizer_id: UUID, *, search: str | None, is_open: bool | None, cursor: str | None, size: int
    ) -> Page[AwaitedPayment]:
        """Payments that people bring home, newest first. `search`: a payment code, or the number of a purchase, however it was typed.

        Raises `CursorUnreadable`.
        """
        code = tidy_code(search) if search else None
        number = _as_number(search) if search and code is None else None
        async with self._database.reading(organizer_id) as reader:
            return await list_awaited(reader, code=code, number=number, is_open=is_open, cursor=cursor, size=size)

    async def confirm(self, actor: Actor, attempt_id: UUID, seen: Seen) -> AwaitedPayment:
        """The money for this attempt is here. Said twice, also by two at once, it is here once.

        Late money is judged as any gateway's: it buys the same places if they are free, and has to go back otherwise. It is never undone;
        money that should not have been taken is given back. Raises `AwaitedPaymentNotFound`, `AmountDiffers` or `ReceivedLater`.
        """
        now = self._clock()
        if seen.received_on > (now + DAY_AHEAD).date():
            raise ReceivedLater(seen.received_on)
        async with self._database.transaction(actor.organizer_id) as tx:
            # Behind this lock whoever confirms the same at the same time is through, and their receipt is found.
            await lock_standings(tx, {attempt_id})
            awaited = await awaited_of(tx, attempt_id)
            if awaited is None:
                raise AwaitedPaymentNotFound
            if seen.amount_minor != awaited.amount_minor:
                raise AmountDiffers(awaited.amount_minor, seen.amount_minor, awaited.currency)
            if await receipts_of(tx, [attempt_id]):
                return awaited
            receipt = Receipt(
                id=new_id(),
                account_id=awaited.account_id,
                attempt_id=attempt_id,
                amount_minor=seen.amount_minor,
                currency=awaited.currency,
                received_on=seen.received_on,
                note=seen.note,
                recorded_by=actor.label,
            )
            await insert_receipts(tx, [receipt], now)
            await apply_reports(tx, [report_of(receipt, await self._connections.of(tx))], cause="person", now=now)
            await record(tx, actor, "payment.confirmed", Subject("payment", awaited.reference), _detail_of(awaited, seen))
            confirmed = await awaited_of(tx, attempt_id)
        assert confirmed is not None, "it was there a moment ago"
        return confirmed

    async def refunds_by_hand(self, organizer_id: UUID, *, cursor: str | None, size: int) -> Page[RefundByHand]:
        """Money that people have to give back, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(organizer_id) as reader:
            offline = [account.id for account in (await self._connections.of(reader)).all if account.is_offline]
            return await list_by_hand(reader, offline, cursor=cursor, size=size)

    async def settle_refund(self, actor: Actor, refund_id: UUID, *, proof: str) -> RefundByHand:
        """The money went back; `proof` names how, such as the bank's number of the transfer. Said twice, it went back once.

        Raises `RefundNotFound`, or `RefundNotByHand` where a gateway gives it back.
        """
        now = self._clock()
        async with self._database.transaction(actor.organizer_id) as tx:
            refund = await find_refund(tx, refund_id)
            if refund is None:
                raise RefundNotFound
            if not (await self._connections.of(tx)).is_offline(refund.account_id):
                raise RefundNotByHand
            if await note_returned(tx, refund_id, proof=proof, now=now):
                await record(
                    tx, actor, "refund.settled", Subject("refund", refund_id), {"amount_minor": refund.amount_minor, "proof": proof}
                )
            settled = await find_refund(tx, refund_id)
        assert settled is not None, "it was there a moment ago"
        return settled


def report_of(receipt: Receipt, accounts: Accounts) -> Report:
    """A receipt as any gateway would report it: each is a charge of its own."""
    payment = GatewayPayment(
        provider_payment_id=str(receipt.id),
        reference=str(receipt.attempt_id),
        status="charged",
        amount=Money(receipt.amount_minor, receipt.currency),
        raw_status="seen by a person" if receipt.line_key is None else "seen on a statement",
        facts=ChargeFacts(method=_METHODS.get(accounts.get(receipt.account_id).provider), settlement_reference=receipt.line_key),
    )
    return Report(receipt.account_id, payment)


def _detail_of(awaited: AwaitedPayment, seen: Seen) -> dict[str, str | int | bool | None]:
    return {"code": awaited.code, "amount_minor": seen.amount_minor, "received_on": seen.received_on.isoformat(), "note": seen.note}


def _as_number(typed: str) -> str:
    """A purchase's number as it is written, from what somebody typed: `7kq2m9xa` is `7KQ2-M9XA`."""
    letters = "".join(letter for letter in typed.upper() if letter.isalnum())
    return f"{letters[:4]}-{letters[4:]}"
