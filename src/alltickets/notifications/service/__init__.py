"""The use cases of notifications, by what they are about; `Notifications` holds them together."""

from collections.abc import Sequence

from alltickets.kernel.time import Clock
from alltickets.marketing.interface import WaitingList
from alltickets.notifications.letters.writing import AttachmentSource, Writer
from alltickets.notifications.service.addresses import Addresses, MailAddress
from alltickets.notifications.service.back_office import BackOffice
from alltickets.notifications.service.queueing import Queueing
from alltickets.notifications.service.sending import Sending
from alltickets.orders.interface import Orders
from alltickets.platform.database import Database
from alltickets.platform.jobs import Jobs
from alltickets.platform.mail.smtp import Outlet

__all__ = ["MailAddress", "Notifications"]


class Notifications:
    """Notifications as the composition root builds them: one per process.

    queueing: news become mails; buyers ask for mail. addresses: where they are written to. sending: mails leave. back_office: what
    organizers see, send again and set.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        jobs: Jobs,
        orders: Orders,
        waiting_list: WaitingList,
        outlet: Outlet,
        *,
        sender: str,
        public_url: str,
        attachments: Sequence[AttachmentSource] = (),
    ) -> None:
        """sender: the address that mail comes from. attachments: what makes the files that go with a confirmation."""
        self.outlet = outlet
        writer = Writer(database, orders, waiting_list, attachments, sender=sender, public_url=public_url)
        self.queueing = Queueing(database, clock, jobs, orders)
        self.addresses = Addresses(database, clock, orders, self.queueing)
        self.sending = Sending(database, clock, jobs, writer, outlet)
        self.back_office = BackOffice(database, self.queueing)
