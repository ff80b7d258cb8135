"""payments: a refund tells when it was sent last, and how often its gateway knew nothing of it since"""

import sqlalchemy as sa
from alembic import op

revision = "0046_mended_refunds"
down_revision = "0045_split_sales"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Constant defaults are kept beside the table: no row is written for them.
    sent_at = "When its gateway was last called to give it back. None: never."
    op.add_column("refunds", sa.Column("sent_at", sa.DateTime(timezone=True), comment=sent_at), schema="payments")
    absences = "Answers since then that its gateway knows of no such refund."
    column = sa.Column("absences", sa.Integer, nullable=False, server_default="0", comment=absences)
    op.add_column("refunds", column, schema="payments")
    # The nightly look takes up what no gateway has got, too.
    op.drop_index("refunds_open", "refunds", schema="payments")
    where = sa.text("status IN ('created', 'sending', 'unknown', 'pending')")
    op.create_index("refunds_open", "refunds", ["organizer_id", "charge_id"], schema="payments", postgresql_where=where)
    # What is under way may have been sent as late as its last change.
    op.execute("UPDATE payments.refunds SET sent_at = updated_at WHERE status IN ('sending', 'unknown', 'pending')")
