"""payments: flags, kept until somebody has looked at them; payments and postings are listed by when they came"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0039_payment_flags"
down_revision = "0038_refunds_again"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "flags",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("flag_id", UUID(as_uuid=True), nullable=False, comment="Sorts by when it was raised."),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column(
            "subject_id",
            UUID(as_uuid=True),
            nullable=False,
            comment="What it is about: an account for all its payments, or else an attempt.",
        ),
        sa.Column("payment_id", UUID(as_uuid=True), nullable=False, comment="Of the newest event."),
        sa.Column("attempt_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("reference", UUID(as_uuid=True), nullable=False, comment="Of its payment: the caller's id of what is paid."),
        sa.Column("explanation", sa.Text, nullable=False, comment="What was found, with the figures and the gateway's words."),
        sa.Column("times", sa.Integer, nullable=False, comment="How often it was found while it was open."),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), comment="None: it waits for somebody."),
        sa.Column("settled_by", sa.Text),
        sa.Column("note", sa.Text, comment="What was done about it."),
        sa.PrimaryKeyConstraint("organizer_id", "flag_id"),
        comment="What somebody has to look at, as PaymentFlagged told it.",
        schema="payments",
    )
    is_open = sa.text("settled_at IS NULL")
    for name, columns in (("flags_open", ["flag_id"]), ("flags_of_payment", ["payment_id"])):
        op.create_index(name, "flags", ["organizer_id", *columns], schema="payments", postgresql_where=is_open)
    op.create_index(
        "flags_open_once", "flags", ["organizer_id", "subject_id", "kind"], unique=True, schema="payments", postgresql_where=is_open
    )
    op.create_index("payments_created", "payments", ["organizer_id", "created_at", "id"], schema="payments")
    op.create_index("ledger_postings_occurred", "ledger_postings", ["organizer_id", "occurred_at", "posting_id"], schema="payments")
    # An organizer may own any share of a table (docs/decisions/0008).
    op.execute("ALTER TABLE payments.flags ALTER COLUMN organizer_id SET STATISTICS 0")
