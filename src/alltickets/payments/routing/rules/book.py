"""A policy and the accounts made ready to decide by: parsed, sorted and looked up once, for thousands of decisions a second."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from hashlib import blake2b
from itertools import accumulate
from uuid import UUID

import msgspec

from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.conditions import Seen, Test, compile_conditions
from alltickets.payments.routing.rules.decision import Candidate, Exclusion
from alltickets.payments.routing.rules.facts import Approvals, RouteAccount, RouteFacts
from alltickets.payments.routing.rules.fees import FeeSchedule, best_of, lines_for
from alltickets.payments.routing.rules.policy import Policy, Rule

__all__ = ["AccountEntry", "RouteBook", "RouteContext", "RuleEntry", "approval_score"]

LINES_KEPT_MAX = 2_000
PRIOR_APPROVED, PRIOR_RESOLVED = 8, 10
"""Before anything is known of an account, as if eight of ten had been approved: one decline does not end it, hundreds outweigh this."""
RATE_UNITS = 1_000_000


def approval_score(approved: int, resolved: int) -> int:
    """The expected share of approvals in millionths, by a Beta prior of 8 and 2: 800,000 before anything is known."""
    return (approved + PRIOR_APPROVED) * RATE_UNITS // (resolved + PRIOR_RESOLVED)


class RouteContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What many decisions share: the accounts, the policy in force, and the commission tables.

    event_id: whose policy it is; None: the organizer's. version: of the policy; 0: there is none.
    """

    accounts: tuple[RouteAccount, ...]
    event_id: UUID | None = None
    version: int = 0
    policy: Policy = Policy()
    schedules: tuple[FeeSchedule, ...] = ()


class RouteBook:
    """A context made ready. Accounts stand in their order: by priority, the older first among equals."""

    def __init__(self, context: RouteContext) -> None:
        self.context = context
        ordered = sorted(context.accounts, key=lambda one: (one.priority, one.account_id))
        self.accounts = tuple(AccountEntry(one, place, context.schedules) for place, one in enumerate(ordered))
        self.by_key = {one.key: one for one in self.accounts}
        keys = {one.account_id: one.key for one in self.accounts}
        self.rules = tuple(RuleEntry(rule, number, context, keys) for number, rule in enumerate(context.policy.rules))
        self.waiting_ppm_per_day = context.policy.waiting_ppm_per_day
        self._lines: dict[tuple[PaymentMethod | None, int | None, date], list[FeeSchedule | None]] = {}
        self._approvals: tuple[tuple[Approvals, ...], Mapping[int, int]] | None = None
        self.needs_approvals = any(rule.choose == "approval_rate" for rule in context.policy.rules)
        self.asks_for_card = context.policy.asks_for_card

    def lines(self, facts: RouteFacts, on: date) -> Sequence[FeeSchedule | None]:
        """The line of the commission tables that counts for each account: looked up once for all who pay alike on a day."""
        key = (facts.method, facts.instalments, on)
        found = self._lines.get(key)
        if found is None:
            if len(self._lines) >= LINES_KEPT_MAX:
                self._lines.clear()
            found = self._lines[key] = [entry.line(facts, on) for entry in self.accounts]
        return found

    def approval_scores(self, approvals: tuple[Approvals, ...]) -> Mapping[int, int]:
        """The score of each account by its key; worked out once for all payments that are decided on the same figures."""
        if self._approvals is None or self._approvals[0] is not approvals:
            known = {one.account_id: approval_score(one.approved, one.resolved) for one in approvals}
            unknown = approval_score(0, 0)
            self._approvals = approvals, {one.key: known.get(one.state.account_id, unknown) for one in self.accounts}
        return self._approvals[1]

    @cached_property
    def context_id(self) -> UUID:
        """The digest of the context: the same one has the same id."""
        return UUID(bytes=blake2b(msgspec.json.encode(self.context), digest_size=16).digest())


class AccountEntry:
    """An account made ready. `key` is its id as a number, which is compared ten times as fast; `place` is its place in the order."""

    def __init__(self, state: RouteAccount, place: int, schedules: Sequence[FeeSchedule]) -> None:
        self.state = state
        self.account_id = state.account_id
        self.place = place
        self.key = state.account_id.int
        self.fitting = Candidate(state.account_id)
        terms = self._terms = state.terms
        # What is the same for every payment is looked at once: twenty accounts are asked for each.
        self._standing: Exclusion | None = "switched_off" if not state.is_enabled else "test_account" if state.is_barred else None
        self._currency = state.currency
        self._is_dated = (terms.opens_at, terms.closes_at) != (None, None)
        self._amount_minor_min = terms.amount_minor_min or 0
        self._amount_minor_max = terms.amount_minor_max
        self._methods = frozenset(terms.methods)
        self._instalments_max = terms.instalments_max
        self._event_keys = frozenset(one.int for one in state.terms.event_ids)
        self._excluded: dict[Exclusion, Candidate] = {}
        self._lines = lines_for(schedules, gateway=state.gateway, account_id=state.account_id, currency=state.currency)

    def excluded(self, why: Exclusion) -> Candidate:
        """It as a candidate that is out for this reason."""
        found = self._excluded.get(why)
        if found is None:
            found = self._excluded[why] = Candidate(self.state.account_id, why)
        return found

    def objection(
        self, facts: RouteFacts, event_key: int | None, choice: frozenset[int] | None, broken: frozenset[int]
    ) -> Exclusion | None:
        """Why it cannot take the payment, the first in the order of `Exclusion`; None where it can."""
        if self._standing is not None:
            return self._standing
        if self.key in broken:
            return "breaker_open"
        if self._currency != facts.currency:
            return "currency"
        if self._is_dated and not self._is_open(facts.at):
            return "dates"
        if self._event_keys and event_key not in self._event_keys:
            return "event"
        if choice is not None and self.key not in choice:
            return "not_chosen"
        amount_minor, most = facts.amount_minor, self._amount_minor_max
        if amount_minor < self._amount_minor_min or (most is not None and amount_minor > most):
            return "amount"
        if self._methods and facts.method is not None and facts.method not in self._methods:
            return "method"
        if self._instalments_max is not None and facts.instalments is not None and facts.instalments > self._instalments_max:
            return "instalments"
        if facts.too_late and self.account_id in facts.too_late:
            return "too_late"
        return None

    def _is_open(self, at: datetime) -> bool:
        terms = self._terms
        return (terms.opens_at is None or at >= terms.opens_at) and (terms.closes_at is None or at < terms.closes_at)

    def line(self, facts: RouteFacts, on: date) -> FeeSchedule | None:
        """The line of the commission tables that counts for it."""
        return best_of(self._lines, method=facts.method, instalments=facts.instalments, release_days=self._terms.release_days, on=on)


class RuleEntry:
    """A rule made ready. What it names and the organizer no longer has is left out."""

    def __init__(self, rule: Rule, number: int, context: RouteContext, keys: Mapping[UUID, int]) -> None:
        named = [share.account_id for share in rule.shares] or list(rule.use)
        self.number = number
        self.rule = rule
        tests = compile_conditions(rule.match, rule.conditions)
        self.first: Test = tests[0] if tests else _always
        """Asked by itself: most rules do not hold, and are through with it."""
        self.others = tests[1:]
        self.ranks = {keys[one]: rank for rank, one in enumerate(named) if one in keys} if named else None
        """The accounts that it names, and in which order; None: it names none, and means all."""
        self.excluded_keys = frozenset(one.int for one in rule.exclude)
        self.admits_all = self.ranks is None and not self.excluded_keys
        self.percents = {share.account_id.int: share.percent for share in rule.shares if share.account_id in keys}
        self.dealt = tuple(sorted(self.percents))
        self.reached = tuple(accumulate(self.percents[key] for key in self.dealt))
        """The shares laid end to end, in the order of the accounts' ids: the percent that each reaches to."""
        # Hashed with the reference: a new version deals anew, and two rules deal each for itself.
        self.deal = f"/{context.event_id or ''}/{context.version}/{number}".encode()

    def admits(self, key: int) -> bool:
        """Whether the rule lets that account take the payment."""
        return key not in self.excluded_keys and (self.ranks is None or key in self.ranks)

    def rank(self, entry: AccountEntry) -> int:
        """Which of two goes first where nothing else tells: the order in which the rule names them, else that of the accounts."""
        return entry.place if self.ranks is None else self.ranks[entry.key]


def _always(_: Seen) -> bool:
    return True
