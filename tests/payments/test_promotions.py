"""Cards that are charged under a promotion, at the simulated Payway: amount, budget, books and refunds."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
import pytest_asyncio

from alltickets.catalog.interface import VersionConflict
from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.events import PaymentCaptured, PaymentFlagged
from alltickets.payments.gateways.payway import Payway
from alltickets.payments.handlers import subscriptions
from alltickets.payments.ledger.accounts import ORGANIZER_PAYABLE, PROMO_EXPENSE, gateway_receivable, promo_receivable
from alltickets.payments.port import Card, ChargeFacts, GatewayPayment
from alltickets.payments.promotions.rules import Agreement, BinRange, Promotion, PromotionTerms
from alltickets.payments.refusals import CardNotTaken, PromotionInvalid, PromotionOver
from alltickets.payments.service import Payments
from alltickets.payments.service.checkout import NextStep, Started, Told
from alltickets.payments.service.refunds import AskRefund
from alltickets.platform.database import Database
from alltickets.platform.outbox import Follower
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.conftest import PUBLIC_URL, request, start
from tests.payments.payway import PURCHASE, card_of, connect_payway
from tests.simulators.payway import MASTERCARD, VISA_REFUSED, PaywayProcess, Site
from tests.stream import events_of

TICKET = Money(11_000_00, "ARS")


@dataclass
class Till:
    """Takes cards for one organizer who has a promotion of Banco X: 20 % off for its cards, of which the bank bears 60 %."""

    database: Database
    payments: Payments
    organizer_id: UUID
    clock: SettableClock
    site: Site
    account_id: UUID

    async def promote(self, **changes: Any) -> Promotion:
        plain = PromotionTerms(
            name="Martes con Banco X",
            bank="Banco X",
            currency="ARS",
            bins=(BinRange("450799", "450799"), BinRange("454640", "454640")),
            discount_basis_points=2_000,
            bank_basis_points=6_000,
        )
        return await self.payments.promotions.create(Actor.system(self.organizer_id, "test"), msgspec.structs.replace(plain, **changes))

    async def start(self, reference: UUID | None = None) -> tuple[UUID, Started]:
        reference = reference or new_id()
        asked = request(self.clock, reference=reference, amount=TICKET)
        return reference, await start(self.database, self.payments, self.organizer_id, asked)

    async def charge(self, reference: UUID, started: Started, card: Card, *, promised: UUID | None = None) -> NextStep:
        return await self.payments.charge_card(self.organizer_id, reference, started.attempt_id, card, PURCHASE, told=Told(promised))

    async def pay(self, card: Card, *, promised: UUID | None = None) -> UUID:
        reference, started = await self.start()
        assert await self.charge(reference, started, card, promised=promised) == "wait"
        return reference

    async def spent(self) -> list[int]:
        page = await self.payments.promotions.page(self.organizer_id, cursor=None, size=50)
        return [one.spent_minor for one in reversed(page.items)]

    async def uses(self) -> list[tuple[str, int]]:
        async with self.database.reading(self.organizer_id) as reader:
            return await reader.fetch_tuples(
                "SELECT status, bank_minor FROM payments.promotion_uses WHERE organizer_id = %(organizer_id)s ORDER BY attempt_id"
            )

    async def captured(self) -> list[tuple[int, int]]:
        events = await events_of(self.database, self.organizer_id, PaymentCaptured)
        return [(one.amount_minor, one.discount_minor) for one in events if isinstance(one, PaymentCaptured)]

    async def balances(self) -> dict[str, int]:
        await Follower(self.database, subscriptions(self.payments)).catch_up()
        found = {one.account: one.balance_minor for one in await self.payments.ledger.balances(self.organizer_id)}
        verified = await self.payments.ledger.verify(self.organizer_id, lambda _what, _count: None, patience_seconds=5)
        assert verified.is_right, (verified.balances, verified.charges)
        return {account: minor for account, minor in found.items() if minor}

    def amounts(self) -> list[int]:
        """What Payway has charged and not given back."""
        return [one["amount"] for one in self.site.call("GET", "/payments").json()["results"] if one["status"] == "approved"]


@pytest.fixture
def payments(database: Database, clock: SettableClock, key_ring: KeyRing, payway: PaywayProcess, http: httpx.AsyncClient) -> Payments:
    provider = Payway(payway.url, http, developer_url=payway.url, charge_seconds_max=1.0, query_seconds_max=1.0)
    return Payments(database, clock, key_ring, [provider], public_url=PUBLIC_URL)


@pytest_asyncio.fixture
async def till(database: Database, payments: Payments, organizer_id: UUID, clock: SettableClock, site: Site) -> Till:
    account = await connect_payway(payments, organizer_id, site)
    return Till(database, payments, organizer_id, clock, site, account.id)


async def test_the_card_of_the_bank_is_charged_less_and_the_books_say_who_bears_it(till: Till) -> None:
    promotion = await till.promote(budget_minor=3_000_00)

    reference = await till.pay(card_of(till.site), promised=promotion.promotion_id)
    after_sale = await till.balances()
    async with till.database.transaction(till.organizer_id) as tx:
        await till.payments.refund(tx, [AskRefund(refund_id=new_id(), reference=reference, amount_minor=4_400_00, reason="half")])
    await till.payments.refunds.sweep()
    after_half = await till.balances()
    async with till.database.transaction(till.organizer_id) as tx:
        await till.payments.refund(tx, [AskRefund(refund_id=new_id(), reference=reference, amount_minor=None, reason="rest")])
    await till.payments.refunds.sweep()

    receivable, bank = gateway_receivable(till.account_id), promo_receivable(promotion.promotion_id)
    assert await till.captured() == [(8_800_00, 2_200_00)]
    assert after_sale == {receivable: 8_800_00, bank: 1_320_00, ORGANIZER_PAYABLE: -10_120_00}
    assert after_half == {receivable: 4_400_00, bank: 660_00, ORGANIZER_PAYABLE: -5_060_00}
    assert await till.balances() == {}
    assert (await till.spent(), await till.uses()) == ([2_200_00], [("used", 1_320_00)])


async def test_the_platform_bears_its_share_once_it_has_agreed_to_the_terms_and_while_its_budget_lasts(till: Till) -> None:
    """Of the 2,200.00 off a ticket the bank bears 50 %, 1,100.00, the platform 30 %, 660.00, and the organizer what is left, 440.00."""
    promotions, operator = till.payments.promotions, Actor.system(till.organizer_id, "operator")
    promotion = await till.promote(bank_basis_points=5_000, platform_basis_points=3_000)
    id_ = promotion.promotion_id

    await till.pay(card_of(till.site))
    await promotions.agree(operator, id_, 1, budget_minor=1_000_00)
    reference = await till.pay(card_of(till.site), promised=id_)
    after_sale = await till.balances()
    await till.pay(card_of(till.site))
    async with till.database.transaction(till.organizer_id) as tx:
        await till.payments.refund(tx, [AskRefund(refund_id=new_id(), reference=reference, amount_minor=4_400_00, reason="half")])
    await till.payments.refunds.sweep()
    with pytest.raises(PromotionInvalid):
        await promotions.agree(operator, id_, 1, budget_minor=659_99)
    # More off, of which the platform was to bear more too: that it has not said.
    changed = await promotions.change(operator, id_, 1, msgspec.structs.replace(promotion.terms, discount_basis_points=9_000))
    await till.pay(card_of(till.site))
    with pytest.raises(VersionConflict):
        await promotions.agree(operator, id_, 1, budget_minor=10_000_00)

    receivable, bank = gateway_receivable(till.account_id), promo_receivable(id_)
    assert await till.captured() == [(11_000_00, 0), (8_800_00, 2_200_00), (11_000_00, 0), (11_000_00, 0)]
    assert after_sale == {receivable: 19_800_00, bank: 1_100_00, PROMO_EXPENSE: 660_00, ORGANIZER_PAYABLE: -21_560_00}
    assert await till.balances() == {receivable: 37_400_00, bank: 550_00, PROMO_EXPENSE: 330_00, ORGANIZER_PAYABLE: -38_280_00}
    assert (await till.spent(), await till.uses()) == ([2_200_00], [("used", 1_100_00)])
    assert changed.agreement == Agreement(revision=1, budget_minor=1_000_00, spent_minor=660_00)


async def test_another_card_pays_the_whole_and_nothing_is_charged_where_less_was_shown(till: Till) -> None:
    promotion = await till.promote()
    reference, started = await till.start()

    with pytest.raises(PromotionOver):
        await till.charge(reference, started, card_of(till.site, MASTERCARD, method="104"), promised=promotion.promotion_id)
    nothing = till.amounts()
    await till.charge(reference, started, card_of(till.site, MASTERCARD, method="104"))

    assert nothing == []
    assert (till.amounts(), await till.captured(), await till.uses()) == ([TICKET.minor], [(TICKET.minor, 0)], [])


async def test_a_card_that_is_not_what_was_told_is_not_charged(till: Till) -> None:
    promotion = await till.promote()
    reference, started = await till.start()
    lie = msgspec.structs.replace(card_of(till.site, MASTERCARD, method="104"), bin="450799")

    step = await till.charge(reference, started, lie, promised=promotion.promotion_id)

    assert (step, till.amounts()) == ("failed", [])
    assert (await till.spent(), await till.uses()) == ([0], [("released", 1_320_00)])


async def test_a_gateway_that_takes_it_from_another_card_leaves_the_discount_to_the_organizer(till: Till) -> None:
    promotion = await till.promote()
    reference, started = await till.start()
    async with till.database.transaction(till.organizer_id) as tx:
        use = await till.payments.promotions.reserve(
            tx, started.attempt_id, TICKET, card_of(till.site), "credit_card", promised=promotion.promotion_id
        )
    assert use is not None
    told = GatewayPayment(
        provider_payment_id="1",
        reference=str(started.attempt_id),
        status="charged",
        amount=Money(8_800_00, "ARS"),
        raw_status="approved",
        facts=ChargeFacts(card_bin="529991"),
    )

    async with till.database.transaction(till.organizer_id) as tx:
        await apply_reports(tx, [Report(till.account_id, told)], cause="query", now=till.clock())

    flags = [one.kind for one in await events_of(till.database, till.organizer_id, PaymentFlagged) if isinstance(one, PaymentFlagged)]
    assert (flags, await till.spent(), await till.uses()) == (["promotion_mismatch"], [0], [("mismatched", 0)])
    assert await till.balances() == {gateway_receivable(till.account_id): 8_800_00, ORGANIZER_PAYABLE: -8_800_00}
    assert (await till.payments.promotions.use_of(till.organizer_id, reference)) is not None


async def test_a_declined_card_gives_the_budget_back_and_the_next_one_has_it(till: Till) -> None:
    promotion = await till.promote(budget_minor=2_200_00)
    reference, started = await till.start()

    declined = await till.charge(reference, started, card_of(till.site, VISA_REFUSED), promised=promotion.promotion_id)
    given_back = await till.spent()
    _, again = await till.start(reference)
    paid = await till.charge(reference, again, card_of(till.site), promised=promotion.promotion_id)

    assert (declined, given_back, paid, await till.spent()) == ("failed", [0], "wait", [2_200_00])
    assert [status for status, _ in await till.uses()] == ["released", "used"]
    assert till.amounts() == [8_800_00]


async def test_an_answer_that_was_lost_keeps_the_budget_until_it_is_found(till: Till, payway: PaywayProcess) -> None:
    await till.promote()
    payway.turn(lose_answers=1)
    await till.pay(card_of(till.site))
    meanwhile = await till.uses()

    till.clock.advance(seconds=3)
    await till.payments.poller.sweep()

    assert (meanwhile, await till.uses()) == ([("reserved", 1_320_00)], [("used", 1_320_00)])
    assert (await till.spent(), await till.captured()) == ([2_200_00], [(8_800_00, 2_200_00)])


async def test_the_last_of_a_budget_is_raced_for_and_never_exceeded(till: Till) -> None:
    """Twelve buyers on connections of their own, for a budget of five; who was shown less is charged less or nothing."""
    promotion = await till.promote(budget_minor=5 * 2_200_00 + 1)
    waiting = [(*await till.start(), card_of(till.site)) for _ in range(12)]

    outcomes = await asyncio.gather(
        *(till.charge(reference, started, card, promised=promotion.promotion_id) for reference, started, card in waiting),
        return_exceptions=True,
    )

    refused = [one for one in outcomes if isinstance(one, PromotionOver)]
    assert (len(refused), [one for one in outcomes if not isinstance(one, PromotionOver)]) == (7, ["wait"] * 5)
    assert await till.spent() == [5 * 2_200_00]
    assert till.amounts() == [8_800_00] * 5


async def test_instalments_of_a_promotion_are_for_its_cards_alone(till: Till) -> None:
    promotion = await till.promote(discount_basis_points=0, bank_basis_points=0, instalments=(6, 12), budget_minor=20_000_00)
    reference, started = await till.start()

    with pytest.raises(CardNotTaken):
        await till.charge(reference, started, card_of(till.site, MASTERCARD, method="104", installments=12))
    step = await till.charge(reference, started, card_of(till.site, installments=12), promised=promotion.promotion_id)
    other, second = await till.start()
    with pytest.raises(PromotionOver):
        await till.charge(other, second, card_of(till.site, installments=12), promised=promotion.promotion_id)

    assert (step, till.amounts(), await till.spent()) == ("wait", [TICKET.minor], [TICKET.minor])
    assert await till.captured() == [(TICKET.minor, 0)]


async def test_where_the_better_ones_budget_has_no_room_the_next_one_counts(till: Till) -> None:
    less = await till.promote(discount_basis_points=1_000)
    better = await till.promote(budget_minor=2_200_00)

    await till.pay(card_of(till.site), promised=better.promotion_id)
    await till.pay(card_of(till.site), promised=less.promotion_id)

    assert sorted(await till.captured()) == [(8_800_00, 2_200_00), (9_900_00, 1_100_00)]
    assert await till.spent() == [1_100_00, 2_200_00]
