"""payments: each change of a refund rests on a version and leaves a row, and one may be of several charges; orders: one that was refused"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0043_refund_history"
down_revision = "0042_account_modes"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000
_id = UUID(as_uuid=True)


def upgrade() -> None:
    op.add_column(
        "refunds",
        sa.Column(
            "version",
            sa.Integer,
            nullable=False,
            server_default="1",
            comment="Grows with each change of state, which names it.",
        ),
        schema="payments",
    )
    op.add_column(
        "refunds",
        sa.Column(
            "part_of",
            _id,
            comment="The refund with which it was asked for, where the money of that lay on several charges.",
        ),
        schema="payments",
    )
    op.create_index(
        "refunds_part_of",
        "refunds",
        ["organizer_id", "part_of"],
        schema="payments",
        postgresql_where=sa.text("part_of IS NOT NULL"),
    )
    op.create_table(
        "refund_history",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("refund_id", _id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status_before", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "refund_id", "version"),
        sa.CheckConstraint("cause IN ('call', 'query', 'person')", name="cause_known"),
        comment="Append-only.",
        schema="payments",
    )
    _steady_the_planner("refund_history", "refund_id")
    op.alter_column(
        "charges",
        "intent",
        existing_type=sa.Text,
        comment="Of reserved money: whether it is taken or given back. Written before the call.",
        existing_comment="Of reserved money: whether it is taken or given back. Written once, before the call.",
        schema="payments",
    )
    # Checked after it is in force, so that nobody waits while the rows that stand are read.
    op.drop_constraint("orders_payment_state", "orders", schema="orders")
    op.execute(
        """
        ALTER TABLE orders.orders ADD CONSTRAINT orders_payment_state
        CHECK (payment_state IN ('none', 'open', 'pending', 'failed', 'captured', 'returning', 'return_failed', 'returned')) NOT VALID
        """
    )
    op.execute("ALTER TABLE orders.orders VALIDATE CONSTRAINT orders_payment_state")


def _steady_the_planner(table: str, key: str) -> None:
    """An organizer may own any share of a table, and a key names few rows (docs/decisions/0008)."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in (("organizer_id", 1), (key, -1)):
        connection.execute(
            sa.text(
                """
                SELECT pg_restore_attribute_stats(
                         'schemaname', 'payments', 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                         'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
                """
            ),
            {"table": table, "column": column, "n_distinct": n_distinct},
        )
