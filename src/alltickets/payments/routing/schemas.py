"""What routing says over the wire. Policies, terms and the figures of simulations go as they are decided by (`rules/`)."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.instalments.rules import InstalmentPlan
from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.decision import Decision
from alltickets.payments.routing.rules.facts import Days, Instalments, RouteFacts
from alltickets.payments.routing.rules.fees import FeeSchedule
from alltickets.payments.routing.rules.policy import Policy
from alltickets.payments.routing.rules.simulating import AccountFigures, Figures

__all__ = [
    "AccountOrderWrite",
    "FeeScheduleRead",
    "FeeScheduleWrite",
    "InstalmentPlansWrite",
    "PolicyActivation",
    "PolicyDraftWrite",
    "PolicyRead",
    "PolicySummaryRead",
    "PolicyVersionRead",
    "RouteDecisionRead",
    "SimulationCreate",
    "SimulationRead",
    "SimulationTotal",
]

Revision = Annotated[int, Meta(ge=0, le=2_147_483_647)]
Instant = Annotated[datetime, Meta(tz=True)]
_YEARS = range(2000, 2200)
Day = Annotated[date, Meta(examples=["2026-11-27"])]


class AccountOrderWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every account once, the one that goes first at the head."""

    account_ids: Annotated[tuple[UUID, ...], Meta(max_length=200)]


class InstalmentPlansWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All plans of an account."""

    plans: Annotated[tuple[InstalmentPlan, ...], Meta(max_length=300)]


class PolicyDraftWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft, decided on `revision` of the policy (0 where there is none). event_id: null for every event without one of its own."""

    revision: Revision
    policy: Policy
    event_id: UUID | None = None


class PolicyActivation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which policy, decided on this revision of it."""

    revision: Revision
    event_id: UUID | None = None


class PolicySummaryRead(msgspec.Struct, frozen=True):
    """Whose policy, which version of it is in force (0: none), and whether there is a draft."""

    event_id: UUID | None
    active_version: int
    has_draft: bool


class PolicyRead(msgspec.Struct, frozen=True):
    """A policy: what is in force (version 0: nothing is), and the draft with everything that keeps it from being activated."""

    event_id: UUID | None
    revision: int
    draft: Policy | None
    faults: list[str]
    active_version: int
    active: Policy | None


class PolicyVersionRead(msgspec.Struct, frozen=True):
    """A policy that is or was in force."""

    version: int
    policy: Policy
    activated_at: datetime
    activated_by: str


class FeeScheduleWrite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a commission table. rate_ppm: millionths of the amount, so 4.39 % is 43900; the tax is on the commission.

    account_id: null for every account of the gateway that has no line of its own. method, instalments: null for any; instalments are
    those that the organizer bears. It counts from `valid_from` until before `valid_to`. is_verified: you compared it with the contract.
    """

    gateway: Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["sandbox"])]
    currency: Annotated[str, Meta(min_length=3, max_length=3, pattern="^[A-Z]{3}$", examples=["ARS"])]
    rate_ppm: Annotated[int, Meta(ge=0, le=1_000_000)]
    valid_from: Day
    account_id: UUID | None = None
    method: PaymentMethod | None = None
    instalments: Instalments | None = None
    release_days: Days = 0
    fixed_minor: Annotated[int, Meta(ge=0, le=10**11)] = 0
    vat_basis_points: Annotated[int, Meta(ge=0, le=10_000)] = 2_100
    valid_to: Day | None = None
    source: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    is_verified: bool = False

    def as_schedule(self, fee_schedule_id: UUID) -> FeeSchedule:
        """The line of that id."""
        return FeeSchedule(fee_schedule_id=fee_schedule_id, **{name: getattr(self, name) for name in self.__struct_fields__})


class FeeScheduleRead(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a commission table. What is not verified is somebody's guess: costs that rest on it are estimates."""

    fee_schedule_id: UUID
    gateway: str
    currency: str
    rate_ppm: int
    valid_from: date
    account_id: UUID | None
    method: PaymentMethod | None
    instalments: int | None
    release_days: int
    fixed_minor: int
    vat_basis_points: int
    valid_to: date | None
    source: str
    is_verified: bool


class RouteDecisionRead(msgspec.Struct, frozen=True):
    """What was decided about a payment, and why.

    number: which one of the attempt's decisions, from 1. counts: the last of these, by which the attempt is on its account. None of the
    two where no attempt followed. is_reproducible: decided again from what is stored, it is the same.
    """

    attempt_id: UUID | None
    number: int | None
    counts: bool
    decided_at: datetime
    policy_event_id: UUID | None
    policy_version: int
    facts: RouteFacts
    decision: Decision
    sentences: list[str]
    is_reproducible: bool


class SimulationCreate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What would have happened from `since` until before `until` under this policy.

    event_id: among that event's payments; null: among all, where events with a policy of their own keep it. after: `next_after` of the
    part before.
    """

    policy: Policy
    since: Instant
    until: Instant
    event_id: UUID | None = None
    after: UUID | None = None

    def __post_init__(self) -> None:
        if not (self.since.year in _YEARS and self.until.year in _YEARS):
            raise ValueError("the period must lie between the years 2000 and 2199")


class SimulationTotal(msgspec.Struct, frozen=True):
    """The sums of a currency."""

    currency: str
    real: Figures
    simulated: Figures


class SimulationRead(msgspec.Struct, frozen=True):
    """One part of a period: what really happened on each account beside what would have, both at the commissions of today's tables.

    decisions: how many were looked at; moved: how many would have gone elsewhere. next_after: more follow; ask again with it and add up.
    """

    decisions: int
    moved: int
    accounts: list[AccountFigures]
    totals: list[SimulationTotal]
    next_after: UUID | None
