"""Gateway accounts: credentials go in and never come out, and nobody sees another organizer's."""

from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.payments.gateways.sandbox import Sandbox
from alltickets.payments.jobs import loops
from alltickets.payments.port import Redirect
from alltickets.payments.refusals import AccountInvalid, AccountNotFound, CallbackForged, GatewayUnknown
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.service import Payments
from alltickets.payments.service.accounts import AccountDetails
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.platform.tenants import enrol
from tests.conftest import SettableClock
from tests.payments.callbacks import SandboxPayment, callback
from tests.payments.conftest import PUBLIC_URL, connect, request, start
from tests.payments.sandbox import Merchant, SandboxProcess


async def test_a_secret_goes_in_and_never_comes_out(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails, merchant: Merchant
) -> None:
    async with database.reading(organizer_id) as reader:
        [(row,)] = await reader.fetch_tuples("SELECT row_to_json(a)::text FROM payments.accounts a WHERE organizer_id = %(organizer_id)s")

    shown = msgspec.json.encode(await payments.accounts.all_of(organizer_id)).decode()

    assert merchant.secret not in shown
    assert merchant.secret not in row
    assert account.credentials_hint == merchant.secret[-4:]


async def test_a_connection_is_tested_at_the_gateway(payments: Payments, organizer_id: UUID, account: AccountDetails) -> None:
    merchant = Merchant.fresh()
    wrong = await connect(payments, organizer_id, Merchant(merchant.id, "0" * 64))

    before = await payments.options(organizer_id, "ARS", PaymentPurpose())
    good = await payments.accounts.check(organizer_id, account.id)
    bad = await payments.accounts.check(organizer_id, wrong.id)

    options = await payments.options(organizer_id, "ARS", PaymentPurpose())
    left_out = [one.left_out_until is not None for one in await payments.accounts.all_of(organizer_id)]
    assert good.is_working
    assert (bad.is_working, bad.error_kind) == (False, "auth_config")
    assert ({one.option_id for one in before}, {one.option_id for one in options}) == ({account.id, wrong.id}, {account.id})
    assert left_out == [False, True]


async def test_another_organizers_account_does_not_exist(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails
) -> None:
    stranger = new_id()
    async with database.transaction(stranger) as tx:
        await enrol(tx)

    assert await payments.accounts.all_of(stranger) == []
    with pytest.raises(AccountNotFound):
        await payments.accounts.check(stranger, account.id)
    with pytest.raises(AccountNotFound):
        await payments.accounts.switch(Actor.system(stranger, "test"), account.id, is_enabled=False)


async def test_a_replaced_secret_is_the_one_that_counts(
    payments: Payments, organizer_id: UUID, account: AccountDetails, merchant: Merchant, clock: SettableClock
) -> None:
    other = Merchant.fresh()
    await payments.accounts.connect(
        Actor.system(organizer_id, "test"),
        "sandbox",
        label="Sandbox",
        currency="ARS",
        settings={"merchant": other.id},
        credentials={"secret": other.secret},
        account_id=account.id,
    )
    payment = SandboxPayment.of(new_id())

    await payments.inbox.receive("sandbox", account.id, callback(other, payment, clock()))

    with pytest.raises(CallbackForged):
        await payments.inbox.receive("sandbox", account.id, callback(merchant, payment, clock()))


@pytest.mark.parametrize(
    ("gateway", "currency", "account", "refusal"),
    [
        ("nobody", "ARS", None, GatewayUnknown),
        ("sandbox", "XXX", None, AccountInvalid),
        ("sandbox", "ARS", UUID(int=5), AccountNotFound),
    ],
)
async def test_what_cannot_be_connected_is_refused(
    payments: Payments, organizer_id: UUID, gateway: str, currency: str, account: UUID | None, refusal: type[Exception]
) -> None:
    merchant = Merchant.fresh()

    with pytest.raises(refusal):
        await payments.accounts.connect(
            Actor.system(organizer_id, "test"),
            gateway,
            label="x",
            currency=currency,
            settings={"merchant": merchant.id},
            credentials={"secret": merchant.secret},
            account_id=account,
        )

    assert await payments.accounts.all_of(organizer_id) == []


async def test_what_was_done_to_an_account_stands_in_the_audit_log(
    database: Database, payments: Payments, organizer_id: UUID, account: AccountDetails
) -> None:
    actor = Actor.system(organizer_id, "test")
    await payments.accounts.switch(actor, account.id, is_enabled=False)
    await payments.accounts.switch(actor, account.id, is_enabled=False)

    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            "SELECT action FROM identity.audit_entries WHERE organizer_id = %(organizer_id)s ORDER BY audit_entry_id"
        )

    assert [action for (action,) in rows] == ["gateway_account.connected", "gateway_account.disabled"]


async def test_an_account_that_cannot_be_opened_leaves_the_others_alone(
    database: Database,
    payments: Payments,
    organizer_id: UUID,
    account: AccountDetails,
    merchant: Merchant,
    clock: SettableClock,
    http: httpx.AsyncClient,
    sandbox: SandboxProcess,
    key_ring: KeyRing,
) -> None:
    await connect(payments, organizer_id, Merchant.fresh())
    async with database.transaction(organizer_id) as tx:
        # As if it had been sealed under a key that was dropped from the ring.
        await tx.execute(
            "UPDATE payments.accounts SET credentials_sealed = 'v9:AAAA' WHERE organizer_id = %(organizer_id)s AND id = %(id)s",
            id=account.id,
        )
    restarted = Payments(database, clock, key_ring, [Sandbox(sandbox.url, http)], public_url=PUBLIC_URL)

    started = await start(database, restarted, organizer_id, request(clock))

    options = await restarted.options(organizer_id, "ARS", PaymentPurpose())
    assert account.id not in {option.option_id for option in options}
    assert isinstance(started.step, Redirect)


def on_ring(ring: str, database: Database, clock: SettableClock, sandbox: SandboxProcess, http: httpx.AsyncClient) -> Payments:
    """Payments of a process that was started with this key ring."""
    return Payments(database, clock, KeyRing(ring), [Sandbox(sandbox.url, http)], public_url=PUBLIC_URL)


async def test_credentials_move_to_a_new_key_of_the_ring_so_that_the_old_one_can_go(
    database: Database, clock: SettableClock, organizer_id: UUID, merchant: Merchant, sandbox: SandboxProcess, http: httpx.AsyncClient
) -> None:
    old, new = KeyRing.generate_key(), KeyRing.generate_key()
    before = on_ring(f"101:{old}", database, clock, sandbox, http)
    accounts = [await connect(before, organizer_id, merchant) for _ in range(3)]
    async with database.transaction(organizer_id) as tx:
        await tx.execute(
            "UPDATE payments.accounts SET credentials_sealed = 'v101:broken' WHERE organizer_id = %(organizer_id)s AND id = %(id)s",
            id=accounts[0].id,
        )

    moving = [await on_ring(f"101:{old},102:{new}", database, clock, sandbox, http).accounts.reseal() for _ in range(2)]

    after = on_ring(f"102:{new}", database, clock, sandbox, http)
    assert moving == [2, 0], "one that cannot be opened is left, and does not keep the others from moving"
    assert [(await after.accounts.check(organizer_id, account.id)).is_working for account in accounts[1:]] == [True, True]
    assert (await before.accounts.all_of(organizer_id)) == accounts
    assert "payments.reseal" in [loop.name for loop in loops(after)]
