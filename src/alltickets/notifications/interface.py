"""What others may use of notifications: the composition root its use cases, and what a file that goes with a mail is made by."""

from alltickets.notifications.letters.attachments import papers_of
from alltickets.notifications.letters.writing import AttachmentSource
from alltickets.notifications.records import StoredMail, mails_of_order
from alltickets.notifications.refusals import NothingToSend
from alltickets.notifications.service import MailAddress, Notifications

__all__ = ["AttachmentSource", "MailAddress", "NothingToSend", "Notifications", "StoredMail", "mails_of_order", "papers_of"]
