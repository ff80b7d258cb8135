"""notifications: mails, whom an address has bought from, where answers go"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0013_notifications"
down_revision = "0012_presentation"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000


def upgrade() -> None:
    op.execute("CREATE SCHEMA notifications")
    op.create_table(
        "mails",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("mail_id", UUID(as_uuid=True), nullable=False),
        sa.Column("order_id", UUID(as_uuid=True), comment="NULL: about all orders of the recipient"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("occasion", sa.Text, nullable=False, comment="tells apart the mails of one kind about one order"),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_key", sa.Text, nullable=False, comment="the recipient as addresses are compared"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("fault", sa.Text, comment="what the mail server said last"),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), comment="a try is under way, or died, until then"),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "mail_id"),
        sa.UniqueConstraint("organizer_id", "order_id", "kind", "occasion"),
        sa.CheckConstraint("state IN ('queued', 'sent', 'bounced', 'failed', 'dropped')", name="mails_state"),
        sa.CheckConstraint("(state = 'queued') = (settled_at IS NULL)", name="mails_settled_has_an_instant"),
        comment="Every mail, from what called for it to what became of it. What it says is written when it is sent.",
        schema="notifications",
    )
    op.create_index("mails_by_recipient", "mails", ["organizer_id", "recipient_key"], schema="notifications")
    op.create_index(
        "mails_queued",
        "mails",
        ["queued_at", "organizer_id"],
        postgresql_where=sa.text("state = 'queued'"),
        schema="notifications",
    )
    op.create_table(
        "correspondents",
        sa.Column("recipient_key", sa.Text, nullable=False),
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.PrimaryKeyConstraint("recipient_key", "organizer_id"),
        comment="Directory of whom a mail address has bought from, for buyers who lost the link of their order.",
        schema="notifications",
    )
    op.create_table(
        "reply_addresses",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("reply_to", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id"),
        comment="Where answers to an organizer's mails go.",
        schema="notifications",
    )
    _steady_the_planner()


def _steady_the_planner() -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    connection = op.get_bind()
    version = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    for table, column, n_distinct in (("mails", "organizer_id", 1), ("mails", "mail_id", -1), ("reply_addresses", "organizer_id", 1)):
        if column == "organizer_id":
            op.execute(f"ALTER TABLE notifications.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
        if version >= FIRST_VERSION_WITH_RESTORE:
            connection.execute(
                sa.text(
                    """
                    SELECT pg_restore_attribute_stats(
                             'schemaname', 'notifications', 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                             'inherited', false, 'null_frac', 0::real, 'avg_width', 16, 'n_distinct', CAST(:n_distinct AS real))
                    """
                ),
                {"table": table, "column": column, "n_distinct": n_distinct},
            )
