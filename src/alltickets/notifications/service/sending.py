"""Mails leave: taken by one process, written and handed in outside of any transaction, settled once."""

from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter

from alltickets.kernel.errors import Trouble
from alltickets.kernel.time import Clock
from alltickets.notifications.letters.writing import Writer
from alltickets.notifications.records import LeasedMail, lease_mail, leased_until, postpone_mail, settle_mail
from alltickets.notifications.rules import LEASE, MailState, next_try
from alltickets.notifications.service.queueing import SEND
from alltickets.platform.database import Database, Transaction
from alltickets.platform.jobs import Jobs
from alltickets.platform.mail.smtp import MailNotTaken, MailRefused, Outlet

__all__ = ["Sending"]

_log = structlog.get_logger()
_settled = Counter("alltickets_mails", "Mails by what became of them", ["kind", "state"])


class Sending:
    """One use case: send a mail that is queued."""

    def __init__(self, database: Database, clock: Clock, jobs: Jobs, writer: Writer, outlet: Outlet) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._writer = writer
        self._outlet = outlet

    async def send(self, organizer_id: UUID, mail_id: UUID) -> None:
        """Send a mail unless it is settled; when it is not taken, have it tried again later, for days.

        Called twice, also at the same time, it is sent once. Only a process that dies between the mail server's answer and the commit
        leaves a mail that is sent again, under the same Message-ID.
        """
        mail = await self._lease(organizer_id, mail_id)
        if mail is None:
            return
        try:
            letter = await self._writer.write(organizer_id, mail, now=self._clock())
            if letter is not None:
                await self._outlet.send(letter)
            await self._settle(organizer_id, mail, MailState.SENT if letter is not None else MailState.DROPPED)
        except MailRefused as refused:
            _log.warning("mail refused", mail=str(mail_id), kind=mail.kind, fault=str(refused))
            await self._settle(organizer_id, mail, MailState.BOUNCED, str(refused))
        except MailNotTaken as trouble:
            await self._postpone(organizer_id, mail, str(trouble))
        except Trouble:
            raise
        except Exception as fault:
            # A mail that cannot be written is a mistake of ours: it waits for the version that mends it, and ends as failed, seen by all.
            _log.exception("mail cannot be written", mail=str(mail_id), kind=mail.kind)
            await self._postpone(organizer_id, mail, f"could not be written ({type(fault).__name__})")

    async def _lease(self, organizer_id: UUID, mail_id: UUID) -> LeasedMail | None:
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            mail = await lease_mail(tx, mail_id, now=now, until=now + LEASE)
            if mail is None:
                until = await leased_until(tx, mail_id)
                if until is not None:
                    # Somebody is at it, or died over it: looked at again once that is certain.
                    await self._defer(tx, mail_id, until)
        return mail

    async def _postpone(self, organizer_id: UUID, mail: LeasedMail, fault: str) -> None:
        run_at = next_try(mail.queued_at, self._clock())
        if run_at is None:
            _log.error("mail given up", mail=str(mail.mail_id), kind=mail.kind, fault=fault)
            await self._settle(organizer_id, mail, MailState.FAILED, fault)
            return
        async with self._database.transaction(organizer_id) as tx:
            if await postpone_mail(tx, mail.mail_id, fault):
                await self._defer(tx, mail.mail_id, run_at)

    async def _settle(self, organizer_id: UUID, mail: LeasedMail, state: MailState, fault: str | None = None) -> None:
        async with self._database.transaction(organizer_id) as tx:
            await settle_mail(tx, mail.mail_id, state, now=self._clock(), fault=fault)
        _settled.labels(mail.kind, state).inc()

    async def _defer(self, tx: Transaction, mail_id: UUID, run_at: datetime) -> None:
        await self._jobs.defer(tx, SEND, run_at=run_at, organizer_id=str(tx.organizer_id), mail_ids=[str(mail_id)])
