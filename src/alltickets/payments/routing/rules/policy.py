"""The words of a policy: what an organizer writes, stored and sent as it stands.

The first rule whose conditions hold says which accounts may take the payment, and how one of them is chosen.
"""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.facts import Instalments

__all__ = ["Choosing", "Condition", "Field", "Op", "Option", "Policy", "Rule", "Share"]

Field = Literal[
    "amount_minor",
    "currency",
    "event_id",
    "ticket_type_id",
    "method",
    "card_bin",
    "bank",
    "instalments",
    "date",
    "weekday",
    "hour",
    "campaign",
    "channel",
]
Op = Literal["eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "between", "prefix"]
Choosing = Literal[
    "priority",  # the first, in the order of `use`, else in that of the accounts
    "weight",  # by shares: the same reference always falls to the same one
    "lowest_cost",  # by the commission tables, and the cost of waiting for the money
    "approval_rate",  # by how many of the recent attempts were approved
]

LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
Name = Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE, examples=["Banco X los martes"])]
Text = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Values = Annotated[tuple[Number | Text, ...], Meta(max_length=500)]


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`field op value`. A list for `in`, `not_in` and `between` (both ends count), a word or a list for `prefix`, else one value.

    Of what is not known of a payment no condition holds, whatever it asks. Dates are `2026-11-27`, weekdays `monday`, hours 0 to 23.
    """

    field: Field
    op: Op
    value: Number | Text | Values


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account's part of what a rule splits."""

    account_id: UUID
    percent: Annotated[int, Meta(ge=1, le=100)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Where its conditions hold (`all` of them, or `any`; without one always), it decides and no later rule does.

    use: only these accounts; exclude: all but these; neither: every account. shares: for `weight`, in place of `use`; they sum to 100.
    explore_percent: for `approval_rate`, how many payments in a hundred go to one of the others, so that these are known too.
    otherwise: where none of its accounts can take the payment, the later rules are asked, or the payment is refused. What it excludes
    stays excluded for them.
    """

    name: Name
    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=30)] = ()
    use: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    exclude: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    choose: Choosing = "priority"
    shares: Annotated[tuple[Share, ...], Meta(max_length=50)] = ()
    explore_percent: Annotated[int, Meta(ge=0, le=20)] = 5
    otherwise: Literal["next", "refuse"] = "next"


class Option(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A way to pay as a buyer sees it, and the accounts behind it. Choosing it says what it names, and leaves only its accounts.

    option_id: left out, it is a new one. conditions: when it is offered, of what is known before anything is chosen.
    """

    option_id: UUID | None = None
    label: Name
    accounts: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=50)]
    method: PaymentMethod | None = None
    instalments: Instalments | None = None
    bank: Annotated[str, Meta(min_length=1, max_length=80, pattern=LINE)] | None = None
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=10)] = ()


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How payments find their account. Without options a buyer chooses nothing; where no rule decides, the order of the accounts does.

    waiting_ppm_per_day: what a day's wait for the money costs, in millionths of the amount; it counts where cost is compared.
    """

    rules: Annotated[tuple[Rule, ...], Meta(max_length=200)] = ()
    options: Annotated[tuple[Option, ...], Meta(max_length=30)] = ()
    waiting_ppm_per_day: Annotated[int, Meta(ge=0, le=100_000)] = 0

    @property
    def asks_for_card(self) -> bool:
        """Whether some rule asks how the card begins, which is known only while the buyer types it."""
        return any(condition.field == "card_bin" for rule in self.rules for condition in rule.conditions)
