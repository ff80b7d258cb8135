"""What an order's page says of money that a bank set aside and nobody took."""

from uuid import UUID

from alltickets.payments.applying import apply_conclusion
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
