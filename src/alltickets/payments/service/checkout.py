"""Payments started: stored with the caller's transaction, signed in this process or asked for at the gateway afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
import structlog

from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.kernel.time import Clock
from alltickets.payments.applying import Report, apply_conclusion, apply_reports
from alltickets.payments.awaited import instruct
from alltickets.payments.connections import Accounts, ConnectedAccount, Connections
from alltickets.payments.events import FlagKind, PaymentFlagged
from alltickets.payments.instalments.rules import best_plan, total_of
from alltickets.payments.parts import Part
from alltickets.payments.port import (
    Card,
    CardForm,
    CardMethod,
    Creation,
    Final,
    GatewayError,
    GatewayErrorKind,
    GatewayPayment,
    Instructions,
    Purchase,
    Redirect,
)
from alltickets.payments.refusals import (
    AttemptsExhausted,
    CardNotTaken,
    InstalmentsChanged,
    NoAccountFits,
    PaymentChanged,
    PaymentClosed,
    PaymentNotFound,
)
from alltickets.payments.routing.routed import Routed, Unrouted
from alltickets.payments.routing.router import Router
from alltickets.payments.rules import AttemptStatus, PaymentStatus
from alltickets.payments.schedule import what_to_do_after
from alltickets.payments.service.calling import TRIES_MAX, Calling
from alltickets.payments.service.leaving import CAME_TO_NOTHING, Leaving
from alltickets.payments.service.promotions import Promotions
from alltickets.payments.standings import Cause, Standing
from alltickets.payments.starting import (
    Prepared,
    StartPayment,
    StoredAttempt,
    attempt_of,
    insert_attempts,
    insert_payments,
    newest_of,
    payable_until,
    reopen,
    unsent_at,
)
from alltickets.platform.database import Database, Reader, Transaction

__all__ = ["ATTEMPTS_MAX", "NOTHING_TOLD", "Checkout", "NextStep", "StartPayment", "Started", "Told"]

ATTEMPTS_MAX = 3

_HARMLESS: tuple[GatewayErrorKind, ...] = ("unavailable_not_sent", "rate_limited", "auth_config", "unknown_outcome")
"""What may become of asking for a page without anybody having paid: nobody has seen the page."""
_FOLLOWED: tuple[AttemptStatus, ...] = ("sending", "pending", "unknown", "authorized", "capturing", "voiding")
_OPEN: tuple[AttemptStatus, ...] = (*_FOLLOWED, "created", "awaiting_buyer")
_STARTABLE: tuple[PaymentStatus, ...] = ("open", "failed", "expired")
_FLAG_OF: dict[GatewayErrorKind, FlagKind] = {"auth_config": "account_refused", "invalid_request": "request_refused"}

_log = structlog.get_logger()

NextStep = Redirect | CardForm | Instructions | Literal["needs_call", "wait", "failed"]
"""What the buyer does next: follow the link; fill in the form; pay as they are told; nothing before `Checkout.begin` was called; nothing
but wait; or start again.
"""


@dataclass(frozen=True, slots=True)
class Started:
    """A payment that can be paid. `step` is "needs_call" where the gateway has to be asked: call `begin` after the commit.

    leaves_page: likewise though `step` is known: the buyer has left a page that is to be closed before they are told how to pay.
    """

    payment_id: UUID
    attempt_id: UUID
    step: NextStep
    leaves_page: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What a buyer was told who pays by card: the promotion that they were shown, and what the instalments are in total."""

    promotion_id: UUID | None = None
    total_minor: int | None = None


NOTHING_TOLD = Told()


class Checkout:
    """Use cases of starting a payment."""

    def __init__(
        self, database: Database, clock: Clock, connections: Connections, router: Router, promotions: Promotions, *, public_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._connections = connections
        self._router = router
        self._promotions = promotions
        self._calling = Calling(database, clock)
        self._leaving = Leaving(database, clock, connections)
        self._callback_base = f"{public_url}/api/payments/callbacks"

    async def start(self, tx: Transaction, requests: Sequence[StartPayment]) -> list[Started | Refusal]:
        """Start payments in the caller's transaction; for each what comes next, or why not, in their order.

        Where the gateway needs no call the link is signed here, and nothing is left to do. A reference that was started before gives
        what it gave, or a new attempt once the former one came to nothing. Which account takes it, the organizer's routing decides, and
        keeps why. Four statements for new references, whatever their number, one more where codes are given out; four more for each
        that was started before, six where it goes on with another attempt; one or two for all that no account can take: why is kept
        where there is such a payment already.
        Refusals: `NoAccountFits`, `OptionGone`, `TooLateForAccount`, `PaymentChanged`, `PaymentClosed`, `AttemptsExhausted`.
        """
        accounts = await self._connections.of(tx)
        books = await self._router.books(tx, accounts)
        now = self._clock()
        approvals = await self._router.approvals(tx, books, requests, now)
        outcomes: list[Started | Refusal | Prepared] = []
        unrouted: list[Unrouted] = []
        for request in requests:
            try:
                routed = self._router.route(books, accounts, request, approvals, now)
            except NoAccountFits as refusal:
                outcomes.append(refusal)
                continue
            if isinstance(routed, Unrouted):
                unrouted.append(routed)
                outcomes.append(routed.refusal)
            else:
                outcomes.append(self._prepare(routed, request, now))
        await self._router.keep_unfollowed(tx, unrouted, now)
        prepared = [outcome for outcome in outcomes if isinstance(outcome, Prepared)]
        new = await insert_payments(tx, prepared, now) if prepared else set()
        fresh = [one for one in prepared if one.payment_id in new]
        coded = await self._insert_attempts(tx, fresh, now)
        outcomes = [coded.get(one.creation.attempt_id, one) if isinstance(one, Prepared) else one for one in outcomes]
        return [await self._started(tx, accounts, outcome, new, now) for outcome in outcomes]

    async def begin(self, organizer_id: UUID, attempt_id: UUID, purchase: Purchase | None = None) -> NextStep:
        """Ask the gateway for the payment page of a started attempt, which shows the `purchase`; outside of any transaction.

        The attempt is committed as "sending" before the call, so that a crash leaves a trace which the poller follows. Called again it
        gives the same link, and asks again only where nothing can have happened, where the gateway promises to repeat its answer, or
        where another page does no harm. Where the gateway fails before the buyer has seen anything of it, another account that works
        alike takes its place, once, and the buyer notices nothing. Pages that they have left are closed first, and nothing is begun where
        one of them was paid.
        Raises `PaymentNotFound`.
        """
        account, row = await self._load(organizer_id, attempt_id)
        creation = msgspec.structs.replace(self._creation_of(account, row), purchase=purchase)
        status, redirect_url = row.status, row.redirect_url
        is_fresh = status == "created" or (status == "awaiting_buyer" and not account.gateway.capabilities.create_needs_call)
        if row.attempts > 1 and is_fresh and not await self._leaving.close(organizer_id, row.reference, attempt_id):
            return "wait"
        if account.gateway.capabilities.flow == "card_form" and status == "created":
            return account.sign(creation)
        if redirect_url is not None and status == "awaiting_buyer":
            return Redirect(url=redirect_url)
        if not account.gateway.capabilities.create_needs_call and status == "awaiting_buyer":
            return account.sign(creation)
        capabilities = account.gateway.capabilities
        if status == "unknown" and capabilities.create_idempotency != "query":
            if await self._is_found(organizer_id, account, attempt_id):
                return "wait"
        elif not await self._claim(organizer_id, account, attempt_id):
            return "wait" if status in _OPEN else "failed"
        return await self._call(organizer_id, account, creation)

    async def charge_card(
        self, organizer_id: UUID, reference: UUID, attempt_id: UUID, card: Card, purchase: Purchase, *, told: Told = NOTHING_TOLD
    ) -> NextStep:
        """Charge the card that the buyer filled in for a started attempt; outside of any transaction.

        An attempt is charged once, however often this is called: whoever comes later is told how the payment stands. Pages that the buyer
        has left are closed first, and nothing is charged where one of them was paid. The attempt is committed as "sending" before the call,
        with the best promotion of the card, and nothing of the card is kept but its beginning, where a promotion rests on it, and what the
        gateway's answer tells. Nothing is charged where the buyer would pay more than they were `told`. Where instalments have interest the
        issuer adds it: what is charged is the price.
        Raises `PaymentNotFound`, also for an attempt of another payment, `CardNotTaken`, `PromotionOver` and `InstalmentsChanged`.
        """
        account, row = await self._load(organizer_id, attempt_id)
        if row.reference != reference:
            raise PaymentNotFound
        creation = self._creation_of(account, row)
        method = _method_of(account, creation, card)
        if row.status == "created" and not await self._leaving.close(organizer_id, reference, attempt_id):
            return "wait"
        asked = await self._claim_for_card(organizer_id, account, row, method, card, told)
        if asked is not None:
            amount, plan_code = asked
            creation = msgspec.structs.replace(creation, amount=amount, card=card, purchase=purchase, plan_code=plan_code)
            return await self._call(organizer_id, account, creation)
        async with self._database.reading(organizer_id) as reader:
            return await self.step_of(reader, reference)

    async def resume(self, organizer_id: UUID, reference: UUID, purchase: Purchase | None = None) -> NextStep:
        """What a buyer who comes back does next, the gateway asked where that has to be (again); outside of any transaction.

        Raises `PaymentNotFound`.
        """
        async with self._database.reading(organizer_id) as reader:
            row = await newest_of(reader, reference)
        return await self.begin(organizer_id, row.attempt_id, purchase)

    async def step_of(self, reader: Reader, reference: UUID) -> NextStep:
        """What the buyer of a started payment does next; the same link as when it was started. Raises `PaymentNotFound`."""
        row = await newest_of(reader, reference)
        return self._step(await self._connections.of(reader), row)

    async def decline_of(self, organizer_id: UUID, reference: UUID) -> str | None:
        """Why the newest attempt was declined: a `DeclineReason`, or the gateway's own word; None where it was not, or nobody said.

        Raises `PaymentNotFound`.
        """
        async with self._database.reading(organizer_id) as reader:
            row = await newest_of(reader, reference)
        return row.error_code if row.status == "declined" else None

    def form_at(self, account: ConnectedAccount, row: StoredAttempt) -> CardForm | None:
        """The form for a card that an attempt would have at that account; None where cards are not entered on a form of ours."""
        form = account.sign(self._creation_of(account, row)) if account.gateway.capabilities.flow == "card_form" else None
        return form if isinstance(form, CardForm) else None

    def _prepare(self, routed: Routed, request: StartPayment, now: datetime) -> Prepared:
        expires_at = payable_until(routed.account, request, now)
        assert expires_at is not None, "routing leaves out the accounts that it is too late for"
        creation = self._creation(routed.account, request, new_id(), expires_at, now)
        status: AttemptStatus = "created" if routed.account.gateway.capabilities.create_needs_call else "awaiting_buyer"
        return Prepared(request, routed, creation, new_id(), status)

    async def _insert_attempts(self, tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> dict[UUID, Prepared]:
        """Write new attempts, and why each is on its account; those that were given a code, by their ids."""
        await insert_attempts(tx, prepared, now)
        await self._router.keep(tx, [(one.creation.attempt_id, one.routed) for one in prepared], now)
        return await instruct(tx, prepared, now)

    def _creation(
        self, account: ConnectedAccount, request: StartPayment, attempt_id: UUID, expires_at: datetime, now: datetime
    ) -> Creation:
        soonest = now + timedelta(seconds=account.gateway.capabilities.expires_in_seconds_min)
        fee_minor = account.platform_fee_minor(request.parts, now)
        return Creation(
            attempt_id=attempt_id,
            amount=request.amount,
            description=request.description,
            payer_email=request.payer_email,
            return_url=request.return_url,
            callback_url=f"{self._callback_base}/{account.provider}/{account.id}",
            # Whole seconds: a link that is signed again has to be the same link.
            expires_at=max(expires_at, soonest).replace(microsecond=0),
            platform_fee=None if fee_minor is None else Money(fee_minor, request.amount.currency),
        )

    async def _started(
        self, tx: Transaction, accounts: Accounts, outcome: Started | Refusal | Prepared, new: set[UUID], now: datetime
    ) -> Started | Refusal:
        if not isinstance(outcome, Prepared):
            return outcome
        if outcome.payment_id not in new:
            try:
                return await self._start_again(tx, accounts, outcome, now)
            except Refusal as refusal:
                return refusal
        return _first_step(outcome)

    async def _start_again(self, tx: Transaction, accounts: Accounts, prepared: Prepared, now: datetime) -> Started:
        """The attempt that is under way, or a new one where the former came to nothing or the buyer chose another account."""
        row = await newest_of(tx, prepared.request.reference, lock=True)
        if row.amount != prepared.request.amount:
            raise PaymentChanged(prepared.request.reference)
        chose_another = prepared.request.option_id is not None and not prepared.routed.goes_to(row.account_id)
        is_live = row.status in _OPEN and now < row.expires_at
        # Nobody has entered a card: the next account may as well take its place, as it would have at first.
        is_out = row.status == "created" and prepared.request.option_id is not None and row.account_id in accounts.failing(now)
        if row.status in _FOLLOWED or (is_live and not chose_another and not is_out):
            return Started(row.payment_id, row.attempt_id, self._step(accounts, row))
        if row.payment_status not in _STARTABLE:
            raise PaymentClosed(row.payment_status)
        started = await self._replace(tx, row, prepared, now)
        if row.status != "awaiting_buyer" or row.redirect_url is None:
            return started
        # Places are kept longer for who brings the money, from this very moment, so that what they are told is known now.
        return replace(started, leaves_page=True) if isinstance(started.step, Instructions) else replace(started, step="needs_call")

    async def go_on_at(self, tx: Transaction, row: StoredAttempt, routed: Routed, now: datetime) -> NextStep:
        """Have the payment go on at that account, nothing of its newest attempt having been sent; under the lock of `newest_of`."""
        if routed.account.id == row.account_id:
            await self._router.keep_another(tx, row.attempt_id, routed, now)
            return _step_of_created(routed.account, self._creation_of(routed.account, row))
        return (await self._replace(tx, row, self._prepare(routed, _request_of(row), now), now)).step

    async def _replace(self, tx: Transaction, row: StoredAttempt, prepared: Prepared, now: datetime) -> Started:
        """Another attempt in the place of the newest; under the lock of `newest_of`.

        One of which nothing was sent does not count, and is taken up again where its account comes out again. So whoever goes to and fro
        has one for each account, and as many tries as everybody. Raises `AttemptsExhausted`.
        """
        counts = row.status != "created"
        if counts and row.attempts >= ATTEMPTS_MAX:
            raise AttemptsExhausted(ATTEMPTS_MAX)
        kept = await unsent_at(tx, row.payment_id, prepared.account.id, now)
        if kept is not None:
            creation = msgspec.structs.replace(self._creation_of(prepared.account, kept), return_url=prepared.creation.return_url)
            await self._router.keep_another(tx, kept.attempt_id, prepared.routed, now)
            await reopen(tx, row, creation, now, counts=counts)
            return Started(row.payment_id, kept.attempt_id, _step_of_created(prepared.account, creation))
        again = replace(prepared, payment_id=row.payment_id)
        coded = await self._insert_attempts(tx, [again], now)
        await reopen(tx, row, again.creation, now, counts=counts)
        return _first_step(coded.get(again.creation.attempt_id, again))

    def _step(self, accounts: Accounts, row: "StoredAttempt") -> NextStep:
        if row.status == "created":
            account = accounts.get(row.account_id)
            return _step_of_created(account, self._creation_of(account, row))
        if row.status == "awaiting_buyer":
            if row.redirect_url is not None:
                return Redirect(url=row.redirect_url)
            account = accounts.get(row.account_id)
            return account.sign(self._creation_of(account, row))
        return "failed" if row.payment_status in _STARTABLE and row.status not in _OPEN else "wait"

    def _creation_of(self, account: ConnectedAccount, row: "StoredAttempt") -> Creation:
        return Creation(
            attempt_id=row.attempt_id,
            amount=row.asked,
            description=row.description,
            payer_email=row.payer_email,
            return_url=row.return_url,
            callback_url=f"{self._callback_base}/{account.provider}/{account.id}",
            expires_at=row.expires_at,
            code=row.code,
            platform_fee=None if row.platform_fee_minor is None else Money(row.platform_fee_minor, row.currency),
        )

    async def _load(self, organizer_id: UUID, attempt_id: UUID) -> tuple[ConnectedAccount, StoredAttempt]:
        async with self._database.reading(organizer_id) as reader:
            row = await attempt_of(reader, attempt_id)
            return (await self._connections.of(reader)).get(row.account_id), row

    async def _claim(self, organizer_id: UUID, account: ConnectedAccount, attempt_id: UUID) -> bool:
        """Commit that the call is about to be made; False if it was claimed before."""
        async with self._database.transaction(organizer_id) as tx:
            return await self._send(tx, account, attempt_id)

    async def _claim_for_card(
        self, organizer_id: UUID, account: ConnectedAccount, row: StoredAttempt, method: CardMethod, card: Card, told: Told
    ) -> tuple[Money, int | None] | None:
        """Likewise for a card, its promotion counted in the same transaction: what to charge, and the code of the plan of instalments
        where it has one; None if it was claimed before.
        """
        async with self._database.transaction(organizer_id) as tx:
            if not (await self._comes_first(tx, account, row) and await self._send(tx, account, row.attempt_id)):
                return None
            use = await self._promotions.reserve(tx, row.attempt_id, row.amount, card, method.kind, promised=told.promotion_id)
            if use is not None:
                return Money(row.amount_minor - use.discount_minor, row.currency), None
            if card.installments not in method.installments:
                raise CardNotTaken
            return row.amount, await self._plan_code(tx, account, row, card, told)

    async def _plan_code(self, tx: Transaction, account: ConnectedAccount, row: StoredAttempt, card: Card, told: Told) -> int | None:
        """The code of the plan by which a card is paid, if it has one. Raises `InstalmentsChanged` where the buyer was told less."""
        plan = None
        if account.plans and card.installments > 1:
            on = await self._router.day_of(tx, row, self._clock())
            plan = best_plan(account.plans, method=card.method, card_bin=card.bin, count=card.installments, on=on)
        if told.total_minor is not None and (plan is None or total_of(plan, row.amount).minor > told.total_minor):
            raise InstalmentsChanged
        return None if plan is None else plan.sent_as

    async def _comes_first(self, tx: Transaction, account: ConnectedAccount, row: StoredAttempt) -> bool:
        """Have the payment follow the attempt that is about to be charged; False where another one of it is under way, or has paid it.

        A form that was open before another one took its place still charges, at its own account: the buyer filled that one in.
        """
        newest = await newest_of(tx, row.reference, lock=True)
        if newest.attempt_id == row.attempt_id:
            return newest.payment_status in _STARTABLE
        counts = newest.status != "created"
        if newest.status in _FOLLOWED or newest.payment_status not in _STARTABLE or (counts and newest.attempts >= ATTEMPTS_MAX):
            return False
        if (await attempt_of(tx, row.attempt_id)).status != "created":
            return False
        await reopen(tx, newest, self._creation_of(account, row), self._clock(), counts=counts)
        return True

    async def _send(self, tx: Transaction, account: ConnectedAccount, attempt_id: UUID) -> bool:
        now = self._clock()

        def note(standing: Standing) -> None:
            standing.next_query_at = now + timedelta(seconds=account.gateway.capabilities.call_seconds_max)

        standing = await apply_conclusion(tx, attempt_id, "sending", cause="call", now=now, adjust=note)
        return standing is not None and standing.status_before == "created"

    async def _is_found(self, organizer_id: UUID, account: ConnectedAccount, attempt_id: UUID) -> bool:
        """Whether the gateway knows of a payment for an attempt whose answer was lost; what it says is applied."""
        try:
            payments = await account.gateway.query(str(attempt_id))
        except GatewayError:
            return True
        await self._apply(organizer_id, account, payments, "query")
        return bool(payments)

    async def _call(self, organizer_id: UUID, account: ConnectedAccount, creation: Creation, *, may_switch: bool = True) -> NextStep:
        may_switch = may_switch and account.gateway.capabilities.flow == "redirect"
        try:
            # Where another account can take over, it does so at once instead of after further tries.
            answer = await self._calling.create(organizer_id, account, creation, tries_max=1 if may_switch else TRIES_MAX)
        except GatewayError as error:
            return await self._note_failure(organizer_id, account, creation, error, may_switch=may_switch and error.kind in _HARMLESS)
        if isinstance(answer, Final):
            await self._apply(organizer_id, account, [answer.payment], "call")
            return "failed" if answer.payment.status in CAME_TO_NOTHING else "wait"
        now = self._clock()

        def note(standing: Standing) -> None:
            standing.provider_reference = answer.provider_reference
            standing.redirect_url = answer.url if isinstance(answer, Redirect) else None
            standing.error_kind = standing.error_code = None

        status: AttemptStatus = "awaiting_buyer" if isinstance(answer, Redirect) else "pending"
        async with self._database.transaction(organizer_id) as tx:
            await apply_conclusion(tx, creation.attempt_id, status, cause="call", now=now, adjust=note)
        return Redirect(url=answer.url) if isinstance(answer, Redirect) else "wait"

    async def _note_failure(
        self, organizer_id: UUID, account: ConnectedAccount, creation: Creation, error: GatewayError, *, may_switch: bool
    ) -> NextStep:
        attempt_id, now = creation.attempt_id, self._clock()
        status: AttemptStatus = "declined" if error.kind == "declined" else "error"
        if what_to_do_after(error.kind) == "ask":
            status = "unknown"
        _log.warning("payment not created", attempt=str(attempt_id), kind=error.kind, code=error.code, status=status)

        def note(standing: Standing) -> None:
            standing.error_kind, standing.error_code = error.kind, error.code

        async with self._database.transaction(organizer_id) as tx:
            # First, so that the payment follows the new attempt and nobody is told of a failure that its buyer will not see.
            other = await self._start_at_another(tx, account, attempt_id, now) if may_switch else None
            standing = await apply_conclusion(tx, attempt_id, status, cause="call", now=now, adjust=note)
            kind = _FLAG_OF.get(error.kind)
            if standing is not None and kind is not None:
                payment = standing.payment
                tx.publish(
                    PaymentFlagged(reference=payment.reference, payment_id=payment.id, attempt_id=attempt_id, kind=kind, detail=str(error))
                )
        if other is not None:
            return await self._begin_at_another(organizer_id, other, creation.purchase)
        return "wait" if status == "unknown" else "failed"

    async def _start_at_another(self, tx: Transaction, failed: ConnectedAccount, attempt_id: UUID, now: datetime) -> Prepared | None:
        """A new attempt of the same payment at the next account that works like the failed one; None where there is none.

        Only while the failed attempt is the newest: else somebody has begun another one meanwhile.
        """
        failing = await attempt_of(tx, attempt_id)
        newest = await newest_of(tx, failing.reference, lock=True)
        if newest.attempt_id != attempt_id or newest.attempts >= ATTEMPTS_MAX:
            return None
        accounts = await self._connections.of(tx)
        routed = await self._router.route_elsewhere(tx, accounts, failing, accounts.alike(failed.id), now)
        if isinstance(routed, Unrouted):
            await self._router.keep_unfollowed(tx, [routed], now)
            return None
        again = replace(self._prepare(routed, _request_of(failing), now), payment_id=failing.payment_id)
        await self._insert_attempts(tx, [again], now)
        await reopen(tx, newest, again.creation, now)
        _log.warning("payment goes on at another account", attempt=str(attempt_id), account=str(routed.account.id))
        return again

    async def _begin_at_another(self, organizer_id: UUID, other: Prepared, purchase: Purchase | None) -> NextStep:
        step = _first_step(other).step
        if step != "needs_call":
            return step
        if not await self._claim(organizer_id, other.account, other.creation.attempt_id):
            return "wait"
        creation = msgspec.structs.replace(other.creation, purchase=purchase)
        return await self._call(organizer_id, other.account, creation, may_switch=False)

    async def _apply(self, organizer_id: UUID, account: ConnectedAccount, payments: Sequence[GatewayPayment], cause: Cause) -> None:
        if payments:
            async with self._database.transaction(organizer_id) as tx:
                reports = [Report(account.id, payment) for payment in payments]
                await apply_reports(tx, reports, cause=cause, now=self._clock())


def _request_of(row: StoredAttempt) -> StartPayment:
    """A stored attempt's payment asked for again."""
    return StartPayment(
        reference=row.reference,
        amount=row.amount,
        description=row.description,
        payer_email=row.payer_email,
        return_url=row.return_url,
        expires_at=row.expires_at,
        parts=msgspec.convert(row.parts, tuple[Part, ...]),
    )


def _first_step(prepared: Prepared) -> Started:
    step = prepared.account.sign(prepared.creation) if prepared.status != "created" else None
    return Started(prepared.payment_id, prepared.creation.attempt_id, step or _step_of_created(prepared.account, prepared.creation))


def _step_of_created(account: ConnectedAccount, creation: Creation) -> NextStep:
    return account.sign(creation) if account.gateway.capabilities.flow == "card_form" else "needs_call"


def _method_of(account: ConnectedAccount, creation: Creation, card: Card) -> CardMethod:
    """The form's method that the buyer chose. Raises `CardNotTaken` for what it does not offer: whoever posts may have made it up."""
    form = account.sign(creation) if account.gateway.capabilities.flow == "card_form" else None
    for one in form.methods if isinstance(form, CardForm) else ():
        if one.method == card.method:
            return one
    raise CardNotTaken
