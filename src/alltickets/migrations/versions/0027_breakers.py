"""payments: the circuit breaker of each account"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0027_breakers"
down_revision = "0026_settlements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breakers",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("failures_in_row", sa.Integer, nullable=False),
        sa.Column("window_from", sa.DateTime(timezone=True)),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("opened_until", sa.DateTime(timezone=True), comment="None: closed."),
        sa.Column("open_seconds", sa.Integer, nullable=False),
        sa.Column("probing_until", sa.DateTime(timezone=True), comment="A probe is under way until then, unless it has told its outcome."),
        sa.Column("probes_well", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("last_error_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "account_id"),
        schema="payments",
    )
    # An organizer may own any share of the table (docs/decisions/0008).
    op.execute("ALTER TABLE payments.breakers ALTER COLUMN organizer_id SET STATISTICS 0")
