"""Accounts, policies and payments to route: what a test does not care about is filled in."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from alltickets.payments.routing.rules.book import RouteBook, RouteContext
from alltickets.payments.routing.rules.facts import AccountTerms, Approvals, PaymentPurpose, RouteAccount, RouteFacts
from alltickets.payments.routing.rules.fees import FeeSchedule
from alltickets.payments.routing.rules.policy import Condition, Policy, Rule, Share

# A Friday, at half past nine in the evening in Buenos Aires, and already Saturday in UTC.
NOW = datetime(2026, 11, 28, 0, 30, tzinfo=UTC)
ZONE = "America/Argentina/Buenos_Aires"
EVENT, OTHER_EVENT, FIELD, STALLS = (UUID(int=number) for number in (101, 102, 201, 202))
A, B, C, D = (UUID(int=number) for number in (1, 2, 3, 4))


def account(account_id: UUID, *, priority: int = 0, terms: AccountTerms | None = None, **fields: Any) -> RouteAccount:
    boring = {"gateway": f"gateway{account_id.int}", "label": f"Cuenta {account_id.int}", "currency": "ARS", "is_enabled": True}
    return RouteAccount(account_id=account_id, priority=priority, terms=terms or AccountTerms(), **{**boring, **fields})


def facts(*, number: int = 7, purpose: PaymentPurpose | None = None, **fields: Any) -> RouteFacts:
    boring = {"reference": UUID(int=number), "amount_minor": 1_100_000, "currency": "ARS", "at": NOW}
    about = purpose or PaymentPurpose(event_id=EVENT, timezone=ZONE, ticket_type_ids=(FIELD,), campaign="Radio", channel="shop")
    return RouteFacts(purpose=about, **{**boring, **fields})


def line(gateway: int, ppm: int, **fields: Any) -> FeeSchedule:
    boring = {"fee_schedule_id": UUID(int=900 + gateway), "currency": "ARS", "valid_from": date(2026, 1, 1), "vat_basis_points": 2_100}
    return FeeSchedule(gateway=f"gateway{gateway}", rate_ppm=ppm, **{**boring, **fields})


def book(*rules: Rule, accounts: Sequence[RouteAccount] | None = None, waiting: int = 0, **fields: Any) -> RouteBook:
    shown = [account(A, priority=0), account(B, priority=1), account(C, priority=2)] if accounts is None else accounts
    policy = Policy(rules=rules, waiting_ppm_per_day=waiting)
    return RouteBook(RouteContext(accounts=tuple(shown), policy=policy, **{"version": 1, **fields}))


def rule(*conditions: Condition, **fields: Any) -> Rule:
    return Rule(name="Regla", conditions=conditions, **fields)


# Anything at all, from small worlds: so that rules meet payments, and accounts meet rules.

_ACCOUNTS = [A, B, C, D]
_instants = st.sampled_from([None, datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)])
_some_accounts = st.lists(st.sampled_from(_ACCOUNTS), unique=True, max_size=4).map(tuple)
_terms = st.builds(
    AccountTerms,
    event_ids=st.sampled_from([(), (EVENT,), (OTHER_EVENT,)]),
    amount_minor_min=st.sampled_from([None, 500, 2_000_000]),
    amount_minor_max=st.sampled_from([None, 2_000_000]),
    opens_at=_instants,
    closes_at=_instants,
    methods=st.sampled_from([(), ("credit_card",), ("cash", "wallet")]),
    instalments_max=st.sampled_from([None, 3]),
    release_days=st.sampled_from([None, 10]),
)
conditions = st.one_of(
    st.builds(Condition, st.just("amount_minor"), st.sampled_from(["eq", "gt", "gte", "lt", "lte"]), st.integers(0, 2_000_000)),
    st.builds(Condition, st.just("weekday"), st.sampled_from(["in", "not_in"]), st.sampled_from([("friday",), ("monday", "saturday")])),
    st.builds(Condition, st.just("method"), st.sampled_from(["eq", "ne"]), st.sampled_from(["credit_card", "cash"])),
    st.builds(Condition, st.just("ticket_type_id"), st.sampled_from(["in", "not_in"]), st.just((str(FIELD),))),
    st.builds(Condition, st.just("card_bin"), st.just("prefix"), st.sampled_from(["4", ("45", "50")])),
    st.builds(Condition, st.just("hour"), st.just("between"), st.just((20, 22))),
)
_splits = st.sampled_from([(Share(A, 100),), (Share(B, 30), Share(A, 70)), (Share(A, 1), Share(C, 98), Share(D, 1))])
rules = st.one_of(
    st.builds(
        Rule,
        name=st.just("Regla"),
        match=st.sampled_from(["all", "any"]),
        conditions=st.lists(conditions, max_size=3).map(tuple),
        use=_some_accounts,
        choose=st.sampled_from(["priority", "lowest_cost", "approval_rate"]),
        otherwise=st.sampled_from(["next", "next", "refuse"]),
    ),
    st.builds(Rule, name=st.just("Regla"), conditions=st.lists(conditions, max_size=2).map(tuple), exclude=_some_accounts),
    st.builds(
        Rule, name=st.just("Regla"), conditions=st.lists(conditions, max_size=2).map(tuple), choose=st.just("weight"), shares=_splits
    ),
)
contexts = st.builds(
    RouteContext,
    accounts=st.lists(
        st.builds(
            account,
            st.sampled_from(_ACCOUNTS),
            priority=st.integers(0, 3),
            terms=_terms,
            is_enabled=st.sampled_from([True, True, False]),
            currency=st.sampled_from(["ARS", "ARS", "USD"]),
        ),
        unique_by=lambda one: one.account_id,
        max_size=4,
    ).map(tuple),
    version=st.integers(1, 3),
    policy=st.builds(Policy, rules=st.lists(rules, max_size=4).map(tuple), waiting_ppm_per_day=st.sampled_from([0, 500])),
    schedules=st.lists(
        st.builds(line, st.integers(1, 4), st.integers(0, 300_000), fixed_minor=st.integers(0, 500), release_days=st.sampled_from([0, 10])),
        max_size=6,
    ).map(tuple),
)
payments = st.builds(
    facts,
    number=st.integers(0, 2**64),
    amount_minor=st.integers(1, 3_000_000),
    at=st.datetimes(datetime(2026, 10, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    method=st.sampled_from([None, "credit_card", "cash"]),
    card_bin=st.sampled_from([None, "450799", "515073"]),
    instalments=st.sampled_from([None, 1, 6]),
    choice=st.sampled_from([None, None, (A,), (B, C)]),
    open_breakers=st.sampled_from([(), (), (A,)]),
    approvals=st.sampled_from([(), (Approvals(A, 1, 10), Approvals(B, 90, 100))]),
)
