"""Notifications on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

__all__ = ["MailAddressRead", "MailAddressWrite", "MailRead", "MailSettings", "RecoveryAsk"]

_CHARACTER = r"[^@\s,;<>\"\x00-\x1f\x7f]"
Mail = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=rf"^{_CHARACTER}+@{_CHARACTER}+$", examples=["julia@example.com"])]


class RecoveryAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The mail address that orders were placed with."""

    mail: Mail


class MailAddressRead(msgspec.Struct, frozen=True):
    """Where the buyer of an order is written to. `has_bounced`: the address refused the last mail for good."""

    mail: str
    has_bounced: bool


class MailAddressWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the buyer is written to instead."""

    mail: Mail


class MailRead(msgspec.Struct, frozen=True):
    """A mail to the buyer of an order.

    `state`: queued (it is sent now, or when the mail server takes it), sent, bounced (refused for good: `fault` says why), failed (given up
    after days), dropped (it had become untrue before it was sent).
    """

    mail_id: UUID
    kind: str
    recipient: str
    state: str
    tries: int
    fault: str | None
    queued_at: datetime
    settled_at: datetime | None


class MailSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the organizer's mails are sent. `reply_to`: where answers go; null: to the installation's own address."""

    reply_to: Mail | None
