"""payments: transfers and cash: payment codes, receipts, bank statements; inventory: holds that wait for them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0023_offline"
down_revision = "0021_ledger"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    # A constant default is kept beside the table: no row is written.
    op.add_column(
        "holds",
        sa.Column(
            "is_patient",
            sa.Boolean,
            nullable=False,
            server_default=sa.false(),
            comment="Waits for money that comes by itself; its visitor's next hold leaves it alone.",
        ),
        schema="inventory",
    )
    op.create_index(
        "holds_patient",
        "holds",
        ["event_id", "organizer_id"],
        schema="inventory",
        postgresql_where=sa.text("state = 'held' AND is_patient"),
    )
    _let_people_be_a_cause()
    _create_payment_codes()
    _create_receipts()
    _create_statements()
    for table, columns in {
        "payment_codes": {"organizer_id": 1, "attempt_id": -1, "code": -1},
        "receipts": {"organizer_id": 1, "id": -1, "attempt_id": -1},
        "statement_lines": {"organizer_id": 1, "line_key": -1},
    }.items():
        _steady_the_planner(table, columns)


def _let_people_be_a_cause() -> None:
    """Checked after it is in force, so that nobody waits while the rows that stand are read."""
    op.drop_constraint("cause_known", "attempt_history", schema="payments")
    op.execute(
        """
        ALTER TABLE payments.attempt_history
          ADD CONSTRAINT cause_known CHECK (cause IN ('call', 'callback', 'query', 'silence', 'person')) NOT VALID
        """
    )
    op.execute("ALTER TABLE payments.attempt_history VALIDATE CONSTRAINT cause_known")


def _create_payment_codes() -> None:
    op.create_table(
        "payment_codes",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("account_id", _id, nullable=False),
        sa.Column("code", sa.Text, nullable=False, comment="Without its hyphen; given out once, for late money still names it."),
        sa.Column("attempt_id", _id, nullable=False),
        sa.Column("number", sa.Text, comment="What people call what is paid, such as an order's number."),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id", "code"),
        sa.UniqueConstraint("organizer_id", "attempt_id", name="payment_codes_attempt"),
        sa.Index("payment_codes_number", "organizer_id", "number"),
        schema="payments",
    )


def _create_receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("id", _id, nullable=False, comment="Also the id of its charge at the account."),
        sa.Column("account_id", _id, nullable=False),
        sa.Column("attempt_id", _id, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("recorded_at", _instant, nullable=False),
        sa.Column("line_key", sa.Text, comment="The line of a statement that shows the money; None while none does."),
        sa.PrimaryKeyConstraint("organizer_id", "id"),
        sa.UniqueConstraint("organizer_id", "account_id", "line_key", name="receipts_line"),
        sa.Index("receipts_attempt", "organizer_id", "attempt_id"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        schema="payments",
        comment="Money that a person saw, or that a statement shows.",
    )


def _create_statements() -> None:
    op.create_table(
        "statement_layouts",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("account_id", _id, nullable=False),
        sa.Column("layout", JSONB, nullable=False, comment="`Layout`: separator, columns, decimals, dates, encoding."),
        sa.Column("updated_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id"),
        schema="payments",
    )
    op.create_table(
        "statement_lines",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("account_id", _id, nullable=False),
        sa.Column("line_key", sa.Text, nullable=False, comment="The same whenever the same movement is read again."),
        sa.Column("number", sa.Integer, nullable=False, comment="In the file that brought it, from 1."),
        sa.Column("booked_on", sa.Date, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("is_mended", sa.Boolean, nullable=False, comment="Its code was mistyped, and only one payment can be meant."),
        sa.Column("attempt_id", _id),
        sa.Column("code", sa.Text),
        sa.Column("imported_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id", "line_key"),
        sa.Index("statement_lines_day", "organizer_id", "account_id", "booked_on", "line_key"),
        sa.CheckConstraint(
            "outcome IN ('matched', 'recorded', 'paid_again', 'other_amount', 'ambiguous', 'unknown')", name="outcome_known"
        ),
        schema="payments",
        comment="Money that came in by statements of bank accounts, each line once.",
    )


def _steady_the_planner(table: str, columns: dict[str, int]) -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in columns.items():
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
