"""The jobs of notifications. Each may run twice."""

from uuid import UUID

from alltickets.notifications.service import Notifications
from alltickets.notifications.service.queueing import RECOVER, SEND, WITHDRAW
from alltickets.platform.jobs import Jobs

__all__ = ["register"]


def register(jobs: Jobs, notifications: Notifications) -> None:
    """Make the jobs known, to those who defer them and to those who work them off."""

    async def send(organizer_id: str, mail_ids: list[str]) -> None:
        for mail_id in mail_ids:
            await notifications.sending.send(UUID(organizer_id), UUID(mail_id))

    async def recover(mail: str) -> None:
        await notifications.queueing.recover(mail)

    async def withdraw(number: str, mail: str) -> None:
        await notifications.queueing.withdraw(number, mail)

    jobs.register(SEND, send)
    jobs.register(RECOVER, recover)
    jobs.register(WITHDRAW, withdraw)
