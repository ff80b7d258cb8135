"""A post office on the real database: a box office whose buyers are written to, by way of a mail server that listens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import psycopg
from psycopg.rows import dict_row

import alltickets.notifications.handlers
import alltickets.notifications.jobs
from alltickets.identity.interface import IdentityService, NewOrganizer, SessionCookie
from alltickets.inventory.interface import Levels
from alltickets.marketing.interface import WaitingList
from alltickets.notifications.interface import AttachmentSource, Notifications
from alltickets.notifications.records import StoredMail
from alltickets.orders.records import Order
from alltickets.platform.jobs import Jobs
from alltickets.platform.mail.server import MailServer
from alltickets.platform.mail.smtp import Outlet, Smtp
from alltickets.platform.outbox import Follower
from tests.mail_server import MailServerDouble
from tests.orders.box_office import BoxOffice
from tests.passwords import cheap_passwords

__all__ = ["SENDER", "PostOffice", "html_of", "text_of"]

SENDER = "entradas@tickets.example"


class RecordingJobs(Jobs):
    """Jobs that a test runs itself, when its own clock says so."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.functions: dict[str, Callable[..., Any]] = {}

    def register(self, name: str, function: Callable[..., Any], *, tries_max: int = 10) -> None:
        super().register(name, function, tries_max=tries_max)
        self.functions[name] = function


@dataclass
class PostOffice:
    """What one process has to send mail."""

    box: BoxOffice
    url: str
    server: MailServerDouble
    attachments: Sequence[AttachmentSource] = ()
    through: Callable[[Outlet], Outlet] = lambda outlet: outlet
    waiting_list: WaitingList = field(init=False)
    notifications: Notifications = field(init=False)
    jobs: RecordingJobs = field(init=False)

    def __post_init__(self) -> None:
        box = self.box
        self.jobs = RecordingJobs(self.url)
        self.waiting_list = WaitingList(
            box.database, box.clock, box.process.catalog, Levels(box.database), box.key_ring, public_url=box.settings.public_url
        )
        self.notifications = Notifications(
            box.database,
            box.clock,
            self.jobs,
            box.orders,
            self.waiting_list,
            self.through(Smtp(MailServer.parse(self.server.url), box.clock, own_name="tickets.example")),
            sender=SENDER,
            public_url=box.settings.public_url,
            attachments=self.attachments,
        )
        alltickets.notifications.jobs.register(self.jobs, self.notifications)

    async def sign_up(self, name: str = "Club Aurora", locale: str = "es-AR") -> "PostOffice":
        """The organizer signs up, so that there is a name to write under."""
        cookie = SessionCookie.for_environment(is_production=False)
        identity = IdentityService(self.box.database, self.box.clock, cookie, passwords=cheap_passwords())
        unique = self.box.organizer_id.hex
        wish = NewOrganizer(
            name=name,
            slug=f"club-{unique}",
            owner_name="Ana Paz",
            owner_mail=f"{unique}@example.com",
            owner_password="una clave muy larga",
            locale=locale,
        )
        await identity.organizers.ensure(wish, by="mail tests", organizer_id=self.box.organizer_id)
        identity.close()
        return self

    async def listen(self) -> None:
        """Take up what stands in the log; nothing is sent yet."""
        await Follower(self.box.database, [alltickets.notifications.handlers.subscription(self.notifications)]).catch_up()
        assert await self.box.rows("SELECT fault FROM platform.dead_letters WHERE organizer_id = %(organizer_id)s") == []

    async def deliver(self) -> None:
        """Take up what stands in the log, and do what is due now."""
        await self.listen()
        await self.work()

    async def work(self) -> int:
        """Run the jobs that are due by the test's clock; how many. A worker does this in production."""
        done = 0
        while due := [job for job in self.waiting() if job["scheduled_at"] is None or job["scheduled_at"] <= self.box.clock()]:
            for job in due:
                self._sql("DELETE FROM procrastinate_jobs WHERE id = %(id)s", id=job["id"])
                await self.jobs.functions[job["task_name"]](**job["args"])
                done += 1
        return done

    def waiting(self) -> list[dict[str, Any]]:
        """The jobs of this organizer that wait, and those that look for somebody's orders."""
        return self._sql(
            """
            SELECT id, task_name, args, scheduled_at
              FROM procrastinate_jobs
             WHERE status = 'todo' AND (args->>'organizer_id' = %(organizer)s OR task_name IN ('mail.recover', 'order.withdraw'))
             ORDER BY id
            """,
            organizer=str(self.box.organizer_id),
        )

    def next_at(self) -> datetime | None:
        """When the next of them is due."""
        times = [job["scheduled_at"] for job in self.waiting()]
        return min(times) if times and None not in times else None

    async def mails_of(self, order: Order) -> list[StoredMail]:
        """The mails about an order as its organizer sees them."""
        return await self.notifications.back_office.mails_of(self.box.actor, order.order_id)

    async def states_of(self, order: Order) -> list[tuple[str, str]]:
        """Kind and state of each."""
        return [(mail.kind, mail.state) for mail in await self.mails_of(order)]

    def secret_of(self, order: Order) -> str:
        return self.box.orders.secrets.secret_of(self.box.organizer_id, order.order_id)

    def url_of(self, order: Order) -> str:
        return self.box.orders.secrets.order_url(self.box.organizer_id, order.order_id)

    def _sql(self, sql: Any, **params: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []


def text_of(message: EmailMessage) -> str:
    """The text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    """The HTML part."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())
