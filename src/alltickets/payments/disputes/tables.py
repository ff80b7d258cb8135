"""Tables of disputes, in the schema of payments."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from alltickets.payments.tables import metadata, one_of

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)

disputes = sa.Table(
    "disputes",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False),
    sa.Column("charge_id", _id, nullable=False),
    sa.Column("payment_id", _id, nullable=False),
    sa.Column("reference", _id, nullable=False, comment="Of its payment: the caller's id of what is paid."),
    sa.Column("account_id", _id, nullable=False),
    sa.Column("provider_dispute_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("is_inquiry", sa.Boolean, nullable=False, comment="The bank only asks, and has taken no money."),
    sa.Column("amount_minor", sa.BigInteger, nullable=False, comment="What the bank asks for: all that was paid, or a part."),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("raw_reason", sa.Text, nullable=False, comment="The gateway's word."),
    sa.Column("raw_status", sa.Text, nullable=False),
    sa.Column("due_at", _instant, comment="Until when evidence is taken; None: the gateway names no day."),
    sa.Column("opened_at", _instant, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("fee_minor", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, comment="Grows with each change; a change names the version it rests on."),
    sa.Column("remind_at", _instant, comment="When its deadline is told again; None: not any more."),
    sa.Column("look_at", _instant, comment="When the gateway is asked about it; None: it has ended, or there is nobody to ask."),
    sa.Column("statement", sa.Text, nullable=False, server_default="", comment="What the organizer says to it."),
    sa.Column("first_seen_at", _instant, nullable=False),
    sa.Column("updated_at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.UniqueConstraint("organizer_id", "charge_id", "provider_dispute_id", name="disputes_provider_dispute"),
    sa.Index("disputes_deadline", "organizer_id", sa.text("coalesce(due_at, 'infinity')"), "id"),
    sa.Index("disputes_reminded", "organizer_id", "remind_at", postgresql_where=sa.text("remind_at IS NOT NULL")),
    sa.Index("disputes_looked_at", "organizer_id", "look_at", postgresql_where=sa.text("look_at IS NOT NULL")),
    sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
    one_of("state", "needs_response under_review won lost closed"),
    one_of("reason", "fraud unrecognized not_received not_as_described duplicate refund_missing processing other"),
    comment="Buyers' banks that ask for money back.",
)

dispute_history = sa.Table(
    "dispute_history",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("dispute_id", _id, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state_before", sa.Text, comment="None: it was first heard of."),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("raw_status", sa.Text, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("due_at", _instant),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("at", _instant, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "dispute_id", "version"),
    one_of("cause", "call callback query silence person"),
    comment="Append-only.",
)

dispute_answers = sa.Table(
    "dispute_answers",
    metadata,
    sa.Column("organizer_id", _id, nullable=False),
    sa.Column("id", _id, nullable=False, comment="Also the idempotency key at the gateway."),
    sa.Column("dispute_id", _id, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("statement", sa.Text, nullable=False),
    sa.Column("error_kind", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("sent_by", sa.Text, nullable=False),
    sa.Column("created_at", _instant, nullable=False),
    sa.Column("settled_at", _instant),
    sa.PrimaryKeyConstraint("organizer_id", "id"),
    sa.Index("dispute_answers_dispute", "organizer_id", "dispute_id", "id"),
    one_of("status", "sending accepted refused unknown"),
    comment="Evidence as it was handed in.",
)
