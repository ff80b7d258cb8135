"""payments: the nightly look at everything that is open"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0032_looks"
down_revision = "0031_settled"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="When it goes on. None: there is no gateway to ask."),
        sa.Column("after", UUID(as_uuid=True), comment="The attempt that it has come to; None: it begins."),
        sa.Column("began_at", sa.DateTime(timezone=True), comment="None: it is through, and the figures are those of the last round."),
        sa.Column("ended_at", sa.DateTime(timezone=True), comment="When the last one was through."),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("mended", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("failures_in_row", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id"),
        comment="The nightly look at what is open: how far each account's round has come.",
        schema="payments",
    )
    # An organizer may own any share of a table (docs/decisions/0008).
    op.execute("ALTER TABLE payments.looks ALTER COLUMN organizer_id SET STATISTICS 0")
    _index("attempts_left_to_people", "attempts", "id", "needs_review")
    _index("charges_open", "charges", "attempt_id", "status IN ('pending', 'authorized', 'disputed')")
    _index("refunds_open", "refunds", "charge_id", "status IN ('sending', 'unknown', 'pending')")


def _index(name: str, table: str, column: str, where: str) -> None:
    """Of the few rows that are open, among all that ever were."""
    op.create_index(name, table, ["organizer_id", column], schema="payments", postgresql_where=sa.text(where))
