"""Instalments with interest: what buyers are told of them, by whom that is stated, and that the gateway is asked for the price."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.identity.interface import Role
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.instalments.rules import InstalmentPlan, best_plan, cftea_basis_points, financed, holding_on
from alltickets.payments.port import Provider
from alltickets.payments.promotions.rules import BinRange
from alltickets.payments.refusals import InstalmentsChanged
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import Told
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.identity.conftest import join
from tests.payments.conftest import ASKED, PUBLIC_URL, connect, request, start
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.payments.test_routes import ACCOUNTS, Office
from tests.simulators.payway import VISA, PaywayProcess, Site

PRICE = Money(1_000_000, "ARS")
DAY = date(2026, 11, 27)
THREE: dict[str, Any] = {"count": 3, "coefficient_ppm": 1_110_000, "valid_from": "2026-01-01"}


def plan(**changes: Any) -> InstalmentPlan:
    return msgspec.convert(THREE | changes, InstalmentPlan)


@pytest.mark.parametrize(
    ("total", "count", "by_months", "by_days"),
    [(11_100, 3, 8_808, 8_974), (12_000, 6, 8_951, 9_120), (10_000, 6, 0, 0), (9_000, 6, 0, 0), (10_500, 1, 7_959, 8_105)],
)
def test_the_cost_of_a_year_is_that_of_the_known_examples(total: int, count: int, by_months: int, by_days: int) -> None:
    assert cftea_basis_points(10_000, total, count, "months") == by_months
    assert cftea_basis_points(10_000, total, count, "days") == by_days


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), st.integers(1_000_000, 3_000_000), st.integers(1, 50_000), st.integers(1, 1_000))
def test_more_costs_more_sooner_costs_more_and_the_scale_means_nothing(count: int, coefficient: int, more: int, scale: int) -> None:
    rate = cftea_basis_points(1_000_000, coefficient, count, "months")

    assert cftea_basis_points(1_000_000 * scale, coefficient * scale, count, "months") == rate
    assert cftea_basis_points(1_000_000, coefficient + more, count, "months") >= rate
    assert cftea_basis_points(1_000_000, coefficient, count + 1, "months") <= rate
    assert (rate == 0) == (coefficient == 1_000_000) or coefficient < 1_000_100
    monthly = (1 + rate / 10_000) ** (1 / 12) - 1
    worth = sum(coefficient / count / (1 + monthly) ** number for number in range(1, count + 1))
    assert abs(worth - 1_000_000) <= 1 + 5 * count, "half a hundredth of a percent a year, for as long as it lasts"


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**12), st.integers(2, 60), st.integers(1_000_000, 9_000_000))
def test_what_is_told_adds_up_and_rests_on_the_plan_alone(minor: int, count: int, coefficient: int) -> None:
    told = financed(plan(count=count, coefficient_ppm=coefficient), Money(minor, "ARS"), "months")

    assert abs(told.total.minor - minor * coefficient / 1_000_000) <= 1 + minor * coefficient * 1e-21
    assert abs(told.each.minor * count - told.total.minor) <= count / 2
    assert told.total.minor >= minor
    assert told.cftea_basis_points == financed(plan(count=count, coefficient_ppm=coefficient), PRICE, "months").cftea_basis_points


def test_what_the_issuer_states_is_told_and_nothing_is_computed() -> None:
    told = financed(plan(cftea_basis_points=9_100), PRICE, "months")

    assert (told.each, told.total) == (Money(370_000, "ARS"), Money(1_110_000, "ARS"))
    assert (told.cftea_basis_points, told.is_stated) == (9_100, True)
    assert not financed(plan(), PRICE, "months").is_stated


def test_of_several_plans_the_most_exact_of_the_day_counts() -> None:
    anybody, newer = plan(), plan(valid_from="2026-11-01", coefficient_ppm=1_120_000)
    visa, bank = (
        plan(methods=["1"], coefficient_ppm=1_130_000),
        plan(bins=[{"first": "450799", "last": "450799"}], coefficient_ppm=1_140_000),
    )
    over = plan(methods=["1"], bins=[{"first": "450799", "last": "450799"}], valid_to="2026-11-27")
    plans = [anybody, over, newer, visa, bank]

    def found(method: str, card_bin: str, count: int = 3, on: date = DAY) -> InstalmentPlan | None:
        return best_plan(plans, method=method, card_bin=card_bin, count=count, on=on)

    assert (found("1", "450799"), found("1", "450798"), found("104", "529991")) == (bank, visa, newer)
    assert found("104", "529991", on=date(2026, 10, 31)) == anybody
    assert found("1", "450799", on=date(2026, 11, 26)) == over
    assert (found("1", "450799", count=6), found("1", "450799", on=date(2025, 12, 31))) == (None, None)
    assert holding_on(plans, DAY) == [bank, visa, newer, anybody]


class Till:
    """An organizer with a site at Payway, at the browser; and a buyer at the form."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock, site: Site) -> None:
        self.database = database
        self.payments = payments
        self.clock = clock
        self.site = site
        self.office = Office(database, payments, clock)

    async def open(self) -> None:
        self.house = await self.office.open()
        self.organizer_id = self.house.actor.organizer_id
        self.browser = self.office.browser(self.house.owner.token)
        self.account = (await connect_payway(self.payments, self.organizer_id, self.site)).id

    async def state(self, *plans: dict[str, Any], account_id: UUID | None = None, token: str | None = None) -> httpx.Response:
        async with self.office.browser(token or self.house.owner.token) as browser:
            return await browser.put(f"{ACCOUNTS}/{account_id or self.account}/instalment-plans", json={"plans": plans})

    async def charge(self, count: int, *, told_minor: int | None) -> dict[str, Any]:
        """What Payway has of a payment in so many instalments."""
        one = request(self.clock)
        started = await start(self.database, self.payments, self.organizer_id, one)
        card = card_of(self.site, VISA, installments=count)
        await self.payments.charge_card(
            self.organizer_id, one.reference, started.attempt_id, card, PURCHASE, told=Told(total_minor=told_minor)
        )
        [payment] = self.site.find(started.attempt_id.hex)
        return payment


@pytest.fixture
def payments(
    database: Database, clock: SettableClock, key_ring: KeyRing, payway: PaywayProcess, sandbox: SandboxProcess, http: httpx.AsyncClient
) -> Payments:
    providers: list[Provider] = [Payway(payway.url, http, developer_url=payway.url), Sandbox(sandbox.url, http)]
    return Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL)


@pytest_asyncio.fixture
async def till(database: Database, payments: Payments, clock: SettableClock, site: Site) -> AsyncIterator[Till]:
    till = Till(database, payments, clock, site)
    await till.open()
    yield till
    await till.browser.aclose()
    till.office.identity.close()


async def test_organizers_state_plans_account_by_account_and_are_told_every_fault(till: Till, merchant: Merchant) -> None:
    page_of_its_own = (await connect(till.payments, till.organizer_id, merchant)).id
    viewer = await join(till.office.identity, till.house, Role.VIEWER)

    stated = await till.state(THREE, THREE | {"count": 6, "methods": ["1"], "sent_as": 13})
    faulty = await till.state(
        THREE | {"valid_to": "2026-01-01", "bins": [{"first": "450799", "last": "450798"}]},
        THREE | {"coefficient_ppm": 1_000_000, "cftea_basis_points": 1, "valid_from": "2026-02-01"},
        THREE | {"valid_from": "2026-02-01"},
    )
    refused = [
        await till.state(THREE, account_id=page_of_its_own),
        await till.state(THREE, account_id=new_id()),
        await till.state({"count": 1}),
    ]

    assert (stated.status_code, [one["count"] for one in stated.json()["instalment_plans"]]) == (200, [3, 6])
    assert (faulty.status_code, len(faulty.json()["faults"])) == (422, 4)
    assert [one.status_code for one in refused] == [422, 404, 400]
    assert (await till.state(token=viewer.token)).status_code == 403
    [kept] = [one for one in (await till.browser.get(ACCOUNTS)).json() if one["account_id"] == str(till.account)]
    assert kept["instalment_plans"] == stated.json()["instalment_plans"]


async def test_the_gateway_is_asked_for_the_price_and_told_the_plans_code(till: Till) -> None:
    await till.state(THREE, THREE | {"count": 6, "sent_as": 13})

    three, six, one = [await till.charge(count, told_minor=told) for count, told in ((3, 11_100), (6, 11_100), (1, None))]

    assert [(found["amount"], found["installments"]) for found in (three, six, one)] == [
        (ASKED.minor, 3),
        (ASKED.minor, 13),
        (ASKED.minor, 1),
    ]


async def test_whoever_was_told_less_is_charged_nothing(till: Till) -> None:
    await till.state(THREE | {"coefficient_ppm": 1_150_000})

    for told_minor, count in ((11_100, 3), (11_500, 6)):
        with pytest.raises(InstalmentsChanged):
            await till.charge(count, told_minor=told_minor)

    assert till.site.call("GET", "/payments").json()["results"] == []
    assert (await till.charge(3, told_minor=11_500))["amount"] == ASKED.minor
    assert (await till.charge(3, told_minor=None))["amount"] == ASKED.minor, "who was told nothing was promised nothing"


def test_a_plan_of_a_bank_needs_the_beginning_of_the_card() -> None:
    bank = plan(bins=[msgspec.to_builtins(BinRange("45079900", "45079949"))])

    assert best_plan([bank], method="1", card_bin="450799", count=3, on=DAY) is None
    assert best_plan([bank], method="1", card_bin="45079912", count=3, on=DAY) == bank
