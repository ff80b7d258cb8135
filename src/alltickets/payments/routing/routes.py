"""HTTP of routing: parse, call the service, answer."""

from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import Provide

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.payments.routing.rules.facts import AccountTerms
from alltickets.payments.routing.rules.simulating import Figures
from alltickets.payments.routing.schemas import (
    AccountOrderWrite,
    FeeScheduleRead,
    FeeScheduleWrite,
    InstalmentPlansWrite,
    PolicyActivation,
    PolicyDraftWrite,
    PolicyRead,
    PolicySummaryRead,
    PolicyVersionRead,
    RouteDecisionRead,
    SimulationCreate,
    SimulationRead,
    SimulationTotal,
)
from alltickets.payments.schemas import GatewayAccountRead
from alltickets.payments.service import Payments
from alltickets.payments.service.routing import ExplainedDecision
from alltickets.payments.service.simulations import AskSimulation, Simulation

__all__ = ["routing_router"]


def routing_router(payments: Payments) -> Router:
    """The organizer's routes of routing, under /api/organizer/payments."""

    def provide() -> Payments:
        return payments

    return Router(
        path="/api/organizer/payments",
        route_handlers=[
            set_account_terms,
            set_instalment_plans,
            sort_accounts,
            list_policies,
            read_policy,
            save_policy_draft,
            activate_policy,
            deactivate_policy,
            list_policy_versions,
            list_fee_schedules,
            add_fee_schedule,
            replace_fee_schedule,
            remove_fee_schedule,
            list_route_decisions,
            simulate_routing,
        ],
        dependencies={"payments": Provide(provide, sync_to_thread=False)},
        tags=["routing"],
    )


@put("/accounts/{account_id:uuid}/terms", operation_id="setGatewayAccountTerms", guards=[allow(Permission.PAYMENTS_WRITE)])
async def set_account_terms(account_id: UUID, data: AccountTerms, actor: Actor, payments: Payments) -> GatewayAccountRead:
    """Say what an account may be used for: events, amounts, dates, methods, instalments; and when its money comes."""
    return msgspec.convert(await payments.accounts.set_terms(actor, account_id, data), GatewayAccountRead, from_attributes=True)


@put(
    "/accounts/{account_id:uuid}/instalment-plans",
    operation_id="setInstalmentPlans",
    guards=[allow(Permission.PAYMENTS_WRITE)],
)
async def set_instalment_plans(account_id: UUID, data: InstalmentPlansWrite, actor: Actor, payments: Payments) -> GatewayAccountRead:
    """State what instalments with interest cost: buyers are told it before they pay. The issuer adds the interest; you get the price."""
    account = await payments.accounts.set_instalment_plans(actor, account_id, data.plans)
    return msgspec.convert(account, GatewayAccountRead, from_attributes=True)


@put("/account-order", operation_id="sortGatewayAccounts", guards=[allow(Permission.PAYMENTS_WRITE)])
async def sort_accounts(data: AccountOrderWrite, actor: Actor, payments: Payments) -> list[GatewayAccountRead]:
    """Put the accounts in order: the first goes first where no rule says otherwise."""
    accounts = await payments.accounts.put_in_order(actor, data.account_ids)
    return msgspec.convert(accounts, list[GatewayAccountRead], from_attributes=True)


@get("/routing/policies", operation_id="listRoutingPolicies", guards=[allow(Permission.PAYMENTS_READ)])
async def list_policies(actor: Actor, payments: Payments) -> list[PolicySummaryRead]:
    """Every policy: the organizer's, then those of events."""
    return msgspec.convert(await payments.routing.policies(actor.organizer_id), list[PolicySummaryRead], from_attributes=True)


@get("/routing/policy", operation_id="readRoutingPolicy", guards=[allow(Permission.PAYMENTS_READ)])
async def read_policy(actor: Actor, payments: Payments, event_id: UUID | None = None) -> PolicyRead:
    """The policy of an event, or, without one named, of every event without one of its own; its draft with every fault."""
    return msgspec.convert(await payments.routing.read(actor.organizer_id, event_id), PolicyRead, from_attributes=True)


@put("/routing/policy/draft", operation_id="saveRoutingDraft", guards=[allow(Permission.PAYMENTS_WRITE)])
async def save_policy_draft(data: PolicyDraftWrite, actor: Actor, payments: Payments) -> PolicyRead:
    """Keep a draft and say what is wrong with it. Nothing is decided by it until it is activated."""
    details = await payments.routing.save_draft(actor, data.event_id, data.revision, data.policy)
    return msgspec.convert(details, PolicyRead, from_attributes=True)


@post("/routing/policy/activation", operation_id="activateRoutingPolicy", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def activate_policy(data: PolicyActivation, actor: Actor, payments: Payments) -> PolicyRead:
    """Put the draft in force as a new version, for every payment that is started from now on."""
    return msgspec.convert(await payments.routing.activate(actor, data.event_id, data.revision), PolicyRead, from_attributes=True)


@post("/routing/policy/deactivation", operation_id="deactivateRoutingPolicy", status_code=200, guards=[allow(Permission.PAYMENTS_WRITE)])
async def deactivate_policy(data: PolicyActivation, actor: Actor, payments: Payments) -> PolicyRead:
    """Take the policy out of force; its draft and versions are kept."""
    return msgspec.convert(await payments.routing.deactivate(actor, data.event_id, data.revision), PolicyRead, from_attributes=True)


@get("/routing/policy/versions", operation_id="listRoutingPolicyVersions", guards=[allow(Permission.PAYMENTS_READ)])
async def list_policy_versions(actor: Actor, payments: Payments, event_id: UUID | None = None) -> list[PolicyVersionRead]:
    """The versions of a policy, newest first, at most the last hundred."""
    versions = await payments.routing.versions(actor.organizer_id, event_id)
    return msgspec.convert(versions, list[PolicyVersionRead], from_attributes=True)


@get("/fee-schedules", operation_id="listFeeSchedules", guards=[allow(Permission.PAYMENTS_READ)])
async def list_fee_schedules(actor: Actor, payments: Payments) -> list[FeeScheduleRead]:
    """The commission tables, line by line. Those that came with an account are guesses until somebody verifies them."""
    return msgspec.convert(await payments.fees.all_of(actor.organizer_id), list[FeeScheduleRead], from_attributes=True)


@post("/fee-schedules", operation_id="addFeeSchedule", guards=[allow(Permission.PAYMENTS_WRITE)])
async def add_fee_schedule(data: FeeScheduleWrite, actor: Actor, payments: Payments) -> FeeScheduleRead:
    """Write a line into the commission tables."""
    return msgspec.convert(await payments.fees.add(actor, data.as_schedule(UUID(int=0))), FeeScheduleRead, from_attributes=True)


@put("/fee-schedules/{fee_schedule_id:uuid}", operation_id="replaceFeeSchedule", guards=[allow(Permission.PAYMENTS_WRITE)])
async def replace_fee_schedule(fee_schedule_id: UUID, data: FeeScheduleWrite, actor: Actor, payments: Payments) -> FeeScheduleRead:
    """Replace a line. To keep what counted before, end it (`valid_to`) and write another."""
    return msgspec.convert(await payments.fees.replace(actor, data.as_schedule(fee_schedule_id)), FeeScheduleRead, from_attributes=True)


@delete("/fee-schedules/{fee_schedule_id:uuid}", operation_id="removeFeeSchedule", guards=[allow(Permission.PAYMENTS_WRITE)])
async def remove_fee_schedule(fee_schedule_id: UUID, actor: Actor, payments: Payments) -> None:
    """Take a line out of the commission tables."""
    await payments.fees.remove(actor, fee_schedule_id)


@get("/{reference:uuid}/routing", operation_id="listRouteDecisions", guards=[allow(Permission.PAYMENTS_READ)])
async def list_route_decisions(reference: UUID, actor: Actor, payments: Payments) -> list[RouteDecisionRead]:
    """Why each attempt of a payment (an order's id) is on its account, and what else was decided about it: told in sentences, oldest first.

    Of an attempt's decisions the last counts. One without an attempt led nowhere: no account could take the payment, or the card is taken
    elsewhere; it stands here once, however often it was taken.
    """
    return [_decision_read(one) for one in await payments.routing.decisions(actor.organizer_id, reference)]


@post("/routing/simulations", operation_id="simulateRouting", status_code=200, guards=[allow(Permission.PAYMENTS_READ)])
async def simulate_routing(data: SimulationCreate, actor: Actor, payments: Payments) -> SimulationRead:
    """What would have happened in a past period under this policy, beside what did. Nothing is stored."""
    ask = AskSimulation(policy=data.policy, event_id=data.event_id, since=data.since, until=data.until, after=data.after)
    return _simulation_read(await payments.simulations.run(actor.organizer_id, ask))


def _decision_read(one: ExplainedDecision) -> RouteDecisionRead:
    stored = one.stored
    return RouteDecisionRead(
        attempt_id=stored.attempt_id,
        number=stored.number,
        counts=stored.counts,
        decided_at=stored.decided_at,
        policy_event_id=one.context.event_id,
        policy_version=one.context.version,
        facts=stored.facts,
        decision=stored.decision,
        sentences=one.sentences,
        is_reproducible=one.is_reproducible,
    )


def _simulation_read(simulation: Simulation) -> SimulationRead:
    accounts = sorted(simulation.tally.by_account.values(), key=lambda one: (one.currency, one.account_id is None, str(one.account_id)))
    totals: dict[str, SimulationTotal] = {}
    for one in accounts:
        total = totals.setdefault(one.currency, SimulationTotal(one.currency, Figures(), Figures()))
        total.real.add(one.real)
        total.simulated.add(one.simulated)
    return SimulationRead(
        decisions=simulation.decisions,
        moved=simulation.tally.moved,
        accounts=accounts,
        totals=list(totals.values()),
        next_after=simulation.next_after,
    )
