"""Tables of tickets. The unique number within an order is what makes fulfilment happen exactly once."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

metadata = sa.MetaData(schema="tickets")

event_keys = sa.Table(
    "event_keys",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("private_key_sealed", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("retired_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("organizer_id", "event_id", "number"),
    sa.CheckConstraint("number BETWEEN 1 AND 255", name="event_keys_number"),
    sa.Index("event_keys_live", "organizer_id", "event_id", unique=True, postgresql_where=sa.text("retired_at IS NULL")),
    comment="Ed25519 key pairs: one of an event signs, retired ones are kept to know their codes by.",
)

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_id", UUID(as_uuid=True), nullable=False),
    sa.Column("order_id", UUID(as_uuid=True), nullable=False),
    sa.Column("number", sa.Integer, nullable=False, comment="within its order, from 1"),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("performance_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
    sa.Column("sector_id", UUID(as_uuid=True), nullable=False),
    sa.Column("seat_label", sa.Text),
    sa.Column("holder_name", sa.Text, nullable=False),
    sa.Column("holder_document", sa.Text),
    sa.Column("holder_mail", sa.Text),
    sa.Column("price_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("serial", sa.Integer, nullable=False, comment="of its code; codes with a lower one are revoked"),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("revoked_reason", sa.Text),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("corrections", sa.SmallInteger, nullable=False, server_default="0", comment="of its holder, by its buyer"),
    sa.PrimaryKeyConstraint("organizer_id", "ticket_id"),
    sa.UniqueConstraint("organizer_id", "order_id", "number"),
    sa.CheckConstraint("number >= 1 AND price_minor >= 0 AND serial BETWEEN 1 AND 65535", name="tickets_numbers"),
    sa.CheckConstraint("status IN ('valid', 'revoked')", name="tickets_status"),
    sa.CheckConstraint(
        "(status = 'revoked') = (revoked_reason IS NOT NULL) AND (status = 'revoked') = (revoked_at IS NOT NULL)",
        name="tickets_revoked_with_a_reason",
    ),
    sa.Index("tickets_by_event", "organizer_id", "event_id", "ticket_id"),
)
