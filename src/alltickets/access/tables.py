"""Tables of access. The primary key of redemptions decides who entered: whoever inserts the row is in, everyone after is not."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

metadata = sa.MetaData(schema="access")

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("checkpoint_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("performance_ids", sa.ARRAY(UUID(as_uuid=True)), nullable=False, comment="empty: all"),
    sa.Column("ticket_type_ids", sa.ARRAY(UUID(as_uuid=True)), nullable=False, comment="empty: all"),
    sa.Column("sector_ids", sa.ARRAY(UUID(as_uuid=True)), nullable=False, comment="empty: all"),
    sa.Column("opens_at", sa.DateTime(timezone=True), comment="null: with the doors of each performance"),
    sa.Column("closes_at", sa.DateTime(timezone=True), comment="null: with the end of each performance"),
    sa.PrimaryKeyConstraint("organizer_id", "checkpoint_id"),
    sa.CheckConstraint("opens_at < closes_at", name="checkpoints_window"),
    sa.Index("checkpoints_by_event", "organizer_id", "event_id"),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("checkpoint_id", UUID(as_uuid=True), nullable=False),
    sa.Column("admitted", sa.Integer, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("conflicts", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "checkpoint_id"),
    sa.ForeignKeyConstraint(["organizer_id", "checkpoint_id"], ["access.checkpoints.organizer_id", "access.checkpoints.checkpoint_id"]),
    # Every batch of scans updates its row: free space on the page keeps the new version beside the old one, and no index is touched.
    postgresql_with={"fillfactor": "20"},
)

redemptions = sa.Table(
    "redemptions",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_id", UUID(as_uuid=True), nullable=False),
    sa.Column("entry_number", sa.SmallInteger, nullable=False, comment="1: a ticket lets in once"),
    sa.Column("scan_id", UUID(as_uuid=True), nullable=False),
    sa.Column("checkpoint_id", UUID(as_uuid=True), nullable=False),
    sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "ticket_id", "entry_number"),
    comment="Who went in. Rows are added and never changed.",
)

scans = sa.Table(
    "scans",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
    sa.Column("scan_id", UUID(as_uuid=True), nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("checkpoint_id", UUID(as_uuid=True), nullable=False),
    sa.Column("device_id", UUID(as_uuid=True), nullable=False),
    sa.Column("ticket_id", UUID(as_uuid=True), comment="null: not a genuine code of the event"),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("conflict", sa.Boolean, nullable=False, comment="refused here, and let in by a door that was cut off"),
    sa.Column("code_digest", sa.Text, nullable=False, comment="to tell a repetition from another scan under the same id"),
    sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "scan_id"),
    sa.CheckConstraint(
        "outcome IN ('admitted', 'already_used', 'wrong_event', 'wrong_performance', 'wrong_ticket_type', 'wrong_sector', 'revoked',"
        " 'not_yet_valid', 'expired', 'forged', 'unknown')",
        name="scans_outcome",
    ),
    sa.CheckConstraint("NOT (conflict AND outcome = 'admitted')", name="scans_conflict"),
    sa.Index("scans_in_conflict", "organizer_id", "event_id", "scan_id", postgresql_where=sa.text("conflict")),
    comment="Every scan with its outcome. Rows are added and never changed.",
)
