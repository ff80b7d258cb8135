"""Sales that MercadoPago divides: the seller is paid directly, the platform gets its fee, and the books know that alone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.handlers import subscriptions
from alltickets.payments.ledger.accounts import BANK, COMMISSION_REVENUE, VAT_OUTPUT, gateway_receivable
from alltickets.payments.ledger.queries import PostingOfBooks
from alltickets.payments.parts import Part
from alltickets.payments.refusals import AccountInvalid
from alltickets.payments.service.refunds import AskRefund
from alltickets.payments.splitting import SplitContract, ended, platform_fee_minor, with_contract
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.mercadopago import MercadoPagoProcess
from tests.payments.conftest import request, start
from tests.payments.test_mercadopago_payments import Till
from tests.payments.test_sellers import Shop

PARTS = (Part("proceeds", 10_000_00), Part("charge", 826_45), Part("charge_tax", 173_55))
TICKET = Money(11_000_00, "ARS")


class Marketplace(Till):
    """A till of a seller who connected with their consent."""

    def __init__(self, shop: Shop, organizer_id: UUID, account_id: UUID) -> None:
        super().__init__(shop.database, shop.payments, organizer_id, shop.clock, shop.gateway)
        self.seller, self.account_id = shop.seller, account_id
        self.operator = Actor.system(organizer_id, "operator")

    async def agree(self, valid_from: date, takes: str) -> None:
        contract = msgspec.convert({"valid_from": valid_from, "takes": takes}, SplitContract)
        await self.payments.accounts.agree_split(self.operator, self.account_id, contract)

    async def start(self) -> None:
        one = request(self.clock, amount=TICKET, parts=PARTS)
        self.reference = one.reference
        self.attempt_id = (await start(self.database, self.payments, self.organizer_id, one)).attempt_id

    async def sell(self) -> str:
        """A ticket that was paid; MercadoPago's number of the payment."""
        number = await self.paid()
        await self.learn()
        return number

    async def learn(self) -> None:
        await self.payments.poller.ask(self.organizer_id, self.reference)

    async def refund(self, minor: int) -> None:
        asked = AskRefund(refund_id=new_id(), reference=self.reference, amount_minor=minor, reason="test")
        async with self.database.transaction(self.organizer_id) as tx:
            await self.payments.refund(tx, [asked])
        await self.payments.refunds.sweep()

    async def pay_out(self, name: str, day: date, minor: int) -> None:
        """A report tells of a payout."""
        amount = f"-{minor // 100}.{minor % 100:02}"
        file = f"payment_id,kind,gross,net,currency,occurred_at\n{name},payout,{amount},{amount},ARS,{day}T12:00:00Z\n"
        await self.take_in(f"{name}.csv", "generic", file.encode())
        await self.payments.settling.sweep()

    async def balance(self, account: str) -> int:
        return (await self.books()).get(account, 0)

    async def postings(self, account: str) -> list[PostingOfBooks]:
        every = self.payments.ledger.all_postings(self.organizer_id, account=account, since=None, until=None, cursor=None, size=50)
        return list((await every).items)

    async def books(self) -> dict[str, int]:
        """Every balance that is not zero, once they were proved."""
        await Follower(self.database, subscriptions(self.payments)).catch_up()
        verified = await self.payments.ledger.verify(self.organizer_id, lambda _what, _count: None, patience_seconds=5)
        assert verified.is_right, (verified.balances, verified.charges)
        return {one.account: one.balance_minor for one in await self.payments.ledger.balances(self.organizer_id) if one.balance_minor}


@pytest_asyncio.fixture
async def till(
    database: Database, clock: SettableClock, key_ring: KeyRing, mercadopago: MercadoPagoProcess, http: httpx.AsyncClient
) -> AsyncIterator[Marketplace]:
    shop = Shop(database, clock, key_ring, mercadopago, http)
    house = await shop.open()
    async with shop.browser(house) as browser:
        await shop.connect(browser)
        account = await shop.account(browser)
    assert (account["capabilities"]["funds"], account["split_contracts"]) == ("split", [])
    yield Marketplace(shop, house.actor.organizer_id, UUID(account["account_id"]))
    await shop.close()


async def test_the_seller_is_paid_directly_and_the_platform_has_its_fee_until_it_goes_back(till: Marketplace) -> None:
    """Of 11,000.00 the service charge is 1,000.00, 173.55 of it tax. MercadoPago keeps 451.00 (4.10 %), which the seller bears."""
    receivable = gateway_receivable(till.account_id)
    await till.agree(till.clock().astimezone(UTC).date(), "service_charge")

    number = await till.sell()
    paid = till.gateway.get(till.seller, f"/v1/payments/{number}")
    after_sale = await till.books()
    await till.refund(5_500_00)
    after_half = await till.books()
    lines = await till.take_in_report()
    await till.payments.settling.sweep()
    till.gateway.change(number, "in_mediation", "pending")
    await till.learn()
    disputed = await till.books()
    till.gateway.change(number, "approved", "accredited")
    await till.learn()
    await till.payments.ledger.settle(till.organizer_id, "2026-12", till.account_id, Money(500_00, "ARS"), at=datetime.now(UTC))

    assert {one["type"]: one["amount"] for one in paid["fee_details"]} == {"mercadopago_fee": 451.0, "application_fee": 1000.0}
    assert paid["transaction_details"]["net_received_amount"] == 9549.0
    assert after_sale == {receivable: 1_000_00, COMMISSION_REVENUE: -826_45, VAT_OUTPUT: -173_55}
    assert after_half == disputed == {receivable: 500_00, COMMISSION_REVENUE: -413_23, VAT_OUTPUT: -86_77}
    assert lines == [("payment", "matched"), ("refund", "matched")]
    [charge] = (await till.details()).charges
    assert (charge.facts["fee_minor"], charge.facts["platform_fee_minor"]) == (451_00, 1_000_00)
    assert await till.books() == {BANK: 500_00, COMMISSION_REVENUE: -413_23, VAT_OUTPUT: -86_77}
    await till.refund(5_500_00)
    assert await till.books() == {BANK: 500_00, receivable: -500_00}
    [_, back] = till.gateway.get(till.seller, f"/v1/payments/{number}")["charges_details"]
    assert back["amounts"] == {"original": 1000.0, "refunded": 1000.0}


async def test_a_contract_counts_from_its_day_on_for_what_begins_then(till: Marketplace) -> None:
    today = till.clock().astimezone(UTC).date()
    await till.sell()
    await till.agree(today, "service_charge")
    await till.agree(today + timedelta(days=1), "nothing")
    link = await till.link()
    till.clock.advance(days=1)
    till.gateway.pay(link, lose="true")
    await till.learn()
    split = await till.details()
    await till.sell()

    fees = [charge.facts.get("platform_fee_minor") for charge in (*split.charges, *(await till.details()).charges)]
    assert fees == [1_000_00, None]
    # The first and the last are owed to the organizer as ever, less what MercadoPago kept.
    books = await till.books()
    assert books[gateway_receivable(till.account_id)] == 2 * (11_000_00 - 451_00) + 1_000_00
    assert (books["organizer_payable"], books[COMMISSION_REVENUE]) == (-20_000_00, -3 * 826_45)


async def test_where_the_seller_did_not_connect_with_consent_nothing_is_divided(till: Marketplace) -> None:
    await till.connect()

    with pytest.raises(AccountInvalid):
        await till.agree(date(2026, 1, 1), "service_charge")


async def test_own_tokens_end_the_division_and_what_is_paid_out_after_it_is_posted(till: Marketplace) -> None:
    """Sold for 11,000.00, of which MercadoPago keeps 451.00 and pays the rest out."""
    today = till.clock().astimezone(UTC).date()
    await till.agree(today - timedelta(days=1), "service_charge")
    await till.agree(today + timedelta(days=9), "service_charge")

    await till.connect(account_id=till.account_id)

    [account] = await till.payments.accounts.all_of(till.organizer_id)
    stated = [(one["valid_from"], one["takes"]) for one in account.split_contracts]
    assert stated == [(f"{today - timedelta(days=1)}", "service_charge"), (f"{today}", "nothing")]
    await till.sell()
    assert (await till.details()).charges[0].facts.get("platform_fee_minor") is None
    await till.pay_out("w-1", today + timedelta(days=10), 10_549_00)
    assert await till.balance(gateway_receivable(till.account_id)) == 0


async def test_a_payout_after_the_end_that_holds_divided_sales_is_put_right_by_an_operator(till: Marketplace) -> None:
    today, receivable = till.clock().astimezone(UTC).date(), gateway_receivable(till.account_id)
    await till.agree(today, "service_charge")
    await till.agree(today + timedelta(days=1), "nothing")
    await till.sell()
    till.clock.advance(days=1)
    await till.sell()
    # The platform's fee of the first, then a payout of both: 9,549.00 that was never in the books, and 10,549.00.
    await till.payments.ledger.settle(till.organizer_id, "fees", till.account_id, Money(1_000_00, "ARS"), at=till.clock())
    await till.pay_out("w-1", today, 2_00)
    await till.pay_out("w-2", today + timedelta(days=1), 20_098_00)
    as_posted = await till.balance(receivable)

    [mixed] = [one for one in await till.postings(receivable) if one.minor == 20_098_00]
    await till.payments.ledger.reverse(till.organizer_id, mixed.key, at=till.clock())
    await till.payments.ledger.settle(till.organizer_id, "w-2", till.account_id, Money(10_549_00, "ARS"), at=till.clock())

    assert (as_posted, await till.balance(receivable)) == (-9_549_00, 0)


async def test_consent_cannot_be_entered_by_hand(till: Marketplace) -> None:
    credentials = {"access_token": till.seller.token, "refresh_token": "TG-0123456789abcdef"}

    with pytest.raises(AccountInvalid, match="credentials: refresh_token"):
        await till.connect(credentials)

    assert len(await till.payments.accounts.all_of(till.organizer_id)) == 1


def test_the_newest_contract_that_has_begun_says_what_is_taken() -> None:
    new_year, carnival = date(2027, 1, 1), date(2027, 2, 8)
    contracts = with_contract((SplitContract(valid_from=carnival, takes="nothing"),), SplitContract(valid_from=new_year, takes="nothing"))

    contracts = with_contract(contracts, SplitContract(valid_from=new_year, takes="service_charge"))

    assert [one.valid_from for one in contracts] == [new_year, carnival]
    days = (new_year - timedelta(days=1), new_year, carnival - timedelta(days=1), carnival)
    assert [platform_fee_minor(contracts, PARTS, day) for day in days] == [None, 1_000_00, 1_000_00, None]
    assert platform_fee_minor(contracts, (Part("proceeds", 5),), new_year) == 0
    assert [one.valid_from for one in ended(contracts, new_year + timedelta(days=1))] == [new_year, new_year + timedelta(days=1)]
    assert ended(contracts, new_year - timedelta(days=1)) == ()
