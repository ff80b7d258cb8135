"""The files of an order as they go with its confirmation: the tickets on paper, and a calendar entry."""

from alltickets.notifications.letters.writing import AttachmentSource
from alltickets.orders.interface import Orders, Paper, ShownOrder
from alltickets.platform.mail.message import Attachment

__all__ = ["papers_of"]


def papers_of(orders: Orders) -> list[AttachmentSource]:
    """What orders print for their buyers."""

    async def tickets_pdf(shown: ShownOrder, locale: str) -> list[Attachment]:
        return [_attached(await orders.papers.tickets_pdf(shown.event.organizer_id, shown.order.order_id, locale=locale))]

    async def calendar(shown: ShownOrder, locale: str) -> list[Attachment]:
        return [_attached(await orders.papers.calendar(shown.event.organizer_id, shown.order.order_id, locale=locale))]

    return [tickets_pdf, calendar]


def _attached(paper: Paper) -> Attachment:
    return Attachment(paper.name, paper.media_type, paper.content)
