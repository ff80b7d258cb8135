"""What an order's page says of money that a bank set aside and nobody took."""

from uuid import UUID

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.applying import Report, apply_conclusion, apply_reports
from alltickets.payments.port import GatewayPayment, GatewayStatus
from alltickets.payments.refunds.ordering import NewRefund, order_refunds
from alltickets.payments.rules import AttemptStatus
from tests.storefront.conftest import House, Site
from tests.storefront.shopper import place_order, with_secret
from tests.storefront.test_card import connect_payway


async def test_a_buyer_whose_reservation_was_let_go_is_told_and_may_try_again(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    contexts, organizer_id = house.site.contexts, house.actor.organizer_id

    async def become(order_id: UUID, status: AttemptStatus) -> None:
        [attempt] = (await contexts.payments.details(organizer_id, order_id)).attempts
        async with contexts.database.transaction(organizer_id) as tx:
            await apply_conclusion(tx, attempt.id, status, cause="query", now=site.clock())

    async with site.browser() as browser:
        order = await place_order(browser, event)
        path = f"/o/{order['order_id']}"
        await become(UUID(order["order_id"]), "voiding")
        waiting = await browser.get(path, headers=with_secret(order))
        await become(UUID(order["order_id"]), "voided")
        released = await browser.get(path, headers=with_secret(order))

    assert 'data-standing="pending"' in waiting.text
    assert 'data-standing="rejected"' in released.text
    assert "ya lo liberamos" in released.text
    assert f'action="{path}/pay"' in released.text


async def test_a_buyer_whose_refund_waits_for_the_provider_is_told(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    contexts, organizer_id = house.site.contexts, house.actor.organizer_id
    async with site.browser() as browser:
        order = await place_order(browser, event)
        order_id, path = UUID(order["order_id"]), f"/o/{order['order_id']}"
        await contexts.orders.back_office.cancel(house.actor, order_id, "prueba")
        before = await browser.get(path, headers=with_secret(order))
        payment = await contexts.payments.details(organizer_id, order_id)
        [attempt] = payment.attempts
        money = Money(payment.amount_minor, payment.currency)
        paid = GatewayPayment(provider_payment_id="1", reference=str(attempt.id), status="charged", amount=money, raw_status="approved")
        async with contexts.database.transaction(organizer_id) as tx:
            await apply_reports(tx, [Report(attempt.account_id, paid)], cause="query", now=site.clock())
        [charge] = (await contexts.payments.details(organizer_id, order_id)).charges
        async with contexts.database.transaction(organizer_id) as tx:
            of = {"reference": order_id, "payment_id": payment.id, "charge_id": charge.id}
            await order_refunds(tx, [NewRefund(id=new_id(), amount=money, reason="test", is_kept=True, **of)], site.clock())
            await tx.execute("UPDATE payments.refunds SET status = 'queued' WHERE organizer_id = %(organizer_id)s")
        waiting = await browser.get(path, headers=with_secret(order))
        async with contexts.database.transaction(organizer_id) as tx:
            await tx.execute("UPDATE payments.refunds SET status = 'failed' WHERE organizer_id = %(organizer_id)s")
        refused = await browser.get(path, headers=with_secret(order))
        [refund] = (await contexts.payments.details(organizer_id, order_id)).refunds
        await contexts.payments.refunds.make_again_for(house.actor, refund.id)
        again = await browser.get(path, headers=with_secret(order))

    assert "La devolución está en espera" not in before.text
    assert "La devolución está en espera" in waiting.text
    for page, is_refused in ((waiting, False), (refused, True), (again, False)):
        assert ("El medio de pago no hizo la devolución" in page.text) is is_refused
        assert ("lo que se pagó vuelve por el mismo medio" in page.text) is not is_refused


async def test_a_buyer_whose_money_is_of_another_amount_is_told_what_becomes_of_it(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    contexts, organizer_id = house.site.contexts, house.actor.organizer_id
    async with site.browser() as browser:
        order = await place_order(browser, event)
        order_id, path = UUID(order["order_id"]), f"/o/{order['order_id']}"
        [attempt] = (await contexts.payments.details(organizer_id, order_id)).attempts

        async def told(status: GatewayStatus, refunded_minor: int = 0) -> str:
            one = GatewayPayment(
                provider_payment_id=f"{order_id}",
                reference=str(attempt.id),
                status=status,
                raw_status=status,
                amount=Money(123_400, "ARS"),
                refunded_minor=refunded_minor,
            )
            async with contexts.database.transaction(organizer_id) as tx:
                await apply_reports(tx, [Report(attempt.account_id, one)], cause="query", now=site.clock())
            return (await browser.get(path, headers=with_secret(order))).text

        held = await told("charged")
        await contexts.payments.giving_back.order(house.actor, order_id)
        returning = (await browser.get(path, headers=with_secret(order))).text
        returned = await told("refunded", 123_400)

    for page, standing, says in (
        (held, "pending", "El organizador lo tiene que devolver"),
        (returning, "pending", "Lo estamos devolviendo"),
        (returned, "rejected", "Ya volvió por el mismo medio"),
    ):
        assert f'data-standing="{standing}"' in page
        assert "Llegó un pago de $\N{NO-BREAK SPACE}1.234,00 y esta compra cuesta $" in page
        assert says in page
        assert "No se te cobró nada" not in page
    assert ("No pagues otra vez" in held, "No pagues otra vez" in returned) == (True, False)
    assert f'action="{path}/pay"' in returned


async def test_payments_ask_orders_whether_money_is_of_use_before_they_take_it(site: Site, house: House) -> None:
    await connect_payway(house)
    event = await house.published()
    contexts, organizer_id = house.site.contexts, house.actor.organizer_id
    async with site.browser() as browser:
        first, second = [UUID((await place_order(browser, event))["order_id"]) for _ in range(2)]
    await contexts.orders.back_office.cancel(house.actor, first, "prueba")

    assert await contexts.payments.reservations.wanted(organizer_id, {first, second}) == {second}
