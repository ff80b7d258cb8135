"""inventory: pools, seats, holds"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0004_inventory"
down_revision = "0003_catalog"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA inventory")
    op.create_table(
        "pools",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("pool_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("performance_id", UUID(as_uuid=True)),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False, server_default="0"),
        sa.Column("sold", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("organizer_id", "pool_id"),
        sa.CheckConstraint("held >= 0 AND sold >= 0 AND held + sold <= capacity", name="pools_never_oversold"),
        schema="inventory",
        postgresql_with={"fillfactor": "20"},
    )
    op.create_index("pools_by_event", "pools", ["event_id", "organizer_id"], schema="inventory")
    op.create_table(
        "seats",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("seat_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("pool_id", UUID(as_uuid=True), nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="free"),
        sa.Column("hold_id", UUID(as_uuid=True)),
        sa.PrimaryKeyConstraint("organizer_id", "seat_id"),
        sa.UniqueConstraint("pool_id", "label", "organizer_id"),
        sa.ForeignKeyConstraint(["organizer_id", "pool_id"], ["inventory.pools.organizer_id", "inventory.pools.pool_id"]),
        sa.CheckConstraint("state IN ('free', 'held', 'sold')", name="seats_state"),
        sa.CheckConstraint("(state = 'free') = (hold_id IS NULL)", name="seats_taken_by_a_hold"),
        schema="inventory",
    )
    op.create_table(
        "holds",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("hold_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("draws", JSONB, nullable=False, comment="places by pool id"),
        sa.Column("seats", sa.ARRAY(UUID(as_uuid=True)), nullable=False),
        sa.Column("visitor", UUID(as_uuid=True), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("memo", sa.Text, nullable=False, comment="what the caller keeps with the hold; inventory does not read it"),
        sa.PrimaryKeyConstraint("organizer_id", "hold_id"),
        sa.CheckConstraint("state IN ('held', 'confirmed', 'released', 'expired', 'returned')", name="holds_state"),
        schema="inventory",
    )
    live = sa.text("state = 'held'")
    op.create_index("holds_live_by_visitor", "holds", ["visitor", "event_id", "organizer_id"], schema="inventory", postgresql_where=live)
    op.create_index("holds_live_by_address", "holds", ["address", "event_id", "organizer_id"], schema="inventory", postgresql_where=live)
    op.create_index("holds_live_by_expiry", "holds", ["expires_at", "organizer_id"], schema="inventory", postgresql_where=live)
