"""Test accounts and live ones: what tells them apart, and that in production nothing is sold for money that does not move."""

from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest

from alltickets.payments.gateways.mercadopago import MercadoPago
from alltickets.payments.gateways.offline import Cash, Transfer
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.gateways.stripe import Stripe
from alltickets.payments.port import AccountEnvironment, GatewayError, Provider
from alltickets.payments.refusals import AccountInvalid, NoAccountFits
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.identity.conftest import House
from tests.mercadopago import MercadoPagoProcess, Seller
from tests.payments.conftest import PUBLIC_URL, request, start
from tests.payments.sandbox import Merchant, SandboxProcess
from tests.payments.test_routes import ACCOUNTS, Office, body

AWAY = "http://127.0.0.1:9"
PAYWAY = {"public_key": "a" * 32, "methods": "1"}
TRANSFER = {"gateway": "transfer", "label": "Transferencia", "settings": {"holder": "Club", "alias": "club.entradas"}, "credentials": {}}


def test_what_is_entered_tells_the_environment(http: httpx.AsyncClient) -> None:
    all_of_them: list[Provider] = [
        Sandbox(AWAY, http),
        Stripe(AWAY, http),
        MercadoPago(AWAY, http),
        Payway(AWAY, http, developer_url=AWAY),
        Transfer(),
        Cash(),
    ]
    providers = {one.name: one for one in all_of_them}
    private, token = {"private_key": "b" * 32}, {"access_token": "APP_USR-1234567890-1"}

    told = {
        "sandbox": environment_of(providers["sandbox"], {"merchant": "sbx_12345678"}, {"secret": "s" * 32}),
        "sk_test": environment_of(providers["stripe"], {}, {"secret_key": "sk_test_1234567890"}),
        "rk_test": environment_of(providers["stripe"], {}, {"secret_key": "rk_test_1234567890"}),
        "sk_live": environment_of(providers["stripe"], {}, {"secret_key": "sk_live_1234567890"}),
        "rk_live": environment_of(providers["stripe"], {}, {"secret_key": "rk_live_1234567890"}),
        "TEST-": environment_of(providers["mercadopago"], {}, {"access_token": "TEST-1234567890-1"}),
        "APP_USR-": environment_of(providers["mercadopago"], {}, token),
        "test user": environment_of(providers["mercadopago"], {"test_user": "yes"}, token),
        "payway": environment_of(providers["payway"], PAYWAY, private),
        "production": environment_of(providers["payway"], {**PAYWAY, "environment": "production"}, private),
        "developer": environment_of(providers["payway"], {**PAYWAY, "environment": "developer"}, private),
        "transfer": environment_of(providers["transfer"], {"holder": "Club", "alias": "club.entradas"}, {}),
        "cash": environment_of(providers["cash"], {"place": "Boletería", "opening": "Lunes a viernes"}, {}),
    }

    assert {name for name, one in told.items() if one == "test"} == {"sandbox", "sk_test", "rk_test", "TEST-", "test user", "developer"}
    with pytest.raises(AccountInvalid, match="environment must be one of production, developer"):
        providers["payway"].connect({**PAYWAY, "environment": "sandbox"}, private)


def environment_of(provider: Provider, settings: Mapping[str, str], credentials: Mapping[str, str]) -> AccountEnvironment:
    return provider.connect(settings, credentials).environment


async def opened(
    database: Database, clock: SettableClock, key_ring: KeyRing, providers: list[Provider], *, sell: bool
) -> tuple[Office, House, Payments]:
    payments = Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL, test_accounts_sell=sell)
    office = Office(database, payments, clock)
    return office, await office.open(), payments


async def test_where_test_accounts_do_not_sell_buyers_are_offered_none_and_organizers_are_told_why(
    database: Database, clock: SettableClock, key_ring: KeyRing, sandbox: SandboxProcess, http: httpx.AsyncClient, merchant: Merchant
) -> None:
    providers: list[Provider] = [Sandbox(sandbox.url, http), Transfer()]
    office, house, payments = await opened(database, clock, key_ring, providers, sell=False)
    organizer_id = house.actor.organizer_id
    one = request(clock)
    async with office.browser(house.owner.token) as browser:
        tried = (await browser.post(ACCOUNTS, json=body(merchant))).json()
        async with database.transaction(organizer_id) as tx:
            [alone] = await payments.start(tx, [request(clock)])
        live = (await browser.post(ACCOUNTS, json=body(merchant, **TRANSFER))).json()
        checked = (await browser.post(f"{ACCOUNTS}/{tried['account_id']}/check")).json()
        await start(database, payments, organizer_id, one)
        [decision] = (await browser.get(f"/api/organizer/payments/{one.reference}/routing")).json()
    options = await payments.options(organizer_id, "ARS", PaymentPurpose())
    elsewhere = Payments(database, clock, key_ring, providers, public_url=PUBLIC_URL, test_accounts_sell=True)
    [same, _] = await elsewhere.accounts.all_of(organizer_id)
    office.identity.close()

    assert [(one["environment"], one["note"] is None) for one in (tried, live)] == [("test", False), ("live", True)]
    assert (same.environment, same.note) == ("test", None)
    assert tried["note"]["en"].startswith("This account is a test account: buyers are not offered it.")
    assert checked["is_working"]
    assert isinstance(alone, NoAccountFits)
    assert [str(option.option_id) for option in options] == [live["account_id"]]
    excluded = [(one["account_id"], one.get("excluded")) for one in decision["decision"]["candidates"]]
    assert excluded == [(tried["account_id"], "test_account"), (live["account_id"], None)]
    assert decision["is_reproducible"]
    assert "Sandbox queda afuera: es una cuenta de prueba." in decision["sentences"]


async def test_keys_of_one_environment_do_not_go_on_in_the_other(
    database: Database, clock: SettableClock, key_ring: KeyRing, http: httpx.AsyncClient, merchant: Merchant
) -> None:
    office, house, payments = await opened(database, clock, key_ring, [Payway(AWAY, http, developer_url=AWAY)], sell=True)
    keys = {"private_key": "b" * 32}
    there, here = ({**PAYWAY, "environment": one} for one in ("developer", "production"))
    async with office.browser(house.owner.token) as browser:
        connected = (await browser.post(ACCOUNTS, json=body(merchant, gateway="payway", settings=there, credentials=keys))).json()
        path = f"{ACCOUNTS}/{connected['account_id']}"
        mixed = await browser.put(path, json=body(merchant, gateway="payway", settings=here, credentials={}))
        kept = await browser.put(path, json=body(merchant, gateway="payway", settings=there, credentials={}))
        moved = await browser.put(path, json=body(merchant, gateway="payway", settings=here, credentials=keys))
        await start(database, payments, house.actor.organizer_id, request(clock))
        stranding = await browser.put(path, json=body(merchant, gateway="payway", settings=there, credentials=keys))
    office.identity.close()

    assert mixed.status_code == 422
    assert "of a test account, so enter those of the live one" in mixed.text
    assert stranding.status_code == 422
    assert "has payments of the live environment: connect another one for test" in stranding.text
    assert [one.json()["environment"] for one in (kept, moved)] == ["test", "live"]


async def test_a_test_users_token_that_counts_as_live_fails_the_connection_test(
    mercadopago: MercadoPagoProcess, http: httpx.AsyncClient
) -> None:
    user = 50_000_000
    tester = {"access_token": Seller.of(user).token}
    provider = MercadoPago(mercadopago.url, http)

    with pytest.raises(GatewayError) as refused:
        await provider.connect({}, tester).check()
    await provider.connect({"test_user": "yes"}, tester).check()
    await provider.connect({}, {"access_token": tester["access_token"].replace("APP_USR-", "TEST-")}).check()

    assert (refused.value.kind, "set test_user to yes" in str(refused.value)) == ("auth_config", True)


async def test_what_turns_out_to_be_for_trying_is_offered_to_nobody(
    database: Database,
    clock: SettableClock,
    key_ring: KeyRing,
    mercadopago: MercadoPagoProcess,
    http: httpx.AsyncClient,
    merchant: Merchant,
) -> None:
    providers: list[Provider] = [MercadoPago(mercadopago.url, http), Sandbox(AWAY, http)]
    office, house, payments = await opened(database, clock, key_ring, providers, sell=False)
    organizer_id = house.actor.organizer_id
    by_hand = {"gateway": "mercadopago", "settings": {}, "credentials": {"access_token": Seller.of(60_000_000).token}}

    async with office.browser(house.owner.token) as browser:
        entered = (await browser.post(ACCOUNTS, json=body(merchant, **by_hand))).json()
        before = await payments.options(organizer_id, "ARS", PaymentPurpose())
        checked = (await browser.post(f"{ACCOUNTS}/{entered['account_id']}/check")).json()
        # An account of before environments were told, whose settings tell it.
        older = (await browser.post(ACCOUNTS, json=body(merchant))).json()
        async with database.transaction(organizer_id) as tx:
            await tx.execute(
                """
                UPDATE payments.accounts
                   SET environment = 'live', version = version + 1
                 WHERE organizer_id = %(organizer_id)s AND id = %(id)s
                """,
                id=UUID(older["account_id"]),
            )
        listed = (await browser.get(ACCOUNTS)).json()
    office.identity.close()

    assert (entered["environment"], len(before), checked["is_working"]) == ("live", 1, False)
    assert [(one["environment"], one["note"] is not None) for one in listed] == [("test", True), ("live", True)]
    assert await payments.options(organizer_id, "ARS", PaymentPurpose()) == []
