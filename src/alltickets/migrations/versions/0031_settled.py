"""payments: lines of settlement reports go into the books"""

import sqlalchemy as sa
from alembic import op

revision = "0031_settled"
down_revision = "0030_disputes"
branch_labels = None
depends_on = None

KINDS = (
    "sale aside aside_ended fee fee_returned fee_settled fee_adjusted fee_adjusted_back refund_ordered refund_failed refund refund_undone "
    "dispute_opened dispute_won dispute_lost settlement withholding payout fee_passed_on rounding reversal"
)


def upgrade() -> None:
    # Constant defaults are kept beside the table: no row is written.
    op.add_column(
        "settlement_lines",
        sa.Column("is_due", sa.Boolean, nullable=False, server_default=sa.false(), comment="To be posted to the books."),
        schema="payments",
    )
    op.add_column("settlement_lines", sa.Column("posted_at", sa.DateTime(timezone=True), comment="When it was."), schema="payments")
    op.create_index(
        "settlement_lines_due", "settlement_lines", ["organizer_id", "account_id"], schema="payments", postgresql_where=sa.text("is_due")
    )
    _book_what_was_imported_before()
    _let_fees_be_settled()


def _book_what_was_imported_before() -> None:
    """As `reconciliation/rules.py`, `is_booked`, decides of what is imported from now on."""
    op.execute(
        """
        UPDATE payments.settlement_lines l
           SET is_due = true
          FROM payments.accounts a
         WHERE a.organizer_id = l.organizer_id AND a.id = l.account_id
           AND abs(l.gross_minor - l.fee_minor - l.taxes_minor - l.net_minor) <= 2
           AND ((l.kind IN ('payment', 'refund', 'dispute') AND l.state IN ('matched', 'fee_differs'))
                OR (l.kind = 'payout' AND l.currency = a.currency AND l.gross_minor <> 0))
        """
    )


def _let_fees_be_settled() -> None:
    """Checked after it is in force, so that nobody waits while the rows that stand are read."""
    op.drop_constraint("kind_known", "ledger_postings", schema="payments")
    listed = ", ".join(f"'{kind}'" for kind in KINDS.split())
    op.execute(f"ALTER TABLE payments.ledger_postings ADD CONSTRAINT kind_known CHECK (kind IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE payments.ledger_postings VALIDATE CONSTRAINT kind_known")
