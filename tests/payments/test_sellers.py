"""Sellers who connect MercadoPago with their consent, over HTTP and at its simulator: whatever goes wrong, nothing is lost or shown."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar, Request, Response

from alltickets.identity.interface import Authorization, Permission, Role
from alltickets.kernel.errors import Refusal
from alltickets.payments.gateways.mercadopago import MercadoPago, MercadoPagoApplication
from alltickets.payments.port import Redirect
from alltickets.payments.routes import organizer_router
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.sellers.routes import notice_router, seller_router
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.problems import PROBLEMS
from simulators.mercadopago.credentials import APPLICATION, Keys
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.mercadopago import WEBHOOK_SECRET, MercadoPagoProcess, Seller
from tests.payments.conftest import PUBLIC_URL, request, start
from tests.payments.test_mercadopago_gateway import webhook

ACCOUNTS = "/api/organizer/payments/accounts"
CONNECTIONS = "/api/organizer/payments/connections"
NOTICES = "/api/payments/notices/mercadopago"


class Shop:
    """An installation with an application at MercadoPago, an organizer, and her browser."""

    def __init__(
        self, database: Database, clock: SettableClock, key_ring: KeyRing, gateway: MercadoPagoProcess, http: httpx.AsyncClient
    ) -> None:
        self.database, self.clock, self.key_ring, self.gateway, self.http = database, clock, key_ring, gateway, http
        self.payments = self.process()
        # By a clock of its own: who is signed in stays so while months pass for payments.
        self.identity = make_identity(database, SettableClock(), CountingHasher())
        self.app = self.serve(self.payments)
        self.seller = Seller.fresh()
        self.houses: list[House] = []

    def process(self, *, test_accounts_sell: bool = True) -> Payments:
        """Payments as one process has it."""
        application = MercadoPagoApplication(
            self.http,
            base_url=self.gateway.url,
            authorization_url=self.gateway.url,
            client_id=APPLICATION,
            client_secret=Keys().client_secret_of(APPLICATION),
            webhook_secrets=[WEBHOOK_SECRET],
        )
        provider = MercadoPago(self.gateway.url, self.http, [WEBHOOK_SECRET])
        return Payments(
            self.database,
            self.clock,
            self.key_ring,
            [provider],
            public_url="http://127.0.0.1:8000",
            test_accounts_sell=test_accounts_sell,
            applications=[application],
        )

    def serve(self, payments: Payments) -> Litestar:
        return Litestar(
            route_handlers=[organizer_router(payments), seller_router(payments), notice_router(payments)],
            plugins=[Authorization(self.identity.authenticator, self.identity.cookie)],
            exception_handlers={Refusal: _answer},
            openapi_config=None,
        )

    async def open(self) -> House:
        house = await make_house(self.identity)
        self.houses.append(house)
        return house

    def browser(self, house: House) -> httpx.AsyncClient:
        return open_browser(self.app, token=house.owner.token)

    async def ask(self, browser: httpx.AsyncClient, label: str = "Cobros") -> str:
        asked = await browser.post(CONNECTIONS, json={"gateway": "mercadopago", "label": label})
        assert asked.status_code == 201, asked.text
        url: str = asked.json()["url"]
        return url

    async def back(self, browser: httpx.AsyncClient, location: str) -> httpx.Response:
        """The browser follows where MercadoPago sends it."""
        assert location.startswith(PUBLIC_URL)
        return await browser.get(location.removeprefix(PUBLIC_URL))

    async def connect(self, browser: httpx.AsyncClient, seller: Seller | None = None, **asked: str) -> httpx.Response:
        location = self.gateway.agree(await self.ask(browser, **asked), seller or self.seller)
        return await self.back(browser, location)

    async def account(self, browser: httpx.AsyncClient) -> dict[str, Any]:
        """The only account."""
        [account] = (await browser.get(ACCOUNTS)).json()
        found: dict[str, Any] = account
        return found

    async def offers(self, house: House) -> int:
        """Among how many ways a buyer may choose."""
        return len(await self.payments.options(house.actor.organizer_id, "ARS", PaymentPurpose()))

    async def begin(self, house: House) -> object:
        """What a buyer of this organizer comes to."""
        started = await start(self.database, self.payments, house.actor.organizer_id, request(self.clock))
        return await self.payments.begin(house.actor.organizer_id, started.attempt_id)

    async def pay_page(self, house: House) -> Redirect:
        """The page at which they pay."""
        step = await self.begin(house)
        assert isinstance(step, Redirect), step
        return step

    async def credentials(self, house: House) -> dict[str, str]:
        """The tokens as the installation alone can read them."""
        async with self.database.reading(house.actor.organizer_id) as reader:
            [(account_id, sealed)] = await reader.fetch_tuples(
                "SELECT id, credentials_sealed FROM payments.accounts WHERE organizer_id = %(organizer_id)s"
            )
        opened = self.key_ring.open(sealed, f"payments.accounts/{account_id}/credentials")
        return msgspec.json.decode(opened, type=dict[str, str])

    async def close(self) -> None:
        for house in self.houses:
            async with self.database.transaction(house.actor.organizer_id) as tx:
                await tx.execute("UPDATE payments.sellers SET due_at = NULL WHERE organizer_id = %(organizer_id)s")
                await tx.execute("UPDATE payments.attempts SET next_query_at = NULL WHERE organizer_id = %(organizer_id)s")
        self.identity.close()


def _answer(asked: Request[Any, Any, Any], fault: Exception) -> Response[bytes]:
    document = PROBLEMS.document(fault, instance=asked.url.path)
    return Response(document.body, status_code=document.status, media_type="application/problem+json")


@pytest_asyncio.fixture
async def shop(
    database: Database, clock: SettableClock, key_ring: KeyRing, mercadopago: MercadoPagoProcess, http: httpx.AsyncClient
) -> AsyncIterator[Shop]:
    shop = Shop(database, clock, key_ring, mercadopago, http)
    yield shop
    await shop.close()


async def test_a_seller_agrees_and_is_paid_and_no_token_is_to_be_seen(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    house = await shop.open()
    async with shop.browser(house) as browser:
        link = await shop.ask(browser)
        page = await shop.back(browser, shop.gateway.agree(link, shop.seller))
        account = await shop.account(browser)
    query = parse_qs(urlsplit(link).query)
    tokens = await shop.credentials(house)
    kept = await _everything_kept(shop.database, house.actor.organizer_id)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"VENDEDOR{shop.seller.user}" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert (account["label"], account["is_enabled"], account["last_error"]) == ("Cobros", True, None)
    assert (account["seller"]["seller_id"], account["seller"]["nickname"]) == (str(shop.seller.user), f"VENDEDOR{shop.seller.user}")
    assert (account["seller"]["is_live"], account["seller"]["revoked_at"]) == (True, None)
    assert (query["code_challenge_method"], len(query["state"][0]) >= 40) == (["S256"], True)
    secrets = [*tokens.values(), *query["state"]]
    assert len(secrets) == 3
    assert not [one for one in secrets if one in page.text + str(account) + kept + _told(caplog)]
    assert await shop.offers(house) == 1
    assert f"pref_id={shop.seller.user}-" in (await shop.pay_page(house)).url


async def test_whoever_comes_back_wrongly_is_told_so_and_nothing_is_connected(shop: Shop) -> None:
    house = await shop.open()
    partner = await join(shop.identity, house, Role.OWNER)
    async with shop.browser(house) as browser, open_browser(shop.app, token=partner.token) as other, open_browser(shop.app) as nobody:
        denied = await shop.back(browser, shop.gateway.agree(await shop.ask(browser), shop.seller, answer="deny"))
        agreed = shop.gateway.agree(await shop.ask(browser), shop.seller)
        forged = await shop.back(browser, agreed.replace("state=", "state=x"))
        not_hers = await shop.back(other, agreed)
        signed_out = await shop.back(nobody, agreed)
        nameless = await browser.get(f"{CONNECTIONS}/mercadopago/return")
        tampered = await shop.back(browser, agreed.replace("code=TG-", "code=TG-0"))
        again = await shop.back(browser, agreed)
        abroad = await shop.connect(browser, Seller(1_500_000_000, ""))
        late = shop.gateway.agree(await shop.ask(browser), shop.seller)
        shop.clock.advance(minutes=16)
        expired = await shop.back(browser, late)
        accounts = await browser.get(ACCOUNTS)

    answers = [denied, forged, not_hers, signed_out, nameless, tampered, again, abroad, expired]
    assert [one.status_code for one in answers] == [409, 404, 404, 401, 404, 409, 409, 409, 410]
    assert {one.headers["content-type"] for one in answers} == {"text/html; charset=utf-8"}
    assert len({one.text for one in answers}) == 7
    assert accounts.json() == []


async def test_a_gateway_that_does_not_answer_is_asked_again_by_loading_the_page_again(shop: Shop) -> None:
    house = await shop.open()
    async with shop.browser(house) as browser:
        agreed = shop.gateway.agree(await shop.ask(browser), shop.seller)
        shop.gateway.misbehave(fail_5xx=1)
        failed = await shop.back(browser, agreed)
        reloaded = await shop.back(browser, agreed)
        lost = shop.gateway.agree(await shop.ask(browser), shop.seller)
        shop.gateway.misbehave(timeout_after_processing=1)
        timed_out = await shop.back(browser, lost)
        used_up = await shop.back(browser, lost)
        tester = Seller.of(100_000 + shop.seller.user % 800_000)
        named_later = shop.gateway.agree(await shop.ask(browser), tester)
        shop.gateway.take_down("query")
        nameless = await shop.back(browser, named_later)
        before = (await browser.get(ACCOUNTS)).json()
        shop.gateway.misbehave()
        await shop.payments.sellers.sweep()
        accounts = (await browser.get(ACCOUNTS)).json()
        shop.gateway.take_down("query")
        await shop.connect(browser, tester)
        after = (await browser.get(ACCOUNTS)).json()
        shop.gateway.misbehave()

    assert [one.status_code for one in (failed, reloaded, timed_out, used_up, nameless)] == [424, 200, 424, 409, 200]
    assert "todavía no anduvo" in nameless.text
    assert [bool(one["seller"]["nickname"]) for one in accounts] == [True, True]
    # That the second one is a test user nobody could tell before; once it is known, it is not forgotten.
    environments = [[one["environment"] for one in listed] for listed in (before, accounts, after)]
    assert environments == [["live", "live"], ["live", "test"], ["live", "test"]]


async def test_only_a_person_with_the_right_may_ask_and_only_where_it_is_configured(shop: Shop) -> None:
    house = await shop.open()
    manager = await join(shop.identity, house, Role.MANAGER)
    key = await shop.identity.api_keys.create(house.actor, "Caja", [Permission.PAYMENTS_WRITE, Permission.PAYMENTS_READ])
    bare = Payments(shop.database, shop.clock, shop.key_ring, [], public_url=PUBLIC_URL)
    wish = {"gateway": "mercadopago", "label": "Cobros"}
    async with (
        shop.browser(house) as browser,
        open_browser(shop.app, token=manager.token) as deputy,
        open_browser(shop.app, bearer=key.token) as program,
        open_browser(shop.serve(bare), token=house.owner.token) as unconfigured,
    ):
        answers = [
            await deputy.post(CONNECTIONS, json=wish),
            await program.post(CONNECTIONS, json=wish),
            await browser.post(CONNECTIONS, json={**wish, "gateway": "payway"}),
            await unconfigured.post(CONNECTIONS, json=wish),
            await unconfigured.get(f"{CONNECTIONS}/mercadopago/return"),
            await unconfigured.post(NOTICES),
        ]

    assert [one.status_code for one in answers] == [403, 403, 409, 409, 409, 409]
    assert [one.json()["type"].rpartition("/")[2] for one in answers[1:4]] == [
        "connection-needs-person",
        "connection-not-configured",
        "connection-not-configured",
    ]
    assert "no la tiene configurada" in answers[4].text


async def test_a_seller_who_connects_again_keeps_the_account_and_what_was_set_of_it(shop: Shop) -> None:
    house, other = await shop.open(), await shop.open()
    tester = Seller(100_000 + shop.seller.user % 800_000, "")
    async with shop.browser(house) as browser, shop.browser(other) as stranger:
        await shop.connect(browser)
        first = await shop.account(browser)
        described = {"gateway": "mercadopago", "label": "Principal", "currency": "ARS", "settings": {"cash": "yes"}, "credentials": {}}
        path = f"{ACCOUNTS}/{first['account_id']}"
        await browser.put(path, json=described)
        await browser.patch(path, json={"is_enabled": False})
        before = await shop.credentials(house)
        again = await shop.connect(browser, label="Otra")
        second = await shop.account(browser)
        after = await shop.credentials(house)
        elsewhere = await shop.connect(stranger)
        theirs = await shop.account(stranger)
        test = await shop.connect(stranger, tester)
        listed = {one["seller"]["seller_id"]: one for one in (await stranger.get(ACCOUNTS)).json()}
        tried = listed[str(tester.user)]
        redescribed = await stranger.put(f"{ACCOUNTS}/{tried['account_id']}", json=described)
        by_hand = await browser.put(path, json={**described, "credentials": {"access_token": shop.seller.token}})

    assert (again.status_code, elsewhere.status_code, test.status_code) == (200, 200, 200)
    assert "otra vez" in again.text
    assert "de prueba" in test.text
    assert [one["environment"] for one in (first, second, theirs, tried, redescribed.json())] == ["live", "live", "live", "test", "test"]
    assert second["account_id"] == first["account_id"] != theirs["account_id"]
    assert (second["label"], second["settings"], second["is_enabled"]) == ("Principal", {"cash": "yes"}, True)
    assert set(before.values()).isdisjoint(after.values())
    assert (by_hand.status_code, by_hand.json()["seller"]) == (200, None)


async def test_a_test_user_who_connects_where_test_accounts_do_not_sell_is_told_so(shop: Shop) -> None:
    house = await shop.open()
    async with open_browser(shop.serve(shop.process(test_accounts_sell=False)), token=house.owner.token) as browser:
        page = await shop.connect(browser, Seller.of(100_000 + shop.seller.user % 800_000))
        account = await shop.account(browser)

    assert "no mueve dinero, y no se la ofrecemos a quienes compran." in page.text
    assert (account["environment"], account["note"] is not None) == ("test", True)


async def test_tokens_are_renewed_long_before_they_end_once_and_a_gateway_that_is_away_costs_nothing(shop: Shop) -> None:
    house = await shop.open()
    async with shop.browser(house) as browser:
        await shop.connect(browser)
        first = await shop.credentials(house)
        shop.clock.advance(days=151)
        shop.gateway.misbehave(fail_5xx=1)
        await shop.payments.sellers.sweep()
        kept, failed = await shop.credentials(house), await shop.account(browser)
        shop.clock.advance(minutes=31)
        processes = [shop.process() for _ in range(4)]
        turns = await asyncio.gather(*(one.sellers.sweep() for one in processes))
        second = await shop.credentials(house)
        account = await shop.account(browser)
        idle = await shop.payments.sellers.sweep()

    assert kept == first
    assert (failed["last_error"]["operation"], failed["last_error"]["kind"]) == ("connect", "unknown_outcome")
    assert "503" in failed["last_error"]["text"]
    assert (sum(turns), idle) == (1, 0)
    assert set(first.values()).isdisjoint(second.values())
    assert account["seller"]["expires_at"] > failed["seller"]["expires_at"]
    assert account["seller"]["revoked_at"] is None
    await shop.pay_page(house)


async def test_new_tokens_that_a_killed_process_did_not_store_are_missed_and_the_seller_is_asked_for(shop: Shop) -> None:
    house = await shop.open()
    async with shop.browser(house) as browser:
        await shop.connect(browser)
        stored = await shop.credentials(house)
        lost = {"client_id": APPLICATION, "client_secret": Keys().client_secret_of(APPLICATION), "grant_type": "refresh_token"}
        assert shop.gateway.http.post("/oauth/token", json={**lost, "refresh_token": stored["refresh_token"]}).status_code == 200
        shop.clock.advance(days=151)
        await shop.payments.sellers.sweep()
        ended = await shop.account(browser)
        offered = await shop.offers(house)
        await shop.connect(browser)
        mended = await shop.account(browser)

    assert ended["seller"]["revoked_at"] is not None
    assert "connect the account again" in ended["last_error"]["text"]
    assert (offered, await shop.offers(house)) == (0, 1)
    assert (mended["account_id"], mended["seller"]["revoked_at"], mended["last_error"]) == (ended["account_id"], None, None)


async def test_a_seller_who_takes_it_back_is_out_of_the_options_by_a_notice_or_by_the_next_buyer(shop: Shop) -> None:
    house, other = await shop.open(), await shop.open()
    told, silent = shop.seller, Seller.fresh()
    async with shop.browser(house) as browser, shop.browser(other) as stranger, open_browser(shop.app) as mercadopago:
        await shop.connect(browser, told)
        await shop.connect(stranger, silent)
        lies = [
            await _notify(mercadopago, told, secret=WEBHOOK_SECRET[::-1]),
            await _notify(mercadopago, told),
            await mercadopago.post(NOTICES, params={"type": "mp-connect", "data.id": "1"}),
        ]
        await shop.payments.sellers.sweep()
        believed = await shop.offers(house)
        for seller in (told, silent):
            shop.gateway.take_back(seller)
        await _notify(mercadopago, told)
        step = await shop.begin(other)
        await shop.payments.sellers.sweep()
        accounts = [await shop.account(one) for one in (browser, stranger)]
        shop.clock.advance(days=2)
        again = await shop.payments.sellers.sweep()
    audited = [await _audited(shop.database, one.actor.organizer_id) for one in (house, other)]

    assert [one.status_code for one in lies] == [401, 200, 200]
    assert believed == 1
    assert step == "failed"
    assert [(one["seller"]["revoked_at"] is not None, one["is_enabled"]) for one in accounts] == [(True, True), (True, True)]
    assert all("taken back" in one["last_error"]["text"] for one in accounts)
    assert [(one["last_error"]["operation"], one["last_error"]["kind"]) for one in accounts] == [("connect", "auth_config")] * 2
    assert [await shop.offers(one) for one in (house, other)] == [0, 0]
    assert again == 2
    assert audited == [["gateway_account.connected", "gateway_account.revoked"]] * 2


async def _notify(mercadopago: httpx.AsyncClient, seller: Seller, *, secret: str = WEBHOOK_SECRET) -> httpx.Response:
    notice = webhook(secret, str(seller.user), "1790000000000", kind="mp-connect")
    return await mercadopago.post(f"{NOTICES}?{notice.query}", headers=dict(notice.headers), content=notice.body)


async def _audited(database: Database, organizer_id: UUID) -> list[str]:
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT action
              FROM identity.audit_entries
             WHERE organizer_id = %(organizer_id)s AND subject_kind = 'gateway_account'
             ORDER BY audit_entry_id
            """
        )
    return [action for (action,) in rows]


async def _everything_kept(database: Database, organizer_id: UUID) -> str:
    """The rows of whatever this touches, as text."""
    async with database.reading(organizer_id) as reader:
        rows = [
            await reader.fetch_tuples("SELECT a::text FROM payments.accounts a WHERE a.organizer_id = %(organizer_id)s"),
            await reader.fetch_tuples("SELECT s::text FROM payments.sellers s WHERE s.organizer_id = %(organizer_id)s"),
            await reader.fetch_tuples("SELECT s::text FROM payments.seller_asks s WHERE s.organizer_id = %(organizer_id)s"),
            await reader.fetch_tuples("SELECT e::text FROM identity.audit_entries e WHERE e.organizer_id = %(organizer_id)s"),
        ]
    return str(rows)


def _told(caplog: pytest.LogCaptureFixture) -> str:
    """What was logged, but for the test's own requests."""
    return "".join(record.getMessage() for record in caplog.records if record.name != "httpx")
