"""payments: decisions are added and never replaced, and each change of a payment rests on a version and leaves a row"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0041_decisions_and_changes"
down_revision = "0039_payment_flags"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000
_id = UUID(as_uuid=True)


def upgrade() -> None:
    _number_decisions()
    _create_unfollowed_decisions()
    _create_payment_history()
    _steady_the_planner("unfollowed_decisions", "reference")
    _steady_the_planner("payment_history", "payment_id")


def _create_unfollowed_decisions() -> None:
    op.create_table(
        "unfollowed_decisions",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("reference", _id, nullable=False, comment="The payment's."),
        sa.Column("digest", _id, nullable=False, comment="The same for decisions that differ in time or in the card's digits alone."),
        sa.Column("context_id", _id, nullable=False),
        sa.Column("facts", JSONB, nullable=False, comment="`RouteFacts`, of the first time."),
        sa.Column("decision", JSONB, nullable=False, comment="`Decision`."),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "reference", "digest"),
        comment="Append-only: decisions by which no attempt goes anywhere, for no account could, or the card is taken elsewhere.",
        schema="payments",
    )


def _create_payment_history() -> None:
    op.add_column(
        "payments",
        sa.Column(
            "version",
            sa.Integer,
            nullable=False,
            server_default="1",
            comment="Grows with each change; a change names the version it rests on.",
        ),
        schema="payments",
    )
    op.create_table(
        "payment_history",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("payment_id", _id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status_before", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False, comment="attempt: another try began; else as that of the attempt which it follows."),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "payment_id", "version"),
        sa.CheckConstraint("cause IN ('call', 'callback', 'query', 'silence', 'person', 'attempt')", name="cause_known"),
        comment="Append-only.",
        schema="payments",
    )


def _number_decisions() -> None:
    op.add_column(
        "route_decisions",
        sa.Column("number", sa.Integer, nullable=False, server_default="1", comment="Which one of the attempt's, from 1."),
        schema="payments",
    )
    op.alter_column("route_decisions", "number", server_default=None, schema="payments")
    op.drop_constraint("route_decisions_pkey", "route_decisions", schema="payments")
    op.create_primary_key("route_decisions_pkey", "route_decisions", ["organizer_id", "attempt_id", "number"], schema="payments")
    op.create_table_comment(
        "route_decisions",
        "Append-only. The last of an attempt counts; none is added once anything of the attempt was sent.",
        schema="payments",
    )


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
