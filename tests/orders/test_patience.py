"""Orders that wait for a transfer or cash: their places are kept for hours, within bounds, and are anybody's again afterwards."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from alltickets.catalog.schemas.organizer import TicketTypeChange
from alltickets.inventory.interface import Inventory
from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotOpen
from alltickets.orders.schemas import InstructionsRead
from alltickets.orders.service import PlacedOrder
from alltickets.orders.wire import next_action
from alltickets.payments.interface import Instructions, Redirect, TooLateForAccount
from alltickets.payments.service.confirming import Seen
from tests.orders.box_office import ANA, BoxOffice
from tests.payments.office import CASH, TRANSFER


async def takes(box: BoxOffice, gateway: str = "transfer", **settings: str) -> UUID:
    """The organizer takes transfers, or cash, too."""
    known = TRANSFER if gateway == "transfer" else CASH
    account = await box.process.payments.accounts.connect(
        box.actor, gateway, label=gateway, currency="ARS", settings={**known, **settings}, credentials={}
    )
    return account.id


async def place(box: BoxOffice, account_id: UUID, *, visitor: UUID | None = None, quantity: int = 1, **fields: Any) -> PlacedOrder:
    held = await box.hold(quantity=quantity, visitor=visitor or new_id())
    return await box.place(held.hold_id, option_id=account_id, **fields)


async def confirm(box: BoxOffice, order: Order) -> None:
    """Somebody sees the money of the order's newest attempt."""
    attempt_id = (await box.process.payments.details(box.organizer_id, order.order_id)).attempts[-1].id
    seen = Seen(amount_minor=order.total_minor, received_on=box.clock().date(), note="")
    await box.process.payments.confirming.confirm(box.actor, attempt_id, seen)
    await box.catch_up()


def to_the_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


async def pass_time(box: BoxOffice, **span: float) -> None:
    box.clock.advance(**span)
    await box.sweep()
    await box.catch_up()


async def test_places_are_kept_for_the_hours_of_the_account_and_the_buyer_is_told_how_to_pay(box: BoxOffice) -> None:
    account_id = await takes(box, hours="36")

    placed = await place(box, account_id, quantity=2)

    until = to_the_second(box.clock() + timedelta(hours=36))
    assert isinstance(placed.step, Instructions)
    assert (placed.order.pay_until, placed.step.until) == (until, until)
    action = next_action(placed.order, placed.step)
    assert (action.kind, action.url) == ("instructions", None)
    assert isinstance(action.instructions, InstructionsRead)
    assert (action.instructions.amount, action.instructions.code[3]) == (placed.order.total, "-")
    await pass_time(box, hours=35)
    assert (await box.states(placed.order), await box.places()) == ([("awaiting_payment", "open")], (2, 0))


async def test_who_pays_by_a_gateway_has_no_longer_than_before(box: BoxOffice) -> None:
    await takes(box)

    placed = await place(box, box.account_id or new_id())

    assert isinstance(placed.step, Redirect)
    assert placed.order.pay_until <= box.clock() + timedelta(seconds=box.settings.hold_seconds)


async def test_money_in_time_makes_tickets(box: BoxOffice) -> None:
    placed = await place(box, await takes(box))
    await pass_time(box, hours=40)

    await confirm(box, placed.order)

    assert await box.states(placed.order) == [("paid", "captured")]
    assert (await box.ticket_states(placed.order), await box.places()) == (["valid"], (0, 1))


async def test_what_is_not_paid_is_anybodys_again(box: BoxOffice) -> None:
    placed = await place(box, await takes(box))

    await pass_time(box, hours=48, seconds=10)

    assert [status for status, _ in await box.states(placed.order)] == ["expired"]
    assert await box.places() == (0, 0)


@pytest.mark.parametrize("is_taken", [False, True])
async def test_late_money_gets_the_same_places_or_has_to_go_back(closed_box: BoxOffice, is_taken: bool) -> None:
    box = await closed_box.open(capacity=1)
    placed = await place(box, await takes(box))
    await pass_time(box, hours=48, seconds=10)
    if is_taken:
        await box.order()

    await confirm(box, placed.order)

    [(status, state)] = await box.states(placed.order)
    assert (status, state) == (("expired", "returning") if is_taken else ("paid", "captured"))
    assert await box.refunds(placed.order) == ([(placed.order.total_minor, "places_gone")] if is_taken else [])


@pytest.mark.parametrize(
    ("settings", "sales_until_hours", "hours"),
    [
        ({"hours": "48", "hours_before": "0"}, 30, 30),
        ({"hours": "168", "hours_before": "600"}, None, 120),
        ({"hours": "24", "hours_before": "600"}, 30, 24),
    ],
)
async def test_never_past_the_end_of_the_sale_nor_too_near_to_the_show(
    box: BoxOffice, settings: dict[str, str], sales_until_hours: int | None, hours: int
) -> None:
    # The show is thirty days ahead.
    now = box.clock()
    if sales_until_hours is not None:
        change = TicketTypeChange(version=1, sales_until=now + timedelta(hours=sales_until_hours))
        await box.service.ticket_types.change(box.actor, box.event_id, box.ticket_type_id, change)

    placed = await place(box, await takes(box, **settings))

    assert placed.order.pay_until == to_the_second(now + timedelta(hours=hours))


async def test_where_there_is_too_little_time_it_is_refused_and_the_places_stay_held(box: BoxOffice) -> None:
    account_id = await takes(box, hours_before="720")
    box.clock.advance(minutes=1)
    held = await box.hold()

    with pytest.raises(TooLateForAccount):
        await box.place(held.hold_id, option_id=account_id)

    assert isinstance((await box.place(held.hold_id, option_id=box.account_id)).step, Redirect)


async def test_a_visitors_next_purchase_leaves_what_may_be_paid_at_any_moment_alone(box: BoxOffice) -> None:
    visitor = new_id()
    placed = await place(box, await takes(box), visitor=visitor)

    await box.hold(visitor=visitor)
    await box.hold(visitor=visitor)
    await box.catch_up()

    assert await box.states(placed.order) == [("awaiting_payment", "open")]
    assert await box.places() == (2, 0)


async def test_the_organizer_sees_how_many_of_the_held_places_wait_like_that(box: BoxOffice) -> None:
    await place(box, await takes(box), quantity=3)
    await box.order(quantity=2)

    pools = await Inventory(box.database, box.clock).pools(box.organizer_id, box.event_id)

    assert [(pool.held, pool.awaiting) for pool in pools if pool.kind == "sector"] == [(5, 3)]


async def test_an_order_by_card_may_be_paid_by_transfer_instead_and_the_other_way_round(box: BoxOffice) -> None:
    transfer, order = await takes(box), await box.order()

    instead = await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=transfer)
    again = await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=None)
    back = await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=box.account_id)

    assert isinstance(instead.step, Instructions)
    assert again == instead
    assert isinstance(back.step, Redirect)
    until = to_the_second(box.clock() + timedelta(hours=48))
    assert (await box.read(order.order_id)).pay_until == back.order.pay_until == until
    await pass_time(box, hours=47)
    assert await box.states(order) == [("awaiting_payment", "open")]


async def test_an_order_whose_buyer_chose_anew_waits_no_longer(box: BoxOffice) -> None:
    visitor, transfer = new_id(), await takes(box)
    order = await box.order(visitor=visitor)
    await box.hold(visitor=visitor)

    with pytest.raises(OrderNotOpen):
        await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=transfer)


async def test_a_request_sent_twice_gives_the_same_code(box: BoxOffice) -> None:
    held, account_id = await box.hold(), await takes(box)
    request = box.order_request(held.hold_id, option_id=account_id, buyer=ANA)

    first, again = await box.orders.placing.place(request), await box.orders.placing.place(request)

    assert first.step == again.step
    assert (await box.orders.shop.shown(box.organizer_id, request.order_id)).step == first.step
