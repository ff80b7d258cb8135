"""Buyers whose mail does not arrive give another address; mails about tickets that they changed bring the new codes."""

import asyncio

import pytest

from alltickets.identity.interface import TooManyTries
from alltickets.notifications.interface import papers_of
from alltickets.orders.events import BuyerMailCorrected
from alltickets.orders.interface import HoldersInvalid, OrderNotFound
from alltickets.orders.records import Order
from alltickets.orders.rules import Buyer, Holder
from tests.guessing import nearly
from tests.notifications.post_office import PostOffice, text_of
from tests.tickets.pdf.printing import codes_in, pictures_of

NO_SUCH_USER = "550 5.1.1 No such user here"
HOME = "198.51.100.9"


async def correct(post: PostOffice, order: Order, mail: str = "ana.paz@example.com") -> None:
    await post.notifications.addresses.correct(order.order_id, post.secret_of(order), mail, address=HOME)


def sent_to(post: PostOffice) -> list[str]:
    return [recipient for _, [recipient] in post.server.envelopes]


class TestAddress:
    async def test_a_bounced_address_is_replaced_and_the_tickets_go_to_the_new_one(self, post: PostOffice) -> None:
        order = await post.box.paid()
        post.server.answer("RCPT", NO_SUCH_USER)
        await post.deliver()
        before = await post.notifications.addresses.read(order.order_id, post.secret_of(order))

        await correct(post, order)
        await post.deliver()

        after = await post.notifications.addresses.read(order.order_id, post.secret_of(order))
        assert [(one.mail, one.has_bounced) for one in (before, after)] == [("ana@example.com", True), ("ana.paz@example.com", False)]
        assert sent_to(post) == ["ana.paz@example.com"]
        assert (await post.box.read(order.order_id)).buyer.mail == "ana.paz@example.com"
        assert len(await post.box.told(BuyerMailCorrected)) == 1

    async def test_an_address_that_did_not_bounce_is_told_without_a_way_to_the_order(self, post: PostOffice) -> None:
        order = await post.box.paid()
        await post.deliver()

        await correct(post, order)
        await post.deliver()

        assert sent_to(post)[0] == "ana@example.com"
        assert sorted(sent_to(post)[1:]) == ["ana.paz@example.com", "ana@example.com"]
        [told] = [one for one in post.server.taken if one["Subject"].startswith("Ya no te escribimos")]
        assert (told["To"], order.number in text_of(told)) == ("ana@example.com", True)
        assert [word for word in (post.secret_of(order), "ana.paz@", "Ana Paz") if word in str(told)] == []

    async def test_what_waits_goes_to_the_new_address(self, post: PostOffice) -> None:
        order = await post.box.paid()
        post.server.answer("RCPT", "451 4.2.0 Try again later")
        await post.deliver()

        await correct(post, order)
        post.box.clock.advance(seconds=3600)
        await post.deliver()

        assert sorted(sent_to(post)) == ["ana.paz@example.com", "ana.paz@example.com", "ana@example.com"]
        assert [one["To"] for one in post.server.taken if one["Subject"].startswith("Tu")] == ["ana.paz@example.com"] * 2

    async def test_lost_links_are_found_by_the_new_address_and_no_longer_by_the_former(self, post: PostOffice) -> None:
        order = await post.box.paid()
        await post.deliver()
        await correct(post, order)
        await post.deliver()
        before = len(post.server.taken)

        for mail in ("ana@example.com", "Ana.Paz@example.com"):
            await post.notifications.queueing.ask_recovery(mail, address=HOME)
        await post.deliver()

        [found] = post.server.taken[before:]
        assert (found["To"], post.url_of(order) in text_of(found)) == ("Ana.Paz@example.com", True)

    async def test_what_is_no_address_changes_nothing_and_costs_no_try(self, post: PostOffice) -> None:
        order = await post.box.paid()

        for _ in range(5):
            with pytest.raises(HoldersInvalid):
                await correct(post, order, "ana@")
        await correct(post, order)

        assert (await post.box.read(order.order_id)).buyer.mail == "ana.paz@example.com"

    async def test_it_is_limited_and_takes_the_secret(self, post: PostOffice) -> None:
        order = await post.box.paid()

        with pytest.raises(OrderNotFound):
            await post.notifications.addresses.correct(order.order_id, nearly(post.secret_of(order)), "eva@example.com", address=HOME)
        for number in range(3):
            await correct(post, order, f"ana{number}@example.com")
        with pytest.raises(TooManyTries):
            await correct(post, order, "ana3@example.com")

    async def test_twice_at_once_is_once(self, post: PostOffice) -> None:
        order = await post.box.paid()
        await post.deliver()

        await asyncio.gather(correct(post, order), correct(post, order))

        assert len(await post.box.told(BuyerMailCorrected)) == 1
        assert [kind for kind, _ in await post.states_of(order)].count("address_changed") == 1

    async def test_it_is_written_down(self, post: PostOffice) -> None:
        order = await post.box.paid()

        await correct(post, order)

        [(kind, label, detail)] = await post.box.rows(
            """
            SELECT actor_kind, actor_label, detail
              FROM identity.audit_entries
             WHERE organizer_id = %(organizer_id)s AND action = 'order.mail_corrected'
            """
        )
        assert (kind, label, detail) == ("buyer", order.number, {"order": order.number, "had_bounced": False})

    async def test_a_new_address_is_no_new_buyer_for_limits(self, closed_post: PostOffice) -> None:
        await closed_post.box.open(per_buyer_max=2)
        nameless = Buyer("Ana Paz", "ana@example.com")
        order = await closed_post.box.paid(quantity=2, buyer=nameless)

        await correct(closed_post, order)
        await closed_post.box.refund(await closed_post.box.read(order.order_id))

        assert await closed_post.box.counted() == 0


class TestTickets:
    async def test_a_new_holder_comes_with_the_new_code(self, post: PostOffice) -> None:
        post = PostOffice(post.box, post.url, post.server, papers_of(post.box.orders))
        order = await post.box.paid(holders=(Holder("Ana Paz"),))
        await post.deliver()
        [ticket] = await post.box.tickets(order)

        await post.box.orders.self_service.correct(
            order.order_id, post.secret_of(order), ticket.ticket.ticket_id, made_on=0, holder=Holder("Bruno Díaz")
        )
        await post.deliver()

        mail = post.server.taken[-1]
        [attached] = [one.get_content() for one in mail.iter_attachments() if one.get_content_type() == "application/pdf"]
        [after] = await post.box.tickets(order)
        assert mail["Subject"].startswith("Otra persona entra con tu entrada")
        assert all(said in text_of(mail) for said in ("Bruno Díaz", "ya no deja entrar a nadie", order.number))
        assert [codes_in(page) for page in pictures_of(attached)] == [[after.code]]
        assert after.code != ticket.code

    async def test_a_new_code_comes_by_mail_whoever_replaced_it(self, post: PostOffice) -> None:
        order = await post.box.paid()
        await post.deliver()
        [ticket] = await post.box.tickets(order)

        await post.box.orders.self_service.reissue(order.order_id, post.secret_of(order), ticket.ticket.ticket_id, serial=1)
        await post.box.process.tickets.reissue(post.box.actor, ticket.ticket.ticket_id, serial=2, reason="se perdió")
        await post.deliver()

        assert [kind for kind, _ in await post.states_of(order)] == ["confirmation", "code_replaced", "code_replaced"]

    async def test_a_change_that_leaves_the_code_says_so(self, post: PostOffice) -> None:
        order = await post.box.paid(holders=(Holder("Ana Paz"),))
        [ticket] = await post.box.tickets(order)

        await post.box.orders.self_service.correct(
            order.order_id, post.secret_of(order), ticket.ticket.ticket_id, made_on=0, holder=Holder("Ana Paz", "ana2@example.com")
        )
        await post.deliver()

        assert await post.states_of(order) == [("confirmation", "sent"), ("holder_corrected", "sent")]
        assert "sigue sirviendo" in text_of(post.server.taken[-1])
