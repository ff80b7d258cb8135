"""How one account is chosen among those that a rule leaves: in order, by shares, by cost, or by how often banks say yes."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from alltickets.payments.routing.rules.book import AccountEntry, RouteBook, RuleEntry
from alltickets.payments.routing.rules.conditions import DATE, Seen
from alltickets.payments.routing.rules.decision import Approach
from alltickets.payments.routing.rules.facts import RouteFacts
from alltickets.payments.routing.rules.fees import cost_by
from alltickets.payments.routing.rules.policy import Choosing

__all__ = ["BUCKETS", "Choice", "bucket_of", "choose"]

BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, how, and the scores that were compared, by the accounts' keys."""

    entry: AccountEntry
    approach: Approach
    scores: Mapping[int, int | None]
    bucket: int | None = None


def choose(book: RouteBook, rule: RuleEntry, left: Sequence[AccountEntry], facts: RouteFacts, seen: Seen) -> Choice:
    """One of the accounts that are left for the rule, of which there is at least one; of equals the first by its rank."""
    ranked = left if rule.ranks is None or rule.rule.choose == "weight" else sorted(left, key=rule.rank)
    return _WAYS[rule.rule.choose](book, rule, ranked, facts, seen)


def bucket_of(reference: bytes, deal: bytes) -> tuple[int, int]:
    """Where in 10,000 a reference falls in a deal, and a second number for whoever has to pick. The same after a crash, and for ever."""
    digest = sha256(reference + deal).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS, int.from_bytes(digest[8:16], "big")


def _in_order(_: RouteBook, __: RuleEntry, ranked: Sequence[AccountEntry], ___: RouteFacts, ____: Seen) -> Choice:
    return Choice(ranked[0], "priority", {})


def _by_weight(book: RouteBook, rule: RuleEntry, ranked: Sequence[AccountEntry], facts: RouteFacts, __: Seen) -> Choice:
    """Shares laid end to end in the order of the accounts' ids; those of accounts that are out fall to the others in proportion."""
    bucket, _pick = bucket_of(facts.reference.bytes, rule.deal)
    if len(ranked) == len(rule.dealt):
        # Nobody is out: as below, on what stands ready.
        place = bisect_right(rule.reached, bucket * rule.reached[-1] // BUCKETS)
        return Choice(book.by_key[rule.dealt[place]], "weight", rule.percents, bucket)
    percents = {one.key: rule.percents[one.key] for one in ranked}
    point = bucket * sum(percents.values())
    reached = 0
    for one in sorted(ranked, key=_key):
        reached += percents[one.key] * BUCKETS
        if point < reached:
            return Choice(one, "weight", percents, bucket)
    raise AssertionError("the shares reach beyond every bucket")


def _cheapest(book: RouteBook, _: RuleEntry, ranked: Sequence[AccountEntry], facts: RouteFacts, seen: Seen) -> Choice:
    """The least cost. What no table prices comes last: nobody knows that it is cheap."""
    lines, amount_minor, waiting = book.lines(facts, seen[DATE]), facts.amount_minor, book.waiting_ppm_per_day
    costs: dict[int, int | None] = {}
    # Accounts of one gateway mostly share a line, and a line is worked out once.
    by_line: dict[int, int | None] = {id(None): None}
    best, least = ranked[0], None
    for one in ranked:
        line = lines[one.place]
        if line is not None and id(line) not in by_line:
            by_line[id(line)] = cost_by(line, amount_minor, waiting)
        cost = costs[one.key] = by_line[id(line)]
        if cost is not None and (least is None or cost < least):
            best, least = one, cost
    return Choice(best, "lowest_cost", costs)


def _best_approved(book: RouteBook, rule: RuleEntry, ranked: Sequence[AccountEntry], facts: RouteFacts, _: Seen) -> Choice:
    """The best rate; but a few payments in a hundred go to one of the others."""
    scores = book.approval_scores(facts.approvals)
    best = ranked[0]
    for one in ranked:
        if scores[one.key] > scores[best.key]:
            best = one
    bucket, pick = bucket_of(facts.reference.bytes, rule.deal)
    if len(ranked) > 1 and bucket < rule.rule.explore_percent * BUCKETS // 100:
        others = sorted([one for one in ranked if one is not best], key=_key)
        return Choice(others[pick % len(others)], "exploration", scores, bucket)
    return Choice(best, "approval_rate", scores, bucket)


_WAYS: dict[Choosing, Callable[[RouteBook, RuleEntry, Sequence[AccountEntry], RouteFacts, Seen], Choice]] = {
    "priority": _in_order,
    "weight": _by_weight,
    "lowest_cost": _cheapest,
    "approval_rate": _best_approved,
}


def _key(entry: AccountEntry) -> int:
    return entry.key
