"""Tables of inventory. The CHECK on pools is the last line of defence: whatever else goes wrong, it refuses to oversell."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = sa.MetaData(schema="inventory")

pools = sa.Table(
    "pools",
    metadata,
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
    # The organizer stands last in every index here but the primary keys: see holds.
    sa.Index("pools_by_event", "event_id", "organizer_id"),
    # Every hold updates its pools: free space on their pages keeps the new row version beside the old one, and no index is touched.
    postgresql_with={"fillfactor": "20"},
)

seats = sa.Table(
    "seats",
    metadata,
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
)

holds = sa.Table(
    "holds",
    metadata,
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
    sa.Column(
        "is_patient",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="Waits for money that comes by itself; its visitor's next hold leaves it alone.",
    ),
    sa.PrimaryKeyConstraint("organizer_id", "hold_id"),
    sa.CheckConstraint("state IN ('held', 'confirmed', 'released', 'expired', 'returned')", name="holds_state"),
    # The organizer stands last in these: were it first, the planner, whose statistics know nothing of a sale that has just opened, would
    # take any index that begins with it and walk through all holds of the organizer (measured: 12 ms among 25,000, growing).
    sa.Index("holds_live_by_visitor", "visitor", "event_id", "organizer_id", postgresql_where=sa.text("state = 'held'")),
    sa.Index("holds_live_by_address", "address", "event_id", "organizer_id", postgresql_where=sa.text("state = 'held'")),
    sa.Index("holds_live_by_expiry", "expires_at", "organizer_id", postgresql_where=sa.text("state = 'held'")),
    sa.Index("holds_patient", "event_id", "organizer_id", postgresql_where=sa.text("state = 'held' AND is_patient")),
)
