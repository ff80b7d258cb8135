"""What a decision says: the account, and why this one and none of the others."""

from typing import Literal
from uuid import UUID

import msgspec

__all__ = ["Approach", "Candidate", "Decision", "Exclusion"]

Exclusion = Literal[
    "switched_off",
    "test_account",  # no money moves there, and nothing is sold for that here
    "breaker_open",  # it does not answer at present
    "currency",
    "dates",
    "event",
    "not_chosen",  # the buyer chose another option
    "amount",
    "method",
    "instalments",
    "too_late",  # it needs more time than there is until what is paid for begins
    "rule",  # it could, but the rule that decided does not name it, or one that held excludes it
]
Approach = Literal[
    "priority",
    "weight",
    "lowest_cost",
    "approval_rate",
    "exploration",  # not the one with the best rate, so that the others stay known
    "none",  # no account can take the payment
]


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """An account and what became of it. `score` is what was compared: minor units of cost, millionths approved, percent of a split."""

    account_id: UUID
    excluded: Exclusion | None = None
    score: int | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The account, and why. `rule`: the number of the rule that decided, from 0; None: no rule did, so the order of the accounts did.

    passed_over: rules whose conditions held, but none of whose accounts could take the payment. bucket: where in 10,000 the reference
    falls, for what is split. candidates: every account, in the order of the accounts.
    """

    account_id: UUID | None
    approach: Approach
    rule: int | None = None
    passed_over: tuple[int, ...] = ()
    bucket: int | None = None
    candidates: tuple[Candidate, ...]
