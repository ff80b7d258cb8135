"""Signing up for what is sold out, being told in order when places come back, and leaving."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

import alltickets.marketing.handlers
from alltickets.catalog.interface import EventNotFound, NotOnSale
from alltickets.identity.interface import Actor, TooManyTries
from alltickets.inventory.interface import Inventory, Levels, release
from alltickets.kernel.ids import new_id
from alltickets.marketing.interface import NoSuchWaitingEntry, WaitingList, Wish, WishInvalid
from alltickets.marketing.rules.waiting import HEAD_START, KEPT_FOR
from alltickets.orders.service import HeldPlaces
from alltickets.platform.outbox import Follower
from tests.notifications.post_office import PostOffice, html_of, text_of


async def sold_out(post: PostOffice, *quantities: int) -> list[HeldPlaces]:
    """All ten places are held, in these portions."""
    return [await post.box.hold(quantity=quantity) for quantity in quantities]


async def join(post: PostOffice, mail: str, quantity: int = 1, *, address: str = "192.0.2.1", **fields: Any) -> None:
    offer = post.box.performance_id, post.box.ticket_type_id
    wish = Wish(mail, fields.get("offer", offer), quantity, fields.get("locale", "es-AR"))
    await post.waiting_list.join(post.box.event_id, wish, address=address)


async def free(post: PostOffice, held: HeldPlaces) -> None:
    async with post.box.database.transaction(post.box.organizer_id) as tx:
        await release(tx, [held.hold_id])


def another(post: PostOffice) -> WaitingList:
    """A worker that knows the levels as they are now."""
    box = post.box
    return WaitingList(box.database, box.clock, box.process.catalog, Levels(box.database), box.key_ring, public_url=box.settings.public_url)


async def tell(post: PostOffice) -> list[str]:
    """Those whose turn it is are told; whom mail has reached, in the order of its arrival."""
    await another(post).call()
    await post.deliver()
    return [message["To"] for message in post.server.taken]


async def waiting(post: PostOffice) -> list[tuple[str, int, str]]:
    page = await post.waiting_list.page(post.box.actor, post.box.event_id, cursor=None, size=50)
    return [(entry.mail, entry.quantity, entry.state) for entry in page.items]


async def test_who_waits_is_told_in_order_and_no_more_than_places_came_back(post: PostOffice) -> None:
    portions = await sold_out(post, 2, 8)
    for mail in ("ana@example.com", "bea@example.com", "caro@example.com"):
        await join(post, mail)
    before = await tell(post)

    await free(post, portions[0])
    told = await tell(post)
    again = await tell(post)

    assert (before, told, again) == ([], ["ana@example.com", "bea@example.com"], ["ana@example.com", "bea@example.com"])
    assert await waiting(post) == [
        ("ana@example.com", 1, "called"),
        ("bea@example.com", 1, "called"),
        ("caro@example.com", 1, "waiting"),
    ]


async def test_places_that_those_before_let_go_by_are_the_next_ones_after_a_while(post: PostOffice) -> None:
    [portion, _] = await sold_out(post, 1, 9)
    await join(post, "ana@example.com")
    await join(post, "bea@example.com")
    await free(post, portion)
    await tell(post)

    post.box.clock.advance(seconds=HEAD_START.total_seconds())

    assert await tell(post) == ["ana@example.com", "bea@example.com"]


async def test_a_larger_house_reaches_as_many_as_it_has_new_places(post: PostOffice) -> None:
    await sold_out(post, 10)
    for number in range(4):
        await join(post, f"buyer{number}@example.com", 2)
    inventory = Inventory(post.box.database, post.box.clock)
    [pool] = await inventory.pools(post.box.organizer_id, post.box.event_id)

    await inventory.resize(post.box.actor, post.box.event_id, pool.pool_id, 15)

    assert await tell(post) == ["buyer0@example.com", "buyer1@example.com"]


async def test_two_workers_at_once_tell_nobody_twice(post: PostOffice) -> None:
    [portion, _] = await sold_out(post, 3, 7)
    for number in range(6):
        await join(post, f"buyer{number}@example.com")
    await free(post, portion)

    called = await asyncio.gather(*(another(post).call() for _ in range(4)))
    await post.deliver()

    assert sum(called) == 3
    assert sorted(post.server.subjects()) == ["Hay entradas otra vez para Noche de prueba"] * 3


async def test_who_signs_up_again_has_one_entry_and_keeps_the_place(post: PostOffice) -> None:
    await sold_out(post, 10)
    await join(post, "ana@example.com", 1)
    post.box.clock.advance(seconds=1)
    await join(post, "bea@example.com", 1)

    post.box.clock.advance(seconds=1)
    await join(post, "Ana@Example.com", 3)

    assert await waiting(post) == [("ana@example.com", 3, "waiting"), ("bea@example.com", 1, "waiting")]


async def test_who_was_told_and_signs_up_again_goes_to_the_end(post: PostOffice) -> None:
    [portion, _] = await sold_out(post, 1, 9)
    await join(post, "ana@example.com")
    await free(post, portion)
    await tell(post)
    post.box.clock.advance(seconds=1)
    await join(post, "bea@example.com")

    post.box.clock.advance(seconds=1)
    await join(post, "ana@example.com")

    assert await waiting(post) == [("bea@example.com", 1, "waiting"), ("ana@example.com", 1, "waiting")]


async def test_the_mail_says_what_for_and_has_a_way_out(post: PostOffice) -> None:
    [portion, _] = await sold_out(post, 2, 8)
    await join(post, "ana@example.com", 2, locale="pt-BR")
    await free(post, portion)
    await tell(post)
    event = await post.box.snapshot()

    [message] = post.server.taken

    assert message["Subject"] == "Há ingressos de novo para Noche de prueba"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave_url = message["List-Unsubscribe"].strip("<>")
    assert f"{post.box.settings.public_url}/pt/e/{event.slug}" in text_of(message)
    assert "2 ingressos" in text_of(message)
    assert leave_url in text_of(message)
    assert f'href="{leave_url}"' in html_of(message)
    await post.waiting_list.leave(leave_url.rpartition("/")[2])
    assert await waiting(post) == []


async def test_who_leaves_before_the_mail_goes_out_gets_none(post: PostOffice) -> None:
    [portion, _] = await sold_out(post, 1, 9)
    await join(post, "ana@example.com")
    await free(post, portion)
    await another(post).call()
    await post.listen()
    [entry] = (await post.waiting_list.page(post.box.actor, post.box.event_id, cursor=None, size=1)).items

    await post.waiting_list.leave(post.waiting_list.token_of(post.box.organizer_id, entry.entry_id))
    await post.work()

    assert post.server.subjects() == []


async def test_who_buys_waits_no_longer(post: PostOffice) -> None:
    await join(post, "Ana@example.com")
    await join(post, "bea@example.com")

    await post.box.paid()
    await Follower(post.box.database, [alltickets.marketing.handlers.subscription(post.waiting_list)]).catch_up()

    assert await waiting(post) == [("bea@example.com", 1, "waiting")]


async def test_a_sale_that_is_over_calls_nobody_and_takes_nobody(post: PostOffice) -> None:
    await sold_out(post, 10)
    await join(post, "ana@example.com")

    await post.box.service.events.cancel(post.box.actor, post.box.event_id, "Sin luz")
    post.box.process.catalog.drop(post.box.event_id)

    assert await tell(post) == []
    with pytest.raises(NotOnSale):
        await join(post, "bea@example.com")


async def test_what_is_no_offer_of_the_event_is_refused(post: PostOffice) -> None:
    with pytest.raises(WishInvalid):
        await join(post, "ana@example.com", offer=(new_id(), new_id()))
    with pytest.raises(EventNotFound):
        await post.waiting_list.join(new_id(), Wish("ana@example.com", (new_id(), new_id()), 1, "es-AR"), address="192.0.2.1")


async def test_an_address_may_sign_up_so_many_times_an_hour(post: PostOffice) -> None:
    for number in range(30):
        await join(post, f"buyer{number}@example.com", address="192.0.2.99")

    with pytest.raises(TooManyTries):
        await join(post, "one-more@example.com", address="192.0.2.99")


async def test_entries_are_forgotten_a_while_after_the_performance(post: PostOffice) -> None:
    await join(post, "ana@example.com")
    event = await post.box.snapshot()
    ends_at = event.performances[post.box.performance_id].ends_at

    post.box.clock.now = ends_at + KEPT_FOR - timedelta(seconds=1)
    await post.waiting_list.forget()
    kept = await waiting(post)
    post.box.clock.now = ends_at + KEPT_FOR
    await post.waiting_list.forget()

    assert (len(kept), await waiting(post)) == (1, [])


async def test_the_organizer_reads_the_line_page_by_page_and_counts_it(post: PostOffice) -> None:
    for number in range(5):
        await join(post, f"buyer{number}@example.com", 2)

    read = [entry async for entry in all_pages(post)]
    [count] = await post.waiting_list.counts(post.box.actor, post.box.event_id)

    assert read == [f"buyer{number}@example.com" for number in range(5)]
    assert (count.ticket_type_id, count.waiting, count.places, count.called) == (post.box.ticket_type_id, 5, 10, 0)


async def all_pages(post: PostOffice) -> AsyncIterator[str]:
    cursor = None
    while True:
        page = await post.waiting_list.page(post.box.actor, post.box.event_id, cursor=cursor, size=2)
        for entry in page.items:
            yield entry.mail
        if page.next is None:
            return
        cursor = page.next


async def test_another_organizer_sees_nothing(post: PostOffice) -> None:
    await join(post, "ana@example.com")
    stranger = Actor.system(new_id(), "somebody else")

    with pytest.raises(EventNotFound):
        await post.waiting_list.page(stranger, post.box.event_id, cursor=None, size=10)
    with pytest.raises(EventNotFound):
        await post.waiting_list.counts(stranger, post.box.event_id)


@pytest.mark.parametrize("token", ["", ".", "x", "AAAA.1.x", f"{'A' * 43}.1.{'A' * 24}", "ñ.1.x"])
async def test_a_token_that_we_did_not_make_opens_nothing(post: PostOffice, token: str) -> None:
    with pytest.raises(NoSuchWaitingEntry):
        await post.waiting_list.leave(token)


async def test_a_token_of_one_entry_is_not_that_of_another(post: PostOffice) -> None:
    token = post.waiting_list.token_of(post.box.organizer_id, UUID(int=1))
    other = post.waiting_list.token_of(post.box.organizer_id, UUID(int=2))

    with pytest.raises(NoSuchWaitingEntry):
        post.waiting_list.check_token(f"{token.partition('.')[0]}.{other.partition('.')[2]}")
