"""What buyers take along: only what admits somebody, and only with the order's secret."""

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pypdfium2
import pytest
import pytest_asyncio
from PIL import Image, ImageColor

from alltickets.catalog.interface import paper_poster_svg
from alltickets.catalog.posters.scene import scene_of
from alltickets.catalog.schemas.organizer import EventChange, PerformanceCreate
from alltickets.identity.interface import organizer_of
from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.refusals import NoValidTickets, OrderNotFound
from alltickets.orders.rules import Holder
from alltickets.orders.service import Paper
from alltickets.platform.secrets import KeyRing
from alltickets.tickets.interface import NoSuchTicket, Revocation, revoke
from tests.conftest import SettableClock
from tests.orders.box_office import BoxOffice
from tests.orders.test_ics import read as read_calendar
from tests.serving import Served, serving
from tests.tickets.pdf.printing import codes_in, pictures_of, texts_of


async def revoke_first(box: BoxOffice, order: Order) -> None:
    """The first ticket of the order admits nobody any more."""
    [first, *_] = await box.tickets(order)
    async with box.database.transaction(box.organizer_id) as tx:
        await revoke(tx, [first.ticket.ticket_id], reason=Revocation.FRAUD, now=box.clock())


class TestTickets:
    async def test_a_paid_order_is_printed_with_a_page_for_each_ticket(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2, holders=(Holder("Ana Paz"), Holder("Bruno Díaz")))

        paper = await box.orders.papers.tickets_pdf(box.organizer_id, order.order_id)

        shown = await box.tickets(order)
        assert [codes_in(page) for page in pictures_of(paper.content)] == [[one.code] for one in shown]
        for page, holder in zip(texts_of(paper.content), ("Ana Paz", "Bruno Díaz"), strict=True):
            assert all(fact in page for fact in (holder, order.number, "Noche de prueba", "Ópera", "Buenos Aires", "$ 10.000,00"))

    async def test_a_revoked_ticket_is_not_printed_and_the_others_keep_their_number(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=3)
        await revoke_first(box, order)

        paper = await box.orders.papers.tickets_pdf(box.organizer_id, order.order_id)

        assert ["Entrada 2 de 3" in texts_of(paper.content)[0], "Entrada 3 de 3" in texts_of(paper.content)[1]] == [True, True]
        assert len(texts_of(paper.content)) == 2

    async def test_one_ticket_is_printed_alone(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2)
        [_, second] = await box.tickets(order)

        paper = await box.orders.papers.tickets_pdf(box.organizer_id, order.order_id, ticket_id=second.ticket.ticket_id, locale="en")

        [page] = pictures_of(paper.content)
        assert codes_in(page) == [second.code]
        assert "Ticket 2 of 2" in texts_of(paper.content)[0]
        assert paper.name.startswith("ticket-noche-de-prueba")
        assert paper.name.endswith(f"-{order.number.lower()}-2.pdf")

    async def test_there_is_nothing_to_print_of_what_admits_nobody(self, box: BoxOffice) -> None:
        unpaid, refunded, part = await box.order(), await box.paid(), await box.paid(quantity=2)
        await box.refund(refunded)
        [revoked, _] = await box.tickets(part)
        await revoke_first(box, part)
        papers = box.orders.papers

        for order in (unpaid, refunded):
            with pytest.raises(NoValidTickets):
                await papers.tickets_pdf(box.organizer_id, order.order_id)
            with pytest.raises(NoValidTickets):
                await papers.calendar(box.organizer_id, order.order_id)
        with pytest.raises(NoValidTickets):
            await papers.tickets_pdf(box.organizer_id, part.order_id, ticket_id=revoked.ticket.ticket_id)

    async def test_a_ticket_of_another_order_is_none_of_this_one(self, box: BoxOffice) -> None:
        order, other = await box.paid(), await box.paid()
        [ticket] = await box.tickets(other)

        with pytest.raises(NoSuchTicket):
            await box.orders.papers.tickets_pdf(box.organizer_id, order.order_id, ticket_id=ticket.ticket.ticket_id)
        with pytest.raises(OrderNotFound):
            await box.orders.papers.tickets_pdf(box.organizer_id, new_id())


class TestPoster:
    async def test_an_uploaded_poster_is_on_the_paper_and_the_code_beside_it_reads_in_grey(self, box: BoxOffice) -> None:
        order = await box.paid()
        red = io.BytesIO()
        Image.new("RGB", (800, 1000), "#d01020").save(red, "PNG")
        await box.service.appearances.put_poster(box.actor, box.event_id, red.getvalue())

        paper = await box.other_process().orders.papers.tickets_pdf(box.organizer_id, order.order_id)

        [ticket] = await box.tickets(order)
        assert all(abs(seen - meant) < 10 for seen, meant in zip(poster_colour(paper), (0xD0, 0x10, 0x20), strict=True))
        assert codes_in(pictures_of(paper.content)[0]) == [ticket.code]

    async def test_an_event_without_one_has_the_poster_of_its_page(self, box: BoxOffice) -> None:
        order = await box.paid()

        paper = await box.orders.papers.tickets_pdf(box.organizer_id, order.order_id)

        ground = ImageColor.getrgb(scene_of(await box.snapshot()).palette.ground)
        assert all(abs(seen - meant) < 3 for seen, meant in zip(poster_colour(paper), ground, strict=True))
        assert texts_of(paper.content)[0].count("prueba") == 2

    async def test_a_title_in_another_script_stands_above_and_not_as_boxes_on_the_poster(self, box: BoxOffice) -> None:
        order = await box.paid()
        version = (await box.service.events.read(box.actor, box.event_id)).version
        await box.service.events.change(box.actor, box.event_id, EventChange(version=version, title="حفلة"))

        paper = await box.other_process().orders.papers.tickets_pdf(box.organizer_id, order.order_id)

        svg = paper_poster_svg(await box.other_process().snapshot()).decode()
        assert "حفلة" not in svg
        assert len(pictures_of(paper.content)) == 1


def poster_colour(paper: Paper) -> tuple[int, ...]:
    """The colour of the first page where the poster is 2 mm from its lower left corner."""
    page = pypdfium2.PdfDocument(paper.content)[0].render(scale=4).to_pil().convert("RGB")
    millimetre = page.width / 210
    seen = page.getpixel((round((18 + 2) * millimetre), round((149 + 9 + 62 * 1.25 - 2) * millimetre)))
    assert isinstance(seen, tuple)
    return seen


class TestCalendar:
    async def test_each_performance_of_the_order_has_an_entry(self, box: BoxOffice) -> None:
        starts_at = box.clock() + timedelta(days=20)
        earlier = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), doors_at=starts_at - timedelta(hours=1))
        earlier_id = (await box.service.performances.add(box.actor, box.event_id, earlier)).performance_id
        await box.catch_up()
        line = box.line()
        order = await box.paid(line, type(line)(earlier_id, box.ticket_type_id, 1))

        paper = await box.orders.papers.calendar(box.organizer_id, order.order_id)

        said = read_calendar(paper.content)
        uids = [value for name, value in said if name == "UID"]
        assert uids == [f"{earlier_id}@alltickets", f"{box.performance_id}@alltickets"]
        assert [value for name, value in said if name == "SUMMARY"] == ["Noche de prueba"] * 2
        assert [value for name, value in said if name == "LOCATION"] == ["Ópera, Buenos Aires"] * 2
        assert all(f"Compra {order.number}" in value for name, value in said if name == "DESCRIPTION")
        assert ["Puertas:" in value for name, value in said if name == "DESCRIPTION"] == [True, False]

    async def test_a_second_order_has_the_same_entry_and_a_change_a_higher_revision(self, box: BoxOffice) -> None:
        first, second = await box.paid(), await box.paid()
        before = dict(read_calendar((await box.orders.papers.calendar(box.organizer_id, first.order_id)).content))

        await box.change_ticket_type(name="Campo")
        after = dict(read_calendar((await box.other_process().orders.papers.calendar(box.organizer_id, second.order_id)).content))

        assert before["UID"] == after["UID"]
        assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])

    async def test_a_performance_that_is_called_off_is_cancelled_in_the_calendar(self, box: BoxOffice) -> None:
        order = await box.paid()
        await box.service.performances.cancel(box.actor, box.event_id, box.performance_id, "")

        paper = await box.other_process().orders.papers.calendar(box.organizer_id, order.order_id)

        assert dict(read_calendar(paper.content))["STATUS"] == "CANCELLED"


@dataclass
class Counter:
    """A paid order of the served application, and a client without a token."""

    served: Served
    box: BoxOffice
    order: Order
    client: httpx.AsyncClient

    @property
    def secret(self) -> str:
        return self.served.contexts.orders.secrets.secret_of(self.box.organizer_id, self.order.order_id)

    async def get(self, path: str, secret: str | None = None) -> httpx.Response:
        address = f"/api/shop/orders/{self.order.order_id}/{path}"
        return await self.client.get(address, headers={"authorization": f"Bearer {self.secret if secret is None else secret}"})


@pytest_asyncio.fixture(scope="module")
async def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, SettableClock]]:
    """The application that all counters share, each of an organizer of its own: it takes longer to build than they take."""
    clock = SettableClock()
    async with serving(database_url, tmp_path_factory.mktemp("counter"), clock, hot_lane=True) as served:
        yield served, clock


@pytest_asyncio.fixture
async def counter(built: tuple[Served, SettableClock]) -> AsyncIterator[Counter]:
    shared, clock = built
    served = await shared.with_another_owner()
    key_ring = KeyRing(served.contexts.settings.key_ring or "")
    box = await BoxOffice.build(served.contexts.database, clock, key_ring, served.owner.organizer_id).open()
    order = await box.paid(quantity=2)
    async with served.client() as client:
        yield Counter(served, box, order, client)


async def test_tickets_and_calendar_are_downloaded_under_a_good_name(counter: Counter) -> None:
    [first, _] = await counter.box.tickets(counter.order)
    number = counter.order.number.lower()

    answers = [await counter.get(path) for path in ("tickets.pdf", f"tickets/{first.ticket.ticket_id}.pdf?locale=pt-BR", "calendar.ics")]

    slug = (await counter.box.snapshot()).slug
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.headers["content-type"] for answer in answers] == ["application/pdf", "application/pdf", "text/calendar; charset=utf-8"]
    assert [answer.headers["content-disposition"] for answer in answers] == [
        f'attachment; filename="entradas-{slug}-{number}.pdf"',
        f'attachment; filename="ingresso-{slug}-{number}-1.pdf"',
        f'attachment; filename="{slug}.ics"',
    ]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert [len(texts_of(answer.content)) for answer in answers[:2]] == [2, 1]
    assert (await organizer_name(counter)) in texts_of(answers[0].content)[0]


async def test_nothing_is_given_to_whoever_has_another_secret(counter: Counter) -> None:
    [first, _] = await counter.box.tickets(counter.order)
    other = counter.served.contexts.orders.secrets.secret_of(counter.box.organizer_id, new_id())

    answers = [
        await counter.get(path, secret)
        for path in ("tickets.pdf", f"tickets/{first.ticket.ticket_id}.pdf", "calendar.ics")
        for secret in (other, "", "x.y")
    ]

    assert {(answer.status_code, answer.json()["type"]) for answer in answers} == {(404, "/problems/order-not-found")}


async def test_what_is_no_ticket_of_the_order_is_not_found(counter: Counter) -> None:
    [first, _] = await counter.box.tickets(counter.order)

    answers = [await counter.get(f"tickets/{name}") for name in (f"{new_id()}.pdf", "x.pdf", f"{first.ticket.ticket_id}.png", "pdf")]

    assert [answer.json()["type"] for answer in answers] == ["/problems/ticket-not-found"] * 4


async def test_an_order_without_valid_tickets_is_a_conflict(counter: Counter) -> None:
    await counter.box.refund(counter.order)

    answer = await counter.get("tickets.pdf")

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-valid-tickets")


async def organizer_name(counter: Counter) -> str:
    async with counter.box.database.reading(counter.box.organizer_id) as reader:
        organizer = await organizer_of(reader)
    assert organizer is not None
    return organizer.name
