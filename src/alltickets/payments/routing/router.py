"""Routes payments as they are started, by books that are read anew when something about routing changed, and keeps each decision."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alltickets.payments.connections import Accounts, ConnectedAccount
from alltickets.payments.refusals import NoAccountFits, OptionGone, OptionInstead, TooLateForAccount
from alltickets.payments.routing.records import (
    NewDecision,
    RoutingState,
    UnfollowedDecision,
    append_decision,
    insert_contexts,
    insert_decisions,
    insert_unfollowed,
    read_approvals,
    read_facts,
    read_state,
)
from alltickets.payments.routing.routed import Routed, Unrouted
from alltickets.payments.routing.rules.book import RouteBook, RouteContext
from alltickets.payments.routing.rules.deciding import decide, fitting_of
from alltickets.payments.routing.rules.facts import Approvals, RouteAccount, RouteFacts
from alltickets.payments.routing.rules.offering import PaymentOption, chosen, offered
from alltickets.payments.starting import StartPayment, StoredAttempt, payable_until
from alltickets.platform.database import Reader, Transaction

__all__ = ["Books", "Router", "route_account"]

BOOKS_KEPT_MAX = 2_000
CONTEXTS_KNOWN_MAX = 50_000
APPROVALS_FRESH_SECONDS = 30.0
RECENT = timedelta(hours=72)
"""What counts as recent where approval rates are compared."""


class Books:
    """The books of one organizer, as things stood when they were read: an event's own, and one for every other event."""

    def __init__(self, organizer_id: UUID, accounts: Accounts, state: RoutingState) -> None:
        self._organizer_id = organizer_id
        self._routed = tuple(route_account(one) for one in accounts.all)
        self._schedules = state.schedules
        self._policies = {one.scope_id: one for one in state.policies}
        self.ask_for_card = any(one.policy.asks_for_card for one in state.policies)
        self._books: dict[UUID, RouteBook] = {}

    @property
    def scopes(self) -> set[UUID]:
        """Events with a policy of their own, and the organizer's own id where it has one."""
        return set(self._policies)

    def of(self, event_id: UUID | None) -> RouteBook:
        """The book that counts for an event."""
        scope_id = event_id if event_id is not None and event_id in self._policies else self._organizer_id
        book = self._books.get(scope_id)
        if book is None:
            book = self._books[scope_id] = RouteBook(self._context(scope_id))
        return book

    def _context(self, scope_id: UUID) -> RouteContext:
        own_event = None if scope_id == self._organizer_id else scope_id
        active = self._policies.get(scope_id)
        if active is None:
            return RouteContext(accounts=self._routed, schedules=self._schedules)
        return RouteContext(
            accounts=self._routed, event_id=own_event, version=active.version, policy=active.policy, schedules=self._schedules
        )


class Router:
    """What a process keeps for routing. Its books are never older than the transaction they are used in."""

    def __init__(self) -> None:
        self._books: OrderedDict[UUID, tuple[object, Books]] = OrderedDict()
        self._approvals: dict[UUID, tuple[float, tuple[Approvals, ...]]] = {}
        self._known: set[tuple[UUID, UUID]] = set()
        self._written_by: dict[tuple[UUID, UUID], Transaction] = {}

    async def books(self, reader: Reader, accounts: Accounts) -> Books:
        """The organizer's books. No statement where nothing about routing or the accounts has changed since the last time."""
        organizer_id = reader.organizer_id
        kept = self._books.get(organizer_id)
        if kept is not None and kept[0] == accounts.version:
            return kept[1]
        books = Books(organizer_id, accounts, await read_state(reader))
        self._books[organizer_id] = (accounts.version, books)
        self._books.move_to_end(organizer_id)
        while len(self._books) > BOOKS_KEPT_MAX:
            self._books.popitem(last=False)
        return books

    async def approvals(self, reader: Reader, books: Books, requests: Sequence[StartPayment], now: datetime) -> tuple[Approvals, ...]:
        """Recent approvals, at most half a minute old; nothing, and no statement, where no policy of these payments asks for them."""
        if not any(books.of(request.purpose.event_id).needs_approvals for request in requests):
            return ()
        read_at, approvals = self._approvals.get(reader.organizer_id, (0.0, ()))
        if not read_at or time.monotonic() - read_at > APPROVALS_FRESH_SECONDS:
            approvals = await read_approvals(reader, now - RECENT)
            self._approvals[reader.organizer_id] = (time.monotonic(), approvals)
        return approvals

    def route(
        self, books: Books, accounts: Accounts, request: StartPayment, approvals: tuple[Approvals, ...], now: datetime
    ) -> Routed | Unrouted:
        """The account for a payment. Raises `NoAccountFits` or `OptionGone` where the option is not offered, so that nothing is decided.

        An option of a policy holds as it was shown. Without a policy accounts that work alike stand for each other, and whoever chose
        one that takes nothing notices nothing.
        """
        purpose, currency = request.purpose, request.amount.currency
        book = books.of(purpose.event_id)
        failing = accounts.failing(now)
        option = _option(book, request, failing, now)
        facts = RouteFacts(
            reference=request.reference,
            amount_minor=request.amount.minor,
            currency=currency,
            at=now,
            purpose=purpose,
            method=None if option is None else option.method,
            card_bin=request.card_bin,
            bank=None if option is None else option.bank,
            instalments=None if option is None else option.instalments,
            choice=None if option is None else option.account_ids,
            open_breakers=failing,
            too_late=tuple(one.id for one in accounts.all if payable_until(one, request, now) is None),
            approvals=approvals if book.needs_approvals else (),
        )
        if request.option_id is None:
            return _routed(book, accounts, facts)
        if option is None:
            instead = _instead(book, accounts, facts)
            raise OptionGone(currency, None, instead) if instead else NoAccountFits(currency)
        routed = _routed_alike(book, accounts, facts, request.option_id)
        if isinstance(routed, Unrouted) and isinstance(routed.refusal, NoAccountFits):
            instead = _instead(book, accounts, facts)
            return replace(routed, refusal=OptionGone(currency, option.label, instead)) if instead else routed
        return routed

    async def route_elsewhere(
        self, tx: Transaction, accounts: Accounts, attempt: StoredAttempt, among: Sequence[UUID], now: datetime
    ) -> Routed | Unrouted:
        """Another account for an attempt whose account fails, among these: decided on what was known when it was begun.

        With a policy the buyer's option holds; without one the accounts stand for each other.
        """
        facts = await _facts_of(tx, attempt, now)
        book = (await self.books(tx, accounts)).of(facts.purpose.event_id)
        chosen_before = facts.choice if book.context.version and facts.choice is not None else among
        failing = dict.fromkeys((attempt.account_id, *accounts.failing(now)))
        again = msgspec.structs.replace(
            facts, at=now, choice=tuple(one for one in among if one in chosen_before), open_breakers=tuple(failing)
        )
        return _routed(book, accounts, again)

    async def destinations(self, reader: Reader, accounts: Accounts, attempt: StoredAttempt, now: datetime) -> tuple[ConnectedAccount, ...]:
        """The accounts among which the card's beginning may decide; none where no rule asks for it, or only one can take the payment.

        No statement where no policy of the organizer's asks for cards.
        """
        asking = await self._asking_for_card(reader, accounts, attempt, now)
        if asking is None:
            return ()
        book, facts = asking
        fitting = fitting_of(book, msgspec.structs.replace(facts, at=now, open_breakers=accounts.failing(now)))
        return tuple(accounts.get(one) for one in fitting) if set(fitting) - {attempt.account_id} else ()

    async def route_card(
        self, tx: Transaction, accounts: Accounts, attempt: StoredAttempt, card_bin: str, now: datetime
    ) -> tuple[Routed, str] | Unrouted | None:
        """The account for an attempt whose card begins so, and what buyers know its way to pay as; None where no rule asks for cards.

        Everything else is as it was known when the attempt was begun.
        """
        asking = await self._asking_for_card(tx, accounts, attempt, now)
        if asking is None:
            return None
        book, facts = asking
        routed = _routed(book, accounts, msgspec.structs.replace(facts, at=now, card_bin=card_bin, open_breakers=accounts.failing(now)))
        if isinstance(routed, Unrouted):
            return routed
        named = [one.label for one in book.context.policy.options if routed.account.id in one.accounts]
        return routed, named[0] if named else routed.account.label

    async def _asking_for_card(
        self, reader: Reader, accounts: Accounts, attempt: StoredAttempt, now: datetime
    ) -> tuple[RouteBook, RouteFacts] | None:
        """The book by which an attempt is decided, with what was known when it was begun; None where none of its rules asks for cards."""
        books = await self.books(reader, accounts)
        if not books.ask_for_card:
            return None
        facts = await _facts_of(reader, attempt, now)
        book = books.of(facts.purpose.event_id)
        return (book, facts) if book.asks_for_card else None

    async def day_of(self, reader: Reader, attempt: StoredAttempt, now: datetime) -> date:
        """What day it is where what is paid for takes place."""
        return now.astimezone(ZoneInfo((await _facts_of(reader, attempt, now)).purpose.timezone)).date()

    async def keep_another(self, tx: Transaction, attempt_id: UUID, routed: Routed, now: datetime) -> None:
        """Keep a further decision of an attempt of which nothing was sent, beside the former ones; under the payment's lock."""
        await self._keep_contexts(tx, {routed.book.context_id: routed.book.context}, now)
        await append_decision(tx, NewDecision(attempt_id, routed.book.context_id, routed.facts, routed.decision), now)

    async def keep(self, tx: Transaction, routed: Sequence[tuple[UUID, Routed]], now: datetime) -> None:
        """Keep the decisions of these attempts in one statement; one more while a context is new to this process."""
        if not routed:
            return
        await self._keep_contexts(tx, {one.book.context_id: one.book.context for _, one in routed}, now)
        await insert_decisions(
            tx, [NewDecision(attempt_id, one.book.context_id, one.facts, one.decision) for attempt_id, one in routed], now
        )

    async def keep_unfollowed(self, tx: Transaction, decisions: Sequence[Routed | Unrouted], now: datetime) -> None:
        """Keep decisions by which no attempt goes anywhere, of payments that there are: each once, however often it is taken.

        As many statements as for those of attempts.
        """
        if not decisions:
            return
        await self._keep_contexts(tx, {one.book.context_id: one.book.context for one in decisions}, now)
        await insert_unfollowed(tx, [UnfollowedDecision(one.book.context_id, one.facts, one.decision) for one in decisions], now)

    async def _keep_contexts(self, tx: Transaction, contexts: dict[UUID, RouteContext], now: datetime) -> None:
        """Whether `tx` commits is not ours to know, so a context counts as kept only once another transaction finds it there."""
        new = {context_id: one for context_id, one in contexts.items() if (tx.organizer_id, context_id) not in self._known}
        if not new:
            return
        inserted = await insert_contexts(tx, new, now)
        if len(self._known) > CONTEXTS_KNOWN_MAX:
            self._known.clear()
        for key in [(tx.organizer_id, context_id) for context_id in new]:
            if key[1] in inserted:
                self._written_by[key] = tx
            elif self._written_by.get(key) is not tx:
                self._known.add(key)
                self._written_by.pop(key, None)


def route_account(account: ConnectedAccount) -> RouteAccount:
    """An account as rules see it."""
    return RouteAccount(
        account_id=account.id,
        gateway=account.provider,
        label=account.label,
        currency=account.currency,
        is_enabled=account.is_enabled,
        priority=account.priority,
        terms=account.terms,
        is_barred=account.is_barred,
    )


async def _facts_of(reader: Reader, attempt: StoredAttempt, now: datetime) -> RouteFacts:
    """What was known when an attempt was begun."""
    facts = await read_facts(reader, attempt.attempt_id)
    if facts is not None:
        return facts
    return RouteFacts(reference=attempt.reference, amount_minor=attempt.amount_minor, currency=attempt.currency, at=now)


def _routed(book: RouteBook, accounts: Accounts, facts: RouteFacts) -> Routed | Unrouted:
    decision = decide(book, facts)
    if decision.account_id is None:
        # Of what was not chosen nobody has to hear why not.
        late = [one.account_id for one in decision.candidates if one.excluded == "too_late"] if facts.choice is not None else []
        refusal = TooLateForAccount(accounts.get(late[0]).label) if late else NoAccountFits(facts.currency)
        return Unrouted(refusal, book, facts, decision)
    return Routed(accounts.get(decision.account_id), book, facts, decision)


def _routed_alike(book: RouteBook, accounts: Accounts, facts: RouteFacts, option_id: UUID) -> Routed | Unrouted:
    """As was chosen; or where a chosen account takes nothing, and no policy says otherwise, at one that works like it."""
    routed = _routed(book, accounts, facts)
    if isinstance(routed, Routed) or isinstance(routed.refusal, TooLateForAccount):
        return routed
    alike = () if book.context.version else accounts.alike(option_id)
    if not alike:
        return routed
    return _routed(book, accounts, msgspec.structs.replace(facts, choice=(option_id, *alike), stood_in_for=option_id))


def _instead(book: RouteBook, accounts: Accounts, facts: RouteFacts) -> tuple[OptionInstead, ...]:
    """What the buyer may choose in the place of what they chose: whatever is offered and would take this payment."""
    found = []
    for one in offered(book, facts.currency, facts.purpose, facts.at, facts.open_breakers):
        asked = msgspec.structs.replace(facts, method=one.method, bank=one.bank, instalments=one.instalments, choice=one.account_ids)
        if decide(book, asked).account_id is not None:
            found.append(OptionInstead(one.option_id, one.label, accounts.patience_hours(one.account_ids)))
    return tuple(found)


def _option(book: RouteBook, request: StartPayment, failing: Sequence[UUID], now: datetime) -> PaymentOption | None:
    """What the buyer chose, if there is such a thing; where they chose nothing, the first of the policy's options."""
    currency, purpose = request.amount.currency, request.purpose
    if request.option_id is not None:
        return chosen(book, request.option_id, currency, purpose, now)
    if not book.context.policy.options:
        return None
    return next(iter(offered(book, currency, purpose, now, failing)), None)
