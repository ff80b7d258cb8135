"""payments: disputes with their history, their deadlines and what was answered; how much of a charge banks hold and kept"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0030_disputes"
down_revision = "0029_sellers"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "charges",
        sa.Column("contested", JSONB, nullable=False, server_default="{}", comment="`Contested`: how much banks hold, and kept."),
        schema="payments",
    )
    _create_disputes()
    _create_history()
    _create_answers()
    _steady_the_planner("disputes", (("organizer_id", 1), ("id", -1), ("charge_id", -1)))
    _steady_the_planner("dispute_history", (("organizer_id", 1), ("dispute_id", -1)))
    _steady_the_planner("dispute_answers", (("organizer_id", 1), ("id", -1), ("dispute_id", -1)))


def _create_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("id", _id, nullable=False),
        sa.Column("charge_id", _id, nullable=False),
        sa.Column("payment_id", _id, nullable=False),
        sa.Column("reference", _id, nullable=False, comment="Of its payment: the caller's id of what is paid."),
        sa.Column("account_id", _id, nullable=False),
        sa.Column("provider_dispute_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("is_inquiry", sa.Boolean, nullable=False, comment="The bank only asks, and has taken no money."),
        sa.Column("amount_minor", sa.BigInteger, nullable=False, comment="What the bank asks for: all that was paid, or a part."),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("raw_reason", sa.Text, nullable=False, comment="The gateway's word."),
        sa.Column("raw_status", sa.Text, nullable=False),
        sa.Column("due_at", _instant, comment="Until when evidence is taken; None: the gateway names no day."),
        sa.Column("opened_at", _instant, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("fee_minor", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, comment="Grows with each change; a change names the version it rests on."),
        sa.Column("remind_at", _instant, comment="When its deadline is told again; None: not any more."),
        sa.Column("look_at", _instant, comment="When the gateway is asked about it; None: it has ended, or there is nobody to ask."),
        sa.Column("statement", sa.Text, nullable=False, server_default="", comment="What the organizer says to it."),
        sa.Column("first_seen_at", _instant, nullable=False),
        sa.Column("updated_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "id"),
        sa.UniqueConstraint("organizer_id", "charge_id", "provider_dispute_id", name="disputes_provider_dispute"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        _one_of("state", "needs_response under_review won lost closed"),
        _one_of("reason", "fraud unrecognized not_received not_as_described duplicate refund_missing processing other"),
        comment="Buyers' banks that ask for money back.",
        schema="payments",
    )
    deadline = sa.text("coalesce(due_at, 'infinity')")
    op.create_index("disputes_deadline", "disputes", ["organizer_id", deadline, "id"], schema="payments")
    for name, column in (("disputes_reminded", "remind_at"), ("disputes_looked_at", "look_at")):
        due = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "disputes", ["organizer_id", column], postgresql_where=due, schema="payments")


def _create_history() -> None:
    op.create_table(
        "dispute_history",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("dispute_id", _id, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state_before", sa.Text, comment="None: it was first heard of."),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("raw_status", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("due_at", _instant),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "dispute_id", "version"),
        _one_of("cause", "call callback query silence person"),
        comment="Append-only.",
        schema="payments",
    )


def _create_answers() -> None:
    op.create_table(
        "dispute_answers",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("id", _id, nullable=False, comment="Also the idempotency key at the gateway."),
        sa.Column("dispute_id", _id, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("error_kind", sa.Text),
        sa.Column("error_code", sa.Text),
        sa.Column("sent_by", sa.Text, nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("settled_at", _instant),
        sa.PrimaryKeyConstraint("organizer_id", "id"),
        _one_of("status", "sending accepted refused unknown"),
        comment="Evidence as it was handed in.",
        schema="payments",
    )
    op.create_index("dispute_answers_dispute", "dispute_answers", ["organizer_id", "dispute_id", "id"], schema="payments")


def _one_of(column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _steady_the_planner(table: str, columns: tuple[tuple[str, int], ...]) -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in columns:
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
