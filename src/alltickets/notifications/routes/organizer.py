"""The organizer's routes."""

from uuid import UUID

from litestar import Router, get, post, put

from alltickets.identity.interface import Actor, Permission, allow
from alltickets.notifications.records import StoredMail
from alltickets.notifications.schemas import MailRead, MailSettings
from alltickets.notifications.service import Notifications

__all__ = ["organizer_router"]


def organizer_router(notifications: Notifications) -> Router:
    """What became of mails, and how they are sent."""
    office = notifications.back_office

    @get("/orders/{order_id:uuid}/mails", operation_id="listOrderMails", guards=[allow(Permission.ORDERS_READ)])
    async def list_order_mails(actor: Actor, order_id: UUID) -> list[MailRead]:
        """The mails about an order, the oldest first: which were sent, and which were refused."""
        return [_mail_read(mail) for mail in await office.mails_of(actor, order_id)]

    @post(
        "/orders/{order_id:uuid}/mails",
        operation_id="resendOrderMailOfOrganizer",
        status_code=202,
        guards=[allow(Permission.ORDERS_WRITE)],
    )
    async def resend_order_mail(actor: Actor, order_id: UUID) -> MailRead:
        """Send the buyer once more the mail that tells how the order stands: its tickets, or that the payment is pending."""
        return _mail_read(await office.resend(actor, order_id))

    @get("/mail-settings", operation_id="readMailSettings", guards=[allow(Permission.EVENTS_READ)])
    async def read_mail_settings(actor: Actor) -> MailSettings:
        """How the organizer's mails are sent."""
        return MailSettings(await office.reply_address(actor))

    # Whoever sets this reads what buyers answer: not for the box office.
    @put("/mail-settings", operation_id="putMailSettings", guards=[allow(Permission.EVENTS_WRITE)])
    async def put_mail_settings(actor: Actor, data: MailSettings) -> MailSettings:
        """Say where answers to the organizer's mails go."""
        await office.set_reply_address(actor, data.reply_to)
        return data

    handlers = [list_order_mails, resend_order_mail, read_mail_settings, put_mail_settings]
    return Router("/api/organizer", route_handlers=handlers, tags=["mails"])


def _mail_read(mail: StoredMail) -> MailRead:
    return MailRead(
        mail.mail_id, mail.kind.value, mail.recipient, mail.state.value, mail.tries, mail.fault, mail.queued_at, mail.settled_at
    )
