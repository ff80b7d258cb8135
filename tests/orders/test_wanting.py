"""Whether money would be of use for an order: what would happen if it came now, and nothing happens."""

from tests.orders.box_office import BoxOffice


async def test_money_is_wanted_as_long_as_it_would_pay_and_asking_changes_nothing(closed_box: BoxOffice) -> None:
    box = await closed_box.open(per_buyer_max=5)
    cancelled, late, paid = await box.order(), await box.order(quantity=3), await box.paid()
    await box.orders.back_office.cancel(box.actor, cancelled.order_id, "double")
    in_time = await box.wanted(cancelled, late, paid)
    await box.expire()
    before = [await box.states(cancelled, late, paid), await box.places(), await box.counted()]
    while_free = await box.wanted(cancelled, late, paid)
    since = await box.order(quantity=2)
    over_the_limit = await box.wanted(late)
    await box.expire()
    await box.hold(quantity=4)
    await box.hold(quantity=4)
    when_gone = await box.wanted(late, since)

    assert [in_time, while_free, over_the_limit, when_gone] == [{late.order_id}, {late.order_id}, set(), set()]
    assert before == [[("cancelled", "open"), ("expired", "open"), ("paid", "captured")], (0, 1), 1]
    assert await box.states(late, since) == [("expired", "open"), ("expired", "open")]
    assert (await box.refunds(late), await box.tickets(late)) == ([], [])
