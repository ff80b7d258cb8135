"""platform: tenants, event streams, cursors, dead letters; procrastinate's own tables"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0001_platform"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA platform")
    op.create_table(
        "organizers",
        sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        schema="platform",
        comment="Every tenant. Bulk inserts select from here, so that an unknown organizer inserts nothing.",
    )
    op.create_table(
        "streams",
        sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        schema="platform",
        comment="The last position of each organizer's event stream; its row is locked last in a publishing transaction.",
    )
    op.create_table(
        "events",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "position"),
        schema="platform",
    )
    op.create_table(
        "cursors",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("subscription", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "subscription"),
        schema="platform",
    )
    op.create_table(
        "dead_letters",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("subscription", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "subscription", "position"),
        schema="platform",
        comment="Events that a subscription could not digest; `alltickets events dead` lists and `events replay` retries them.",
    )
    # procrastinate's text has literal % and : in function bodies: it must reach the driver untouched.
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
