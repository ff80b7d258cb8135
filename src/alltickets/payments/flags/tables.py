"""Table of flags, in the schema of payments."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from alltickets.payments.tables import metadata

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)

flags = sa.Table(
    "flags",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("flag_id", _id, nullable=False, comment="Sorts by when it was raised."),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject_id", _id, nullable=False, comment="What it is about: an account for all its payments, or else an attempt."),
    sa.Column("payment_id", _id, nullable=False, comment="Of the newest event."),
    sa.Column("attempt_id", _id, nullable=False),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("reference", _id, nullable=False, comment="Of its payment: the caller's id of what is paid."),
    sa.Column("explanation", sa.Text, nullable=False, comment="What was found, with the figures and the gateway's words."),
    sa.Column("times", sa.Integer, nullable=False, comment="How often it was found while it was open."),
    sa.Column("raised_at", _instant, nullable=False),
    sa.Column("last_at", _instant, nullable=False),
    sa.Column("settled_at", _instant, comment="None: it waits for somebody."),
    sa.Column("settled_by", sa.Text),
    sa.Column("note", sa.Text, comment="What was done about it."),
    sa.PrimaryKeyConstraint("organizer_id", "flag_id"),
    sa.Index("flags_open_once", "organizer_id", "subject_id", "kind", unique=True, postgresql_where=sa.text("settled_at IS NULL")),
    sa.Index("flags_open", "organizer_id", "flag_id", postgresql_where=sa.text("settled_at IS NULL")),
    sa.Index("flags_of_payment", "organizer_id", "payment_id", postgresql_where=sa.text("settled_at IS NULL")),
    comment="What somebody has to look at, as PaymentFlagged told it.",
)
