"""The decision: filters, then the first rule whose conditions hold, then a choice among what is left. The same input, the same answer.

Only the order of rules matters, and that of the accounts that a rule names for `priority`; every other order means nothing.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from alltickets.payments.routing.rules.book import AccountEntry, RouteBook
from alltickets.payments.routing.rules.choosing import choose
from alltickets.payments.routing.rules.conditions import holds, seen_of
from alltickets.payments.routing.rules.decision import Candidate, Decision
from alltickets.payments.routing.rules.facts import RouteFacts

__all__ = ["decide", "fitting_of"]


def decide(book: RouteBook, facts: RouteFacts) -> Decision:
    """Which account takes the payment, or that none can (`account_id` None)."""
    seen = seen_of(facts)
    candidates, fitting = _filtered(book, facts)
    barred: frozenset[int] = frozenset()
    passed_over: list[int] = []
    for rule in book.rules:
        if not rule.first(seen) or not holds(rule.others, seen):
            continue
        left = fitting if rule.admits_all and not barred else [one for one in fitting if one.key not in barred and rule.admits(one.key)]
        if left:
            choice = choose(book, rule, left, facts, seen)
            return Decision(
                account_id=choice.entry.state.account_id,
                approach=choice.approach,
                rule=rule.number,
                passed_over=tuple(passed_over),
                bucket=choice.bucket,
                candidates=_shown(candidates, fitting, left, choice.scores),
            )
        passed_over.append(rule.number)
        barred |= rule.excluded_keys
        if rule.rule.otherwise == "refuse":
            return Decision(
                account_id=None,
                approach="none",
                rule=rule.number,
                passed_over=tuple(passed_over),
                candidates=_shown(candidates, fitting, [], {}),
            )
    left = [one for one in fitting if one.key not in barred]
    return Decision(
        account_id=left[0].state.account_id if left else None,
        approach="priority" if left else "none",
        passed_over=tuple(passed_over),
        candidates=_shown(candidates, fitting, left, {}),
    )


def fitting_of(book: RouteBook, facts: RouteFacts) -> tuple[UUID, ...]:
    """The accounts that can take the payment, whatever rules say of them; in their order."""
    return tuple(entry.state.account_id for entry in _filtered(book, facts)[1])


def _filtered(book: RouteBook, facts: RouteFacts) -> tuple[list[Candidate], list[AccountEntry]]:
    """Every account as a candidate, and those that can take the payment, both in their order."""
    event_id = facts.purpose.event_id
    event_key = None if event_id is None else event_id.int
    choice = None if facts.choice is None else frozenset([one.int for one in facts.choice])
    broken = frozenset([one.int for one in facts.open_breakers])
    candidates: list[Candidate] = []
    fitting: list[AccountEntry] = []
    for entry in book.accounts:
        objection = entry.objection(facts, event_key, choice, broken)
        if objection is None:
            fitting.append(entry)
            candidates.append(entry.fitting)
        else:
            candidates.append(entry.excluded(objection))
    return candidates, fitting


def _shown(
    candidates: list[Candidate], fitting: Sequence[AccountEntry], left: Sequence[AccountEntry], scores: Mapping[int, int | None]
) -> tuple[Candidate, ...]:
    """The candidates, with the scores of those that were left, and those that rules kept out marked as such."""
    if scores:
        for entry in left:
            score = scores[entry.key]
            if score is not None:
                candidates[entry.place] = Candidate(entry.account_id, None, score)
    if len(left) < len(fitting):
        kept = {entry.key for entry in left}
        for entry in fitting:
            if entry.key not in kept:
                candidates[entry.place] = entry.excluded("rule")
    return tuple(candidates)
