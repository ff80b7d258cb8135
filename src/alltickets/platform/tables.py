"""Tables of the platform: the organizers as tenants, their event streams, and how far each subscriber has read."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = sa.MetaData(schema="platform")

organizers = sa.Table(
    "organizers",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
    comment="Every tenant. Bulk inserts select from here, so that an unknown organizer inserts nothing.",
)

streams = sa.Table(
    "streams",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    comment="The last position of each organizer's event stream; its row is locked last in a publishing transaction.",
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "position"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("subscription", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "subscription"),
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("subscription", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("replayed_at", sa.DateTime(timezone=True)),
    sa.PrimaryKeyConstraint("organizer_id", "subscription", "position"),
    comment="Events that a subscription could not digest; `alltickets events dead` lists and `events replay` retries them.",
)
