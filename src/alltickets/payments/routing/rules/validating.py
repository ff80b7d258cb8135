"""Everything that is wrong with a policy, in sentences, all at once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from alltickets.kernel.money import CURRENCY_EXPONENTS
from alltickets.payments.routing.rules.conditions import FIELD_KINDS, KINDS_OPS, WEEKDAYS, value_of
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.routing.rules.fees import FeeSchedule
from alltickets.payments.routing.rules.policy import Condition, Field, Option, Policy, Rule

__all__ = ["event_ids_of", "policy_faults", "schedule_faults", "terms_faults"]

METHODS = ("credit_card", "debit_card", "prepaid_card", "wallet", "bank_transfer", "cash", "other")
_SHOWN_EARLY: tuple[Field, ...] = ("currency", "event_id", "date", "weekday", "hour", "channel")
"""What is known before a buyer has chosen anything: what an option's conditions may ask for."""


def policy_faults(policy: Policy, account_ids: Collection[UUID]) -> list[str]:
    """What keeps a policy from being activated, rule by rule; empty when nothing does. `account_ids`: the organizer's accounts."""
    faults: list[str] = []
    for number, rule in enumerate(policy.rules, 1):
        faults += [f"rule {number} ({rule.name}): {fault}" for fault in _rule_faults(rule, account_ids)]
    for number, option in enumerate(policy.options, 1):
        faults += [f"option {number} ({option.label}): {fault}" for fault in _option_faults(option, account_ids)]
    ids = [option.option_id for option in policy.options if option.option_id is not None]
    if len(set(ids)) < len(ids) or set(ids) & set(account_ids):
        faults.append("options: each needs an option_id of its own, which is no account's")
    labels = [option.label.casefold() for option in policy.options]
    faults += [f"options: two are called {label!r}" for label in sorted({one for one in labels if labels.count(one) > 1})]
    return faults


def terms_faults(terms: AccountTerms) -> list[str]:
    """What is wrong with an account's terms."""
    faults = []
    if terms.amount_minor_min is not None and terms.amount_minor_max is not None and terms.amount_minor_min > terms.amount_minor_max:
        faults.append("amount_minor_min: is more than amount_minor_max")
    if terms.opens_at is not None and terms.closes_at is not None and terms.opens_at >= terms.closes_at:
        faults.append("closes_at: is not after opens_at")
    return faults


def schedule_faults(schedule: FeeSchedule, gateways: Mapping[UUID, str]) -> list[str]:
    """What is wrong with a line of the commission tables. `gateways`: that of each account of the organizer."""
    faults = []
    if schedule.currency not in CURRENCY_EXPONENTS:
        faults.append(f"currency: {schedule.currency!r} is not an ISO 4217 code")
    if schedule.account_id is not None and schedule.account_id not in gateways:
        faults.append(f"account_id: there is no account {schedule.account_id}")
    elif schedule.account_id is not None and gateways[schedule.account_id] != schedule.gateway:
        faults.append(f"account_id: that account is at {gateways[schedule.account_id]}, not at {schedule.gateway}")
    if schedule.valid_to is not None and schedule.valid_to <= schedule.valid_from:
        faults.append("valid_to: is the first day on which the line counts no more, so it comes after valid_from")
    return faults


def event_ids_of(policy: Policy) -> set[UUID]:
    """The events that conditions of the policy name."""
    conditions = [one for rule in policy.rules for one in rule.conditions] + [one for option in policy.options for one in option.conditions]
    asked = [(one, value) for one in conditions if one.field == "event_id" for value in _values(one)]
    return {UUID(value) for one, value in asked if isinstance(value, str) and _fault_of_value(one, value) is None}


def _rule_faults(rule: Rule, account_ids: Collection[UUID]) -> Iterator[str]:
    for number, condition in enumerate(rule.conditions, 1):
        yield from (f"condition {number}: {fault}" for fault in _condition_faults(condition))
    named = [share.account_id for share in rule.shares]
    yield from _account_faults("use", rule.use, account_ids)
    yield from _account_faults("exclude", rule.exclude, account_ids)
    yield from _account_faults("shares", named, account_ids)
    if rule.use and rule.exclude:
        yield "give either use or exclude: what is not used is excluded"
    if rule.choose == "weight":
        if not rule.shares:
            yield "weight needs shares"
        elif sum(share.percent for share in rule.shares) != 100:
            yield f"the shares sum to {sum(share.percent for share in rule.shares)}, not to 100"
        if rule.use or rule.exclude:
            yield "with weight the shares name the accounts: leave use and exclude out"
    elif rule.shares:
        yield f"shares are for weight, and it chooses by {rule.choose}"


def _option_faults(option: Option, account_ids: Collection[UUID]) -> Iterator[str]:
    yield from _account_faults("accounts", option.accounts, account_ids)
    for number, condition in enumerate(option.conditions, 1):
        if condition.field in _SHOWN_EARLY:
            yield from (f"condition {number}: {fault}" for fault in _condition_faults(condition))
        else:
            yield f"condition {number}: {condition.field} is not known when options are shown; there are {', '.join(_SHOWN_EARLY)}"


def _account_faults(where: str, named: Sequence[UUID], account_ids: Collection[UUID]) -> Iterator[str]:
    yield from (f"{where}: there is no account {one}" for one in dict.fromkeys(named) if one not in account_ids)
    if len(set(named)) < len(named):
        yield f"{where}: an account is named twice"


def _condition_faults(condition: Condition) -> Iterator[str]:
    kind, op = FIELD_KINDS[condition.field], condition.op
    if op not in KINDS_OPS[kind]:
        yield f"{condition.field} is not compared by {op}, but by {', '.join(KINDS_OPS[kind])}"
        return
    values = _values(condition)
    is_list = isinstance(condition.value, tuple)
    if op == "between" and (not is_list or len(values) != 2):
        yield "between takes two values, the least and the greatest"
    elif op in ("in", "not_in", "prefix") and not values:
        yield f"{op} takes at least one value"
    elif op in ("in", "not_in") and not is_list:
        yield f"{op} takes a list"
    elif op not in ("in", "not_in", "between", "prefix") and is_list:
        yield f"{op} takes one value"
    else:
        faults = [fault for fault in (_fault_of_value(condition, value) for value in values) if fault is not None]
        yield from faults
        if op == "between" and not faults:
            yield from _between_faults(condition, values)


def _between_faults(condition: Condition, values: Sequence[object]) -> Iterator[str]:
    kind = FIELD_KINDS[condition.field]
    low, high = (value_of(kind, one) for one in values)
    if isinstance(low, str) and len(low) != len(high):
        yield f"between compares {low!r} and {high!r} character by character: give both the same length"
    elif low > high:
        yield f"between {values[0]} and {values[1]} there is nothing: the least comes first"


def _fault_of_value(condition: Condition, value: object) -> str | None:
    field = condition.field
    try:
        read = value_of(FIELD_KINDS[field], value)
    except ValueError:
        return f"{value!r} is not {_WANTED[field]}"
    is_within = _WITHIN.get(field)
    if is_within is None or is_within(read) or (field == "method" and condition.op == "prefix"):
        return None
    return f"{value!r} is not {_WANTED[field]}"


def _values(condition: Condition) -> Sequence[object]:
    return condition.value if isinstance(condition.value, tuple) else (condition.value,)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


_WITHIN: dict[Field, Callable[[Any], bool]] = {
    "hour": lambda read: 0 <= read <= 23,
    "instalments": lambda read: read >= 1,
    "amount_minor": lambda read: read >= 0,
    "currency": lambda read: read in CURRENCY_EXPONENTS,
    "method": lambda read: read in METHODS,
    "card_bin": lambda read: read.isascii() and read.isdigit() and len(read) <= 8,
}
_WANTED: dict[Field, str] = {
    "amount_minor": "an amount in minor units",
    "currency": "an ISO 4217 code",
    "event_id": "the id of an event",
    "ticket_type_id": "the id of a ticket type",
    "method": f"one of {_listed(METHODS)}",
    "card_bin": "the first digits of a card, at most 8",
    "bank": "a bank's name",
    "instalments": "a number of instalments, at least 1",
    "date": "a date such as 2026-11-27",
    "weekday": f"one of {_listed(WEEKDAYS)}",
    "hour": "an hour from 0 to 23",
    "campaign": "a campaign's name",
    "channel": "a channel's name",
}
