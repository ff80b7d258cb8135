"""payments: settlement reports of gateways, line by line beside what we know"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0026_settlements"
down_revision = "0023_offline"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000
STATES = "matched amount_differs fee_differs currency_differs missing_here duplicate not_compared unreadable"


def upgrade() -> None:
    op.create_index(
        "charges_settlement_reference",
        "charges",
        ["organizer_id", "account_id", sa.text("(facts ->> 'settlement_reference')")],
        postgresql_where=sa.text("facts ? 'settlement_reference'"),
        schema="payments",
    )
    op.create_table(
        "settlement_reports",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False, comment="Read so far, the unreadable ones too."),
        sa.Column("lines_new", sa.Integer, nullable=False, comment="Of these, those that no earlier report had."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "id"),
        _one_of("state", "importing done broken"),
        schema="payments",
    )
    op.create_table(
        "settlement_lines",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, comment="The same for lines that say the same."),
        sa.Column("repetition", sa.Integer, nullable=False, comment="Which one of equal lines of a report."),
        sa.Column("seen_report_id", UUID(as_uuid=True), nullable=False, comment="The last report that had it."),
        sa.Column("report_id", UUID(as_uuid=True), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("gross_minor", sa.BigInteger, nullable=False),
        sa.Column("fee_minor", sa.BigInteger, nullable=False),
        sa.Column("taxes_minor", sa.BigInteger, nullable=False),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("settles_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("charge_id", UUID(as_uuid=True)),
        sa.Column("expected_minor", sa.BigInteger, comment="What our books say, where that is another amount or fee."),
        sa.Column("fault", sa.Text, comment="Of a line that cannot be read."),
        sa.Column("settled_by", sa.Text, comment="The act that ended it; None: as it was imported."),
        sa.Column("note", sa.Text, comment="What people wrote when they settled it."),
        sa.PrimaryKeyConstraint("organizer_id", "account_id", "digest", "repetition"),
        _one_of("kind", "payment refund dispute payout other"),
        _one_of("state", STATES),
        schema="payments",
    )
    op.create_index("settlement_lines_report", "settlement_lines", ["organizer_id", "report_id", "row"], schema="payments")
    op.create_index(
        "settlement_lines_charge",
        "settlement_lines",
        ["organizer_id", "charge_id"],
        postgresql_where=sa.text("charge_id IS NOT NULL"),
        schema="payments",
    )
    _steady_the_planner()


def _one_of(column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _steady_the_planner() -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute("ALTER TABLE payments.settlement_lines ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, width, n_distinct in (("organizer_id", 16, 1), ("digest", 17, -1), ("charge_id", 16, -1)):
        connection.execute(
            sa.text(
                """
                SELECT pg_restore_attribute_stats(
                         'schemaname', 'payments', 'relname', 'settlement_lines', 'attname', CAST(:column AS text),
                         'inherited', false, 'null_frac', 0::real, 'avg_width', CAST(:width AS int),
                         'n_distinct', CAST(:n_distinct AS real))
                """
            ),
            {"column": column, "width": width, "n_distinct": n_distinct},
        )
