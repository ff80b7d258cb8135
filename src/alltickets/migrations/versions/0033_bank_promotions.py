"""payments and orders: promotions of banks, their budgets, and what was charged under them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0033_bank_promotions"
down_revision = "0032_looks"
branch_labels = None
depends_on = None

FIRST_VERSION_WITH_RESTORE = 180_000
_id = UUID(as_uuid=True)
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_promotions()
    _create_uses()
    for table, key in (("promotions", "promotion_id"), ("promotion_uses", "attempt_id")):
        _steady_the_planner(table, key)
    op.add_column(
        "attempts",
        sa.Column("has_promotion", sa.Boolean, nullable=False, server_default="false", comment="It was charged under a promotion."),
        schema="payments",
    )
    op.add_column(
        "attempts",
        sa.Column("discount_minor", sa.BigInteger, nullable=False, server_default="0", comment="So much less than the payment's amount."),
        schema="payments",
    )
    op.add_column(
        "orders",
        sa.Column("discount_minor", sa.BigInteger, nullable=False, server_default="0", comment="What a promotion took off the total."),
        schema="orders",
    )


def _create_promotions() -> None:
    op.create_table(
        "promotions",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("promotion_id", _id, nullable=False),
        sa.Column("terms", JSONB, nullable=False, comment="`PromotionTerms`."),
        sa.Column("budget_minor", sa.BigInteger, comment="Of the terms; None: there is none."),
        sa.Column("revision", sa.Integer, nullable=False, comment="Grows with each change; a change names what it rests on."),
        sa.Column("spent_minor", sa.BigInteger, nullable=False, comment="Counted against the budget, of charges under way too."),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("ended_at", _instant),
        sa.PrimaryKeyConstraint("organizer_id", "promotion_id"),
        sa.CheckConstraint("spent_minor >= 0 AND spent_minor <= budget_minor", name="within_budget"),
        schema="payments",
    )


def _create_uses() -> None:
    op.create_table(
        "promotion_uses",
        sa.Column("organizer_id", _id, nullable=False),
        sa.Column("attempt_id", _id, nullable=False),
        sa.Column("promotion_id", _id, nullable=False),
        sa.Column("name", sa.Text, nullable=False, comment="As the buyer was told it."),
        sa.Column("bank", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("card_bin", sa.Text, nullable=False, comment="The first digits of the card that it was told for."),
        sa.Column("instalments", sa.Integer, nullable=False),
        sa.Column("discount_minor", sa.BigInteger, nullable=False),
        sa.Column("bank_minor", sa.BigInteger, nullable=False, comment="What of the discount the bank bears; the organizer the rest."),
        sa.Column("counted_minor", sa.BigInteger, nullable=False, comment="Against the budget."),
        sa.Column("reserved_at", _instant, nullable=False),
        sa.Column("settled_at", _instant),
        sa.PrimaryKeyConstraint("organizer_id", "attempt_id"),
        sa.CheckConstraint("bank_minor >= 0 AND bank_minor <= discount_minor", name="bank_bears_a_share"),
        sa.CheckConstraint("status IN ('reserved', 'released', 'used', 'mismatched')", name="status_known"),
        schema="payments",
    )


def _steady_the_planner(table: str, key: str | None) -> None:
    """An organizer may own any share of a table, and an id names one row (docs/decisions/0008)."""
    op.execute(f"ALTER TABLE payments.{table} ALTER COLUMN organizer_id SET STATISTICS 0")
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one() < FIRST_VERSION_WITH_RESTORE:
        return
    for column, n_distinct in (("organizer_id", 1), *([(key, -1)] if key is not None else [])):
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
