"""Routing on the real database: what organizers decide over HTTP, where payments go by it, and what is kept of that."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from alltickets.catalog.interface import Catalog, CatalogService
from alltickets.catalog.schemas.organizer import EventCreate
from alltickets.identity.interface import Role
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.refusals import NoAccountFits
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import Started, StartPayment
from alltickets.platform.database import Database
from tests.conftest import SettableClock
from tests.identity.conftest import join
from tests.payments.conftest import request
from tests.payments.sandbox import Merchant
from tests.payments.test_routes import ACCOUNTS, Office, body

ROUTING = "/api/organizer/payments/routing"
FEES = "/api/organizer/payments/fee-schedules"


class Desk:
    """An organizer with two accounts, at the browser; and buyers who pay."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock, office: Office) -> None:
        self.database = database
        self.payments = payments
        self.clock = clock
        self.office = office

    async def open(self) -> None:
        self.house = await self.office.open()
        self.organizer_id = self.house.actor.organizer_id
        self.browser = self.office.browser(self.house.owner.token)
        self.first, self.second = [await self.connect(label) for label in ("Primera", "Segunda")]

    async def connect(self, label: str) -> str:
        answer = await self.browser.post(ACCOUNTS, json=body(Merchant.fresh(), label=label))
        return str(answer.json()["account_id"])

    async def event(self) -> str:
        """An event of the organizer's."""
        service = CatalogService(self.database, self.clock, Catalog(self.database))
        body = EventCreate(title="Noche de prueba", currency="ARS", timezone="America/Argentina/Buenos_Aires")
        return str((await service.events.create(self.house.actor, body)).event_id)

    async def put(self, path: str, **said: Any) -> httpx.Response:
        return await self.browser.put(path, json=said)

    async def draft(self, *rules: dict[str, Any], revision: int = 0, event_id: str | None = None, **policy: Any) -> httpx.Response:
        said = {"rules": rules, **policy}
        return await self.put(f"{ROUTING}/policy/draft", revision=revision, event_id=event_id, policy=said)

    async def activate(self, *rules: dict[str, Any], event_id: str | None = None, **policy: Any) -> dict[str, Any]:
        at = await self.browser.get(f"{ROUTING}/policy", params={} if event_id is None else {"event_id": event_id})
        drafted = await self.draft(*rules, revision=at.json()["revision"], event_id=event_id, **policy)
        said = {"revision": drafted.json()["revision"], "event_id": event_id}
        answer = await self.browser.post(f"{ROUTING}/policy/activation", json=said)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def pay(self, *wanted: StartPayment) -> list[Any]:
        async with self.database.transaction(self.organizer_id) as tx:
            return await self.payments.start(tx, wanted)

    async def goes_to(self, **asked: Any) -> str:
        """The account on which a payment is started."""
        return str((await self.decision(**asked))["decision"]["account_id"])

    async def decision(self, **asked: Any) -> dict[str, Any]:
        fields = {"purpose": PaymentPurpose(), **asked}
        one = StartPayment(**{**{name: getattr(request(self.clock), name) for name in StartPayment.__slots__}, **fields})
        [started] = await self.pay(one)
        assert isinstance(started, Started), started
        answer = await self.browser.get(f"/api/organizer/payments/{one.reference}/routing")
        [told] = answer.json()
        assert told["attempt_id"] == str(started.attempt_id)
        assert told["is_reproducible"] is True
        found: dict[str, Any] = told
        return found


@pytest_asyncio.fixture
async def desk(database: Database, payments: Payments, clock: SettableClock) -> AsyncIterator[Desk]:
    office = Office(database, payments, clock)
    desk = Desk(database, payments, clock, office)
    await desk.open()
    yield desk
    await desk.browser.aclose()
    office.identity.close()


def status_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").removeprefix("/problems/")


async def test_accounts_are_sorted_and_the_first_takes_what_no_rule_speaks_of(desk: Desk) -> None:
    before = await desk.goes_to()

    answers = [
        await desk.put("/api/organizer/payments/account-order", account_ids=ids)
        for ids in ([desk.second], [desk.first, desk.first, desk.second], [desk.second, str(new_id())], [desk.second, desk.first])
    ]

    assert [status_of(answer) for answer in answers[:3]] == [(422, "routing-invalid")] * 3
    assert [one["account_id"] for one in answers[3].json()] == [desk.second, desk.first]
    assert (before, await desk.goes_to()) == (desk.first, desk.second)


async def test_an_account_is_used_for_what_its_terms_say(desk: Desk) -> None:
    path = f"{ACCOUNTS}/{desk.first}/terms"
    event_id = await desk.event()
    answers = [
        await desk.put(path, amount_minor_min=5, amount_minor_max=4),
        await desk.put(path, event_ids=[str(new_id())]),
        await desk.put(f"{ACCOUNTS}/{new_id()}/terms"),
        await desk.put(path, event_ids=[event_id], amount_minor_max=1_000_000, release_days=10),
    ]

    assert [status_of(one) for one in answers[:3]] == [
        (422, "routing-invalid"),
        (404, "event-not-found"),
        (404, "gateway-account-not-found"),
    ]
    assert answers[3].json()["terms"] == {"event_ids": [event_id], "amount_minor_max": 1_000_000, "release_days": 10}
    here = PaymentPurpose(event_id=UUID(event_id))
    found = [await desk.goes_to(), await desk.goes_to(purpose=here), await desk.goes_to(purpose=here, amount=Money(1_000_001, "ARS"))]
    assert found == [desk.second, desk.first, desk.second]


async def test_a_draft_is_told_every_fault_and_decides_nothing(desk: Desk) -> None:
    wrong = {"name": "Mal", "conditions": [{"field": "hour", "op": "eq", "value": 24}], "use": [str(new_id())]}

    drafted = await desk.draft(wrong, {"name": "Bien", "use": [desk.second]})
    refused = await desk.browser.post(f"{ROUTING}/policy/activation", json={"revision": 1})

    assert (drafted.status_code, len(drafted.json()["faults"]), drafted.json()["active_version"]) == (200, 2, 0)
    assert (status_of(refused), len(refused.json()["faults"])) == ((422, "routing-invalid"), 2)
    assert await desk.goes_to() == desk.first


async def test_a_policy_is_in_force_from_the_next_payment_on_version_by_version(desk: Desk) -> None:
    first = await desk.activate({"name": "Todo a la segunda", "use": [desk.second]})
    to_second = await desk.decision()
    second = await desk.activate({"name": "Todo a la primera", "use": [desk.first]})
    to_first = await desk.decision()
    versions = (await desk.browser.get(f"{ROUTING}/policy/versions")).json()
    off = await desk.browser.post(f"{ROUTING}/policy/deactivation", json={"revision": second["revision"]})
    without = await desk.decision()

    assert [one["active_version"] for one in (first, second, off.json())] == [1, 2, 0]
    assert [(one["policy_version"], one["decision"]["account_id"]) for one in (to_second, to_first, without)] == [
        (1, desk.second),
        (2, desk.first),
        (0, desk.first),
    ]
    assert to_second["sentences"][1] == "Decide la regla 1, «Todo a la segunda»: vale siempre."
    assert [(one["version"], one["policy"]["rules"][0]["name"]) for one in versions] == [(2, "Todo a la primera"), (1, "Todo a la segunda")]
    again = await desk.activate({"name": "Otra", "use": [desk.second]})
    assert again["active_version"] == 3


async def test_who_decides_on_what_has_changed_meanwhile_is_told(desk: Desk) -> None:
    await desk.activate({"name": "Todo", "use": [desk.second]})

    answers = [
        await desk.draft(revision=0),
        await desk.browser.post(f"{ROUTING}/policy/activation", json={"revision": 2}),
        await desk.browser.post(f"{ROUTING}/policy/deactivation", json={"revision": 1}),
        await desk.draft(event_id=str(new_id())),
    ]

    expected = [(409, "version-conflict"), (409, "routing-draft-missing"), (409, "version-conflict"), (404, "event-not-found")]
    assert [status_of(one) for one in answers] == expected


async def test_an_event_s_own_policy_counts_before_the_organizer_s(desk: Desk) -> None:
    event_id = await desk.event()
    await desk.activate({"name": "Todo", "use": [desk.second]})
    await desk.activate({"name": "Esta noche", "use": [desk.first]}, event_id=event_id)

    found = [await desk.goes_to(), await desk.goes_to(purpose=PaymentPurpose(event_id=UUID(event_id)))]
    listed = (await desk.browser.get(f"{ROUTING}/policies")).json()

    assert found == [desk.second, desk.first]
    assert [(one["event_id"], one["active_version"], one["has_draft"]) for one in listed] == [(None, 1, False), (event_id, 1, False)]


async def test_an_option_leaves_its_accounts_and_says_how_the_buyer_pays(desk: Desk) -> None:
    shares = [{"account_id": desk.first, "percent": 50}, {"account_id": desk.second, "percent": 50}]
    split = {
        "name": "Mitades",
        "conditions": [{"field": "method", "op": "eq", "value": "credit_card"}],
        "choose": "weight",
        "shares": shares,
    }
    cash = {"label": "Efectivo", "accounts": [desk.second], "method": "cash"}
    active = await desk.activate(
        split, options=[{"label": "Tarjeta", "accounts": [desk.first, desk.second], "method": "credit_card"}, cash]
    )
    card_id, cash_id = (UUID(one["option_id"]) for one in active["active"]["options"])

    offered = await desk.payments.options(desk.organizer_id, "ARS", PaymentPurpose())
    by_card = Counter([await desk.goes_to(option_id=card_id) for _ in range(12)])
    by_cash = await desk.decision(option_id=cash_id)
    [unknown] = await desk.pay(request(desk.clock, option_id=new_id()))

    assert [(one.option_id, one.label) for one in offered] == [(card_id, "Tarjeta"), (cash_id, "Efectivo")]
    assert set(by_card) <= {desk.first, desk.second}
    assert (by_cash["decision"]["account_id"], by_cash["facts"]["method"]) == (desk.second, "cash")
    assert (await desk.decision())["facts"]["method"] == "credit_card", "who chooses nothing takes the first"
    assert await desk.goes_to(option_id=UUID(desk.first)) == desk.first, "an account is an option by itself"
    assert isinstance(unknown, NoAccountFits)


async def test_a_payment_under_way_stays_where_it_is_while_its_option_holds_for_that(desk: Desk) -> None:
    option = {"label": "Tarjeta", "accounts": [desk.first, desk.second]}
    active = await desk.activate({"name": "Todo", "use": [desk.first]}, options=[option])
    option_id = UUID(active["active"]["options"][0]["option_id"])
    one = request(desk.clock, option_id=option_id)
    [started] = await desk.pay(one)
    await desk.activate({"name": "Todo", "use": [desk.second]}, options=active["active"]["options"])

    [again] = await desk.pay(one)
    [elsewhere] = await desk.pay(request(desk.clock, reference=one.reference, option_id=UUID(desk.second)))

    assert again == started
    assert elsewhere.attempt_id != started.attempt_id
    told = (await desk.browser.get(f"/api/organizer/payments/{one.reference}/routing")).json()
    assert [(one["attempt_id"], one["decision"]["account_id"]) for one in told] == [
        (str(started.attempt_id), desk.first),
        (str(elsewhere.attempt_id), desk.second),
    ]


async def test_commission_tables_decide_where_cost_is_compared(desk: Desk) -> None:
    line = {"gateway": "sandbox", "currency": "ARS", "valid_from": "2026-01-01"}
    added = [
        (await desk.browser.post(FEES, json={**line, "rate_ppm": 50_000, "account_id": desk.first})).json(),
        (await desk.browser.post(FEES, json={**line, "rate_ppm": 40_000})).json(),
    ]
    await desk.activate({"name": "La más barata", "choose": "lowest_cost"})
    dear = await desk.decision()
    path = f"{FEES}/{added[0]['fee_schedule_id']}"
    replaced = await desk.put(path, **line, rate_ppm=30_000, account_id=desk.first, is_verified=True, source="contrato")
    cheap = await desk.decision()
    listed = (await desk.browser.get(FEES)).json()
    gone = [await desk.browser.delete(path), await desk.browser.delete(path), await desk.put(path, **line, rate_ppm=1)]

    scores = [{one["account_id"]: one["score"] for one in told["decision"]["candidates"]} for told in (dear, cheap)]
    # 100.00 at 5, 4 and 3 %, with 21 % of tax on it.
    assert scores == [{desk.first: 605, desk.second: 484}, {desk.first: 363, desk.second: 484}]
    assert [told["decision"]["account_id"] for told in (dear, cheap)] == [desk.second, desk.first]
    assert (replaced.status_code, listed[0]["is_verified"], listed[0]["source"]) == (200, True, "contrato")
    assert [one.status_code for one in gone] == [204, 404, 404]
    async with desk.database.reading(desk.organizer_id) as reader:
        found = await desk.payments.fees.estimate(
            reader, UUID(desk.second), Money(10_000, "ARS"), method=None, instalments=None, on=desk.clock().date()
        )
    assert found is not None
    assert (found.total.minor, found.is_verified) == (484, False)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"gateway": "nobody"}, (404, "gateway-unknown")),
        ({"currency": "XXX"}, (422, "routing-invalid")),
        ({"valid_to": "2026-01-01"}, (422, "routing-invalid")),
        ({"account_id": str(new_id())}, (422, "routing-invalid")),
    ],
)
async def test_a_line_that_counts_for_nothing_is_refused(desk: Desk, change: dict[str, Any], refused: tuple[int, str]) -> None:
    line = {"gateway": "sandbox", "currency": "ARS", "valid_from": "2026-01-01", "rate_ppm": 1, **change}

    assert status_of(await desk.browser.post(FEES, json=line)) == refused


async def test_what_would_have_happened_stands_beside_what_did(desk: Desk) -> None:
    begun = desk.clock()
    await desk.browser.post(FEES, json={"gateway": "sandbox", "currency": "ARS", "valid_from": "2030-01-01", "rate_ppm": 40_000})
    dear = {"gateway": "sandbox", "currency": "ARS", "valid_from": "2030-01-01", "rate_ppm": 60_000, "account_id": desk.first}
    await desk.browser.post(FEES, json=dear)
    started = [await desk.pay(request(desk.clock)) for _ in range(3)]
    async with desk.database.transaction(desk.organizer_id) as tx:
        # As if the gateway had reported it.
        await tx.execute(
            "UPDATE payments.attempts SET status = 'charged' WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s)",
            ids=[one.attempt_id for [one] in started[:2]],
        )
    period = {"since": (begun - timedelta(minutes=1)).isoformat(), "until": (begun + timedelta(minutes=5)).isoformat()}
    cheapest = {"rules": [{"name": "La más barata", "choose": "lowest_cost"}]}

    answer = await desk.browser.post(f"{ROUTING}/simulations", json={**period, "policy": cheapest})
    wrong = await desk.browser.post(f"{ROUTING}/simulations", json={**period, "policy": {"rules": [{"name": "x", "use": [str(new_id())]}]}})
    elsewhere = await desk.browser.post(f"{ROUTING}/simulations", json={**period, "policy": {}, "event_id": await desk.event()})

    assert answer.status_code == 200, answer.text
    told = answer.json()
    nothing = {"attempts": 0, "paid": 0, "amount_minor": 0, "cost_minor": 0, "unpriced": 0}
    really = {"attempts": 3, "paid": 2, "amount_minor": 20_000, "cost_minor": 2 * 726, "unpriced": 0}
    would = {**really, "cost_minor": 2 * 484}
    assert {one["account_id"]: (one["real"], one["simulated"]) for one in told["accounts"]} == {
        desk.first: (really, nothing),
        desk.second: (nothing, would),
    }
    assert told["totals"] == [{"currency": "ARS", "real": really, "simulated": would}]
    assert (told["decisions"], told["moved"], told["next_after"]) == (3, 3, None)
    assert status_of(wrong) == (422, "routing-invalid")
    assert elsewhere.json()["accounts"] == []


async def test_routing_of_others_does_not_exist(desk: Desk) -> None:
    event_id = await desk.event()
    await desk.activate({"name": "Todo", "use": [desk.second]}, event_id=event_id)
    line = {"gateway": "sandbox", "currency": "ARS", "valid_from": "2026-01-01", "rate_ppm": 1}
    theirs = (await desk.browser.post(FEES, json=line)).json()["fee_schedule_id"]
    one = request(desk.clock)
    await desk.pay(one)
    stranger = await desk.office.open()

    async with desk.office.browser(stranger.owner.token) as browser:
        answers = [
            await browser.get(f"{ROUTING}/policy", params={"event_id": event_id}),
            await browser.get(f"{ROUTING}/policy/versions", params={"event_id": event_id}),
            await browser.put(f"{ACCOUNTS}/{desk.first}/terms", json={}),
            await browser.put(f"{FEES}/{theirs}", json=line),
            await browser.delete(f"{FEES}/{theirs}"),
            await browser.get(f"/api/organizer/payments/{one.reference}/routing"),
        ]
        lists = [(await browser.get(path)).json() for path in (f"{ROUTING}/policies", FEES, ACCOUNTS)]
        drafted = await browser.put(
            f"{ROUTING}/policy/draft", json={"revision": 0, "policy": {"rules": [{"name": "x", "use": [desk.first]}]}}
        )

    assert [answer.status_code for answer in answers] == [404] * 6
    assert lists == [[], [], []]
    assert drafted.json()["faults"] == [f"rule 1 (x): use: there is no account {desk.first}"]


async def test_who_runs_events_looks_at_routing_and_does_not_decide_it(desk: Desk) -> None:
    manager = await join(desk.office.identity, desk.house, Role.MANAGER)
    line = {"gateway": "sandbox", "currency": "ARS", "valid_from": "2026-01-01", "rate_ppm": 1}

    async with desk.office.browser(manager.token) as browser, desk.office.browser() as nobody:
        seen = [await browser.get(path) for path in (f"{ROUTING}/policy", FEES)]
        refused = [
            await browser.put(f"{ROUTING}/policy/draft", json={"revision": 0, "policy": {}}),
            await browser.post(f"{ROUTING}/policy/activation", json={"revision": 0}),
            await browser.post(FEES, json=line),
            await browser.put("/api/organizer/payments/account-order", json={"account_ids": []}),
        ]
        unknown = await nobody.get(f"{ROUTING}/policy")

    assert [one.status_code for one in (*seen, *refused, unknown)] == [200, 200, 403, 403, 403, 403, 401]


async def test_approval_rates_are_those_of_what_banks_answered(desk: Desk) -> None:
    await desk.put("/api/organizer/payments/account-order", account_ids=[desk.first, desk.second])
    started = [await desk.pay(request(desk.clock)) for _ in range(6)]
    for status, some in (("declined", started[:3]), ("expired", started[3:])):
        async with desk.database.transaction(desk.organizer_id) as tx:
            await tx.execute(
                "UPDATE payments.attempts SET status = %(status)s WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s)",
                status=status,
                ids=[one.attempt_id for [one] in some],
            )
    await desk.activate({"name": "La que más aprueba", "choose": "approval_rate", "explore_percent": 0})

    told = await desk.decision()

    assert told["facts"]["approvals"] == [{"account_id": desk.first, "approved": 0, "resolved": 3}]
    assert told["decision"]["account_id"] == desk.second
    assert {one["account_id"]: one["score"] for one in told["decision"]["candidates"]} == {desk.first: 615_384, desk.second: 800_000}
