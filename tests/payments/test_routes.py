"""The organizer's routes over HTTP: who may call them, what they take, and what they never show."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from litestar import Litestar, Request, Response

from alltickets.identity.interface import Authorization, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.payments.gateways.sandbox import LINK
from alltickets.payments.handlers import subscriptions
from alltickets.payments.parts import Part
from alltickets.payments.promotions.routes import promotions_router
from alltickets.payments.reconciliation.routes import router
from alltickets.payments.routes import organizer_router
from alltickets.payments.routing.routes import routing_router
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.problems import PROBLEMS
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import request, start
from tests.payments.sandbox import Merchant

ACCOUNTS = "/api/organizer/payments/accounts"


class Office:
    """An organizer's people at their browsers."""

    def __init__(self, database: Database, payments: Payments, clock: SettableClock) -> None:
        self.identity = make_identity(database, clock, CountingHasher())
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        self.app = Litestar(
            route_handlers=[
                organizer_router(payments),
                router(payments.reconciliation),
                routing_router(payments),
                promotions_router(payments.promotions),
            ],
            plugins=[authorization],
            exception_handlers={Refusal: _answer},
            openapi_config=None,
        )

    async def open(self) -> House:
        return await make_house(self.identity)

    def browser(self, token: str | None = None) -> httpx.AsyncClient:
        return open_browser(self.app, token=token)


def _answer(asked: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    document = PROBLEMS.document(fault, instance=asked.url.path)
    return Response(document.body, status_code=document.status, media_type="application/problem+json")


@pytest_asyncio.fixture
async def office(database: Database, payments: Payments, clock: SettableClock) -> AsyncIterator[Office]:
    office = Office(database, payments, clock)
    yield office
    office.identity.close()


def body(merchant: Merchant, **changes: object) -> dict[str, object]:
    return {
        "gateway": "sandbox",
        "label": "Sandbox",
        "currency": "ARS",
        "settings": {"merchant": merchant.id, "mode": "link"},
        "credentials": {"secret": merchant.secret},
        **changes,
    }


async def test_an_owner_connects_tests_and_switches_an_account(office: Office, merchant: Merchant) -> None:
    house = await office.open()
    async with office.browser(house.owner.token) as browser:
        connected = await browser.post(ACCOUNTS, json=body(merchant))
        path = f"{ACCOUNTS}/{connected.json()['account_id']}"
        replaced = await browser.put(path, json=body(merchant, label="Principal"))
        checked = await browser.post(f"{path}/check")
        switched = await browser.patch(path, json={"is_enabled": False})
        listed = await browser.get(ACCOUNTS)

    assert (connected.status_code, replaced.status_code, checked.status_code) == (201, 200, 200)
    assert checked.json() == {"is_working": True, "error_kind": None, "detail": None}
    assert listed.json() == [switched.json()]
    assert listed.json()[0]["label"] == "Principal"
    capabilities = listed.json()[0]["capabilities"]
    assert capabilities.pop("currencies") == list(LINK.currencies)
    assert capabilities == {
        "flow": "redirect",
        "funds": "organizer",
        "news": "callback",
        "create_idempotency": "header",
        "refund_idempotency": "header",
        "instalments": "none",
        "expires_pages": False,
        "captures": False,
        "voids": False,
        "partial_refunds": True,
        "early_refunds": "same",
        "settlements": "file",
        "disputes": "told",
    }
    assert merchant.secret not in connected.text + replaced.text + listed.text


async def test_who_runs_events_does_not_decide_where_money_goes(office: Office, merchant: Merchant) -> None:
    house = await office.open()
    manager = await join(office.identity, house, Role.MANAGER)
    async with office.browser(manager.token) as browser, office.browser() as stranger:
        refused = await browser.post(ACCOUNTS, json=body(merchant))
        unknown = await stranger.get(ACCOUNTS)

    assert (refused.status_code, unknown.status_code) == (403, 401)


async def test_what_does_not_fit_is_refused_with_every_fault(office: Office, merchant: Merchant) -> None:
    house = await office.open()
    async with office.browser(house.owner.token) as browser:
        wrong = await browser.post(ACCOUNTS, json=body(merchant, settings={"merchant": "x"}, credentials={}))
        elsewhere = await browser.post(ACCOUNTS, json=body(merchant, gateway="nobody"))

    assert (wrong.status_code, len(wrong.json()["faults"])) == (422, 2)
    assert elsewhere.status_code == 404


async def test_a_payment_is_shown_to_its_organizer_only(
    database: Database, payments: Payments, office: Office, merchant: Merchant, clock: SettableClock
) -> None:
    house, other = await office.open(), await office.open()
    wanted = request(clock)
    async with office.browser(house.owner.token) as browser, office.browser(other.owner.token) as stranger:
        await browser.post(ACCOUNTS, json=body(merchant))
        started = await start(database, payments, house.actor.organizer_id, wanted)
        shown = await browser.get(f"/api/organizer/payments/{wanted.reference}")
        hidden = [
            await stranger.get(f"/api/organizer/payments/{wanted.reference}"),
            await browser.get(f"/api/organizer/payments/{new_id()}"),
        ]

    assert shown.status_code == 200
    assert [UUID(attempt["attempt_id"]) for attempt in shown.json()["attempts"]] == [started.attempt_id]
    assert [answer.status_code for answer in hidden] == [404, 404]


async def test_a_settlement_report_is_sent_looked_through_and_settled(office: Office, merchant: Merchant) -> None:
    house, other = await office.open(), await office.open()
    report = "Operación;Importe\np-1;1.250,50\np-2;nada\n".encode("latin-1")
    layout = '{"columns":{"source_id":"operación","gross":"importe"},"separator":";","encoding":"latin-1","decimal":","}'
    async with office.browser(house.owner.token) as browser, office.browser(other.owner.token) as stranger:
        account = f"{ACCOUNTS}/{(await browser.post(ACCOUNTS, json=body(merchant))).json()['account_id']}"
        sent = await browser.post(f"{account}/settlements", params={"name": "noviembre.csv", "own_layout": layout}, content=report)
        settlement = f"/api/organizer/payments/settlements/{sent.json()['report_id']}"
        first = (await browser.get(f"{settlement}/lines", params={"size": 1})).json()
        second = (await browser.get(f"{settlement}/lines", params={"size": 1, "cursor": first["next"]})).json()
        line = f"{account}/settlement-lines/{second['items'][0]['line_id']}/act"
        hidden = [
            await stranger.get(settlement),
            await stranger.post(line, json={"act": "dismiss"}),
            await browser.post(f"{account}/settlement-lines/none-1/act", json={"act": "dismiss"}),
        ]
        impossible = await browser.post(line, json={"act": "accept_fee"})
        dismissed = await browser.post(line, json={"act": "dismiss", "note": "Una línea vacía del portal"})
        wrong = await browser.post(f"{account}/settlements", params={"name": "x", "layout": "nobody"}, content=report)

    assert (sent.status_code, sent.json()["lines"], sent.json()["state"]) == (201, 2, "done")
    assert (first["items"][0]["gross_minor"], first["items"][0]["state"]) == (1250_50, "missing_here")
    assert (second["items"][0]["state"], second["next"]) == ("unreadable", None)
    assert [answer.status_code for answer in hidden] == [404, 404, 404]
    assert (impossible.status_code, dismissed.status_code, wrong.status_code) == (409, 200, 422)
    assert dismissed.json()["settled_by"] == "dismiss"


async def test_the_books_are_shown_to_who_may_see_payments_of_their_organizer_only(
    database: Database, payments: Payments, office: Office, merchant: Merchant, clock: SettableClock
) -> None:
    house, other = await office.open(), await office.open()
    steward = await join(office.identity, house, Role.BOX_OFFICE)
    wanted = request(clock, parts=(Part("proceeds", 90_00), Part("charge", 10_00)))
    async with (
        office.browser(house.owner.token) as browser,
        office.browser(other.owner.token) as stranger,
        office.browser(steward.token) as till,
    ):
        account = (await browser.post(ACCOUNTS, json=body(merchant))).json()
        started = await start(database, payments, house.actor.organizer_id, wanted)
        notice = callback(merchant, SandboxPayment.of(started.attempt_id), clock())
        await payments.inbox.receive("sandbox", UUID(account["account_id"]), notice)
        await Follower(database, subscriptions(payments)).catch_up()
        balances = await browser.get("/api/organizer/payments/balances")
        postings = await browser.get(f"/api/organizer/payments/{wanted.reference}/postings")
        theirs = await stranger.get("/api/organizer/payments/balances")
        hidden = await stranger.get(f"/api/organizer/payments/{wanted.reference}/postings")
        unreadable = await browser.get(f"/api/organizer/payments/{wanted.reference}/postings", params={"cursor": "x"})
        refused = await till.get("/api/organizer/payments/balances")

    receivable = f"gateway_receivable:{account['account_id']}"
    assert {(one["account"], one["currency"], one["balance_minor"]) for one in balances.json()} == {
        ("commission_revenue", "ARS", -10_00),
        (receivable, "ARS", 100_00),
        ("organizer_payable", "ARS", -90_00),
    }
    [posting] = postings.json()["items"]
    assert (posting["kind"], posting["amount_minor"], posting["currency"], postings.json()["next"]) == ("sale", 100_00, "ARS", None)
    assert posting["moves"] == [
        {"debit": receivable, "credit": "organizer_payable", "amount_minor": 90_00},
        {"debit": receivable, "credit": "commission_revenue", "amount_minor": 10_00},
    ]
    assert (theirs.json(), hidden.status_code, unreadable.status_code, refused.status_code) == ([], 404, 422, 403)


PROMOTIONS = "/api/organizer/payments/promotions"


def promotion(**changes: object) -> dict[str, object]:
    bins = [{"first": "450799", "last": "450799"}]
    return {"name": "Banco X", "bank": "Banco X", "currency": "ARS", "bins": bins, "discount_basis_points": 2_000, **changes}


async def test_a_promotion_is_written_changed_on_what_was_read_and_ended_once(office: Office) -> None:
    house, other = await office.open(), await office.open()
    async with office.browser(house.owner.token) as browser, office.browser(other.owner.token) as stranger:
        created = (await browser.post(PROMOTIONS, json=promotion(budget_minor=5_000_00))).json()
        newer = (await browser.post(PROMOTIONS, json=promotion(name="Banco Y"))).json()
        path = f"{PROMOTIONS}/{created['promotion_id']}"
        changes = [await browser.put(path, json={"revision": revision, "terms": promotion(name="Banco X, mañana")}) for revision in (1, 1)]
        hidden = [await stranger.put(path, json={"revision": 2, "terms": promotion()}), await stranger.post(f"{path}/end")]
        ended = [await browser.post(f"{path}/end"), await browser.post(f"{path}/end")]
        late = await browser.put(path, json={"revision": ended[0].json()["revision"], "terms": promotion()})
        first = (await browser.get(PROMOTIONS, params={"size": 1})).json()
        rest = (await browser.get(PROMOTIONS, params={"cursor": first["next"]})).json()

    assert (created["revision"], created["spent_minor"], created["terms"]["budget_minor"]) == (1, 0, 5_000_00)
    assert [one.status_code for one in changes] == [200, 409]
    assert [one.status_code for one in hidden] == [404, 404]
    assert ended[0].json()["ended_at"] is not None
    assert ended[0].json() == ended[1].json() == rest["items"][0]
    assert (late.status_code, late.json()["faults"]) == (422, ["it has ended; write another one"])
    assert (first["items"], rest["next"]) == ([newer], None)


async def test_what_is_no_promotion_is_refused_with_every_fault(office: Office) -> None:
    house = await office.open()
    manager = await join(office.identity, house, Role.MANAGER)
    backwards = promotion(bins=[{"first": "450800", "last": "450799"}], hour_from=12, hour_to=12, currency="XXQ")
    async with office.browser(house.owner.token) as browser, office.browser(manager.token) as not_theirs:
        wrong = await browser.post(PROMOTIONS, json=backwards)
        elsewhere = await browser.post(PROMOTIONS, json=promotion(event_id=str(new_id())))
        short = await browser.post(PROMOTIONS, json=promotion(bins=[{"first": "4507", "last": "4508"}]))
        refused = await not_theirs.post(PROMOTIONS, json=promotion())

    assert (wrong.status_code, len(wrong.json()["faults"])) == (422, 3)
    assert (elsewhere.status_code, refused.status_code) == (404, 403)
    assert short.status_code in (400, 422)
