"""payments: refunds that wait until their gateway gives the money back, settlement reports that are fetched"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0037_refunds_and_reports"
down_revision = "0036_reservations"
branch_labels = None
depends_on = None

_STATUSES = "created queued sending unknown pending succeeded failed"


def upgrade() -> None:
    _let_refunds_wait()
    _create_report_fetches()


def _create_report_fetches() -> None:
    op.create_table(
        "report_fetches",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ordered", sa.Text, comment="What names the report at the provider while it is made."),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="When it is asked for next. None: it is through, or was given up."),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("report_id", UUID(as_uuid=True), comment="As what it was taken in."),
        sa.Column("fault", sa.Text, comment="Why not."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id", "ends_at"),
        comment="Settlement reports that providers are asked for: what moved at an account in a time.",
        schema="payments",
    )
    op.create_index(
        "report_fetches_due",
        "report_fetches",
        ["organizer_id", "due_at"],
        schema="payments",
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    # An organizer may own any share of a table (docs/decisions/0008).
    op.execute("ALTER TABLE payments.report_fetches ALTER COLUMN organizer_id SET STATISTICS 0")


def _let_refunds_wait() -> None:
    op.add_column(
        "refunds",
        sa.Column(
            "waited_until",
            sa.DateTime(timezone=True),
            comment="It was queued, and its gateway could not have given it back before.",
        ),
        schema="payments",
    )
    # Checked after it is in force, so that nobody waits while the rows that stand are read.
    op.drop_constraint("status_known", "refunds", schema="payments")
    listed = ", ".join(f"'{word}'" for word in _STATUSES.split())
    op.execute(f"ALTER TABLE payments.refunds ADD CONSTRAINT status_known CHECK (status IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE payments.refunds VALIDATE CONSTRAINT status_known")
