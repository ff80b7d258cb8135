"""waiting list: who wants to be told when places come back, and the mails that tell them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0016_waiting_list"
down_revision = "0015_self_service"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000


def upgrade() -> None:
    op.execute("CREATE SCHEMA marketing")
    op.create_table(
        "waiting_entries",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("entry_id", UUID(as_uuid=True), nullable=False),
        sa.Column("event_id", UUID(as_uuid=True), nullable=False),
        sa.Column("performance_id", UUID(as_uuid=True), nullable=False),
        sa.Column("ticket_type_id", UUID(as_uuid=True), nullable=False),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("mail_key", sa.Text, nullable=False, comment="the mail as addresses are compared"),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False, comment="the place in the line"),
        sa.Column("called_at", sa.DateTime(timezone=True)),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "entry_id"),
        sa.UniqueConstraint("organizer_id", "performance_id", "ticket_type_id", "mail_key"),
        sa.CheckConstraint("state IN ('waiting', 'called')", name="waiting_entries_state"),
        sa.CheckConstraint("(state = 'called') = (called_at IS NOT NULL)", name="waiting_entries_called_has_an_instant"),
        sa.CheckConstraint("quantity > 0", name="waiting_entries_quantity"),
        schema="marketing",
        comment="Who wants to be told when places of what is sold out come back.",
    )
    op.create_index("waiting_by_event", "waiting_entries", ["organizer_id", "event_id", "joined_at", "entry_id"], schema="marketing")
    op.create_index(
        "waiting_for_places",
        "waiting_entries",
        ["event_id", "organizer_id"],
        postgresql_where=sa.text("state = 'waiting'"),
        schema="marketing",
    )
    op.create_index("waiting_kept_until", "waiting_entries", ["kept_until", "organizer_id"], schema="marketing")
    op.add_column(
        "mails",
        sa.Column("entry_id", UUID(as_uuid=True), comment="of a waiting list; NULL: about an order, or all of them"),
        schema="notifications",
    )
    op.create_unique_constraint(None, "mails", ["organizer_id", "entry_id", "kind", "occasion"], schema="notifications")
    _steady_the_planner()


def _steady_the_planner() -> None:
    """An organizer may own any share of the table, and an id names one row (docs/decisions/0008)."""
    connection = op.get_bind()
    version = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    op.execute("ALTER TABLE marketing.waiting_entries ALTER COLUMN organizer_id SET STATISTICS 0")
    if version >= FIRST_VERSION_WITH_RESTORE:
        for column, n_distinct in (("organizer_id", 1), ("entry_id", -1)):
            connection.execute(
                sa.text(
                    """
                    SELECT pg_restore_attribute_stats(
                             'schemaname', 'marketing', 'relname', 'waiting_entries', 'attname', CAST(:column AS text),
                             'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
                    """
                ),
                {"column": column, "n_distinct": n_distinct},
            )
