"""payments: the ledger, and what a payment's amount is made of"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0021_ledger"
down_revision = "0019_notices"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000

_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)

_KINDS = (
    "sale aside aside_ended fee fee_returned refund_ordered refund_failed refund refund_undone dispute_opened dispute_won "
    "dispute_lost settlement withholding payout fee_passed_on rounding reversal"
)
_ACCOUNTS = (
    "gateway_receivable bank tax_credit fee_expense vat_input organizer_payable commission_revenue fee_recovery vat_output "
    "refund_clearing dispute_reserve chargeback_loss promo_receivable promo_expense rounding"
)


def upgrade() -> None:
    op.add_column(
        "payments",
        sa.Column("parts", JSONB, nullable=False, server_default="[]", comment="What the amount is made of: kinds and minor units."),
        schema="payments",
    )
    _create_postings()
    _create_moves()
    _create_balances()
    _steady_the_planner("ledger_postings", {"organizer_id": (1, 16), "key": (-1, 46), "payment_id": (-0.5, 16)})
    _steady_the_planner("ledger_moves", {"organizer_id": (1, 16), "key": (-0.4, 46)})


def _create_postings() -> None:
    op.create_table(
        "ledger_postings",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="The fact: it is posted once."),
        sa.Column("posting_id", _id, nullable=False, comment="Sorts by when it was posted."),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False, comment="The amount that the fact is about."),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("payment_id", _id),
        sa.Column("charge_id", _id),
        sa.Column("occurred_at", _instant, nullable=False),
        sa.Column("posted_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "key"),
        sa.CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        _one_of("kind", "kind", _KINDS),
        comment="Append-only: a posting is taken back by another one.",
        schema="payments",
    )
    op.create_index("ledger_postings_payment", "ledger_postings", ["organizer_id", "payment_id"], schema="payments")


def _create_moves() -> None:
    op.create_table(
        "ledger_moves",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("key", sa.Text, nullable=False, comment="Of its posting."),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("debit", sa.Text, nullable=False, comment="The account that the amount goes to."),
        sa.Column("credit", sa.Text, nullable=False, comment="The account that it comes from."),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "key", "number"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("debit <> credit", name="accounts_differ"),
        _one_of("debit", "split_part(debit, ':', 1)", _ACCOUNTS),
        _one_of("credit", "split_part(credit, ':', 1)", _ACCOUNTS),
        comment="Append-only. Each row moves an amount from one account to another, so that it is balanced by construction.",
        schema="payments",
    )


def _create_balances() -> None:
    op.create_table(
        "ledger_balances",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("debit_minor", sa.BigInteger, nullable=False),
        sa.Column("credit_minor", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account", "currency"),
        comment="What ledger_moves add up to.",
        schema="payments",
    )


def _one_of(name: str, expression: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{expression} IN ({listed})", name=f"{name}_known")


def _steady_the_planner(table: str, columns: dict[str, tuple[float, int]]) -> None:
    """An organizer may own any share of a table, a key names one row, a payment a few (docs/decisions/0008); with their widths."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, (n_distinct, width) in columns.items():
        connection.execute(
            sa.text(
                """
                SELECT pg_restore_attribute_stats(
                         'schemaname', 'payments', 'relname', CAST(:table AS text), 'attname', CAST(:column AS text),
                         'inherited', false, 'null_frac', 0::real, 'avg_width', CAST(:width AS int),
                         'n_distinct', CAST(:n_distinct AS real))
                """
            ),
            {"table": table, "column": column, "width": width, "n_distinct": n_distinct},
        )
