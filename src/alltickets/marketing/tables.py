"""Tables of marketing."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, UUID

metadata = sa.MetaData(schema="marketing")

waiting_entries = sa.Table(
    "waiting_entries",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("entry_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("performance_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
    sa.Column("mail", sa.Text, nullable=False),
    sa.Column("mail_key", sa.Text, nullable=False, comment="the mail as addresses are compared"),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("locale", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False, comment="the place in the line"),
    sa.Column("called_at", sa.DateTime(timezone=True)),
    sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "entry_id"),
    sa.UniqueConstraint("organizer_id", "performance_id", "ticket_type_id", "mail_key"),
    sa.CheckConstraint("state IN ('waiting', 'called')", name="waiting_entries_state"),
    sa.CheckConstraint("(state = 'called') = (called_at IS NOT NULL)", name="waiting_entries_called_has_an_instant"),
    sa.CheckConstraint("quantity > 0", name="waiting_entries_quantity"),
    sa.Index("waiting_by_event", "organizer_id", "event_id", "joined_at", "entry_id"),
    sa.Index("waiting_for_places", "event_id", "organizer_id", postgresql_where=sa.text("state = 'waiting'")),
    sa.Index("waiting_kept_until", "kept_until", "organizer_id"),
    comment="Who wants to be told when places of what is sold out come back.",
)

embeddings = sa.Table(
    "embeddings",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("origins", ARRAY(sa.Text), nullable=False, comment="as browsers compare them: https://www.example.com"),
    sa.PrimaryKeyConstraint("organizer_id"),
    comment="The sites that may frame an organizer's tickets.",
)
