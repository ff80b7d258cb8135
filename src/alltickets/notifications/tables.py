"""Tables of notifications."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

metadata = sa.MetaData(schema="notifications")

mails = sa.Table(
    "mails",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("mail_id", UUID(as_uuid=True), nullable=False),
    sa.Column("order_id", UUID(as_uuid=True), comment="NULL: about all orders of the recipient"),
    sa.Column("entry_id", UUID(as_uuid=True), comment="of a waiting list; NULL: about an order, or all of them"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("occasion", sa.Text, nullable=False, comment="tells apart the mails of one kind about one order"),
    sa.Column("amount_minor", sa.BigInteger),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("recipient_key", sa.Text, nullable=False, comment="the recipient as addresses are compared"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("fault", sa.Text, comment="what the mail server said last"),
    sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("lease_until", sa.DateTime(timezone=True), comment="a try is under way, or died, until then"),
    sa.Column("settled_at", sa.DateTime(timezone=True)),
    sa.Column("ticket_id", UUID(as_uuid=True), comment="NULL: about the whole order"),
    sa.PrimaryKeyConstraint("organizer_id", "mail_id"),
    sa.UniqueConstraint("organizer_id", "order_id", "kind", "occasion"),
    sa.UniqueConstraint("organizer_id", "entry_id", "kind", "occasion"),
    sa.CheckConstraint("state IN ('queued', 'sent', 'bounced', 'failed', 'dropped')", name="mails_state"),
    sa.CheckConstraint("(state = 'queued') = (settled_at IS NULL)", name="mails_settled_has_an_instant"),
    sa.Index("mails_by_recipient", "organizer_id", "recipient_key"),
    sa.Index("mails_queued", "queued_at", "organizer_id", postgresql_where=sa.text("state = 'queued'")),
    comment="Every mail, from what called for it to what became of it. What it says is written when it is sent.",
)

correspondents = sa.Table(
    "correspondents",
    metadata,
    sa.Column("recipient_key", sa.Text, nullable=False),
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.PrimaryKeyConstraint("recipient_key", "organizer_id"),
    comment="Directory of whom a mail address has bought from, for buyers who lost the link of their order.",
)

reply_addresses = sa.Table(
    "reply_addresses",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("reply_to", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id"),
    comment="Where answers to an organizer's mails go.",
)
