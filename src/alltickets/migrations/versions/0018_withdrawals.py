"""orders: buyers withdraw from a purchase (in Argentina: botón de arrepentimiento)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0018_withdrawals"
down_revision = "0017_embedding"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000


def upgrade() -> None:
    op.create_table(
        "withdrawals",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("withdrawal_id", UUID(as_uuid=True), nullable=False),
        sa.Column("order_id", UUID(as_uuid=True), nullable=False),
        sa.Column("code", sa.Text, nullable=False, comment="what the buyer was told at once"),
        sa.Column("is_in_time", sa.Boolean, nullable=False, comment="asked within the days, and the hours before, that the law names"),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, comment="why it was declined, for the buyer"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "withdrawal_id"),
        sa.UniqueConstraint("organizer_id", "order_id"),
        sa.ForeignKeyConstraint(["organizer_id", "order_id"], ["orders.orders.organizer_id", "orders.orders.order_id"]),
        sa.CheckConstraint("status IN ('asked', 'accepted', 'declined')", name="withdrawals_status"),
        sa.CheckConstraint("(status = 'asked') = (settled_at IS NULL)", name="withdrawals_settled_has_an_instant"),
        sa.CheckConstraint("(status = 'declined') = (reason IS NOT NULL)", name="withdrawals_declined_has_a_reason"),
        comment="Buyers who withdraw from their purchase, one row for an order, and what the organizer answered.",
        schema="orders",
    )
    _steady_the_planner()


def _steady_the_planner() -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute("ALTER TABLE orders.withdrawals ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in (("organizer_id", 1), ("withdrawal_id", -1)):
        connection.execute(
            sa.text(
                """
                SELECT pg_restore_attribute_stats(
                         'schemaname', 'orders', 'relname', 'withdrawals', 'attname', CAST(:column AS text),
                         'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
                """
            ),
            {"column": column, "n_distinct": n_distinct},
        )
