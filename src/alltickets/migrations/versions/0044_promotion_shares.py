"""payments: the platform bears a share of a promotion once it has agreed to its terms, up to a budget of its own"""

import sqlalchemy as sa
from alembic import op

revision = "0044_promotion_shares"
down_revision = "0043_refund_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    revision_comment = "Of the terms to which the platform agreed; None: to none yet."
    op.add_column("promotions", sa.Column("agreed_revision", sa.Integer, comment=revision_comment), schema="payments")
    for name, comment in (
        ("agreed_budget_minor", "In total, what the platform agreed to bear."),
        ("agreed_spent_minor", "Counted against that, likewise."),
    ):
        column = sa.Column(name, sa.BigInteger, nullable=False, server_default="0", comment=comment)
        op.add_column("promotions", column, schema="payments")
    op.create_check_constraint(
        "within_agreed_budget", "promotions", "agreed_spent_minor >= 0 AND agreed_spent_minor <= agreed_budget_minor", schema="payments"
    )
    share = "What the platform bears; the organizer the rest."
    column = sa.Column("platform_minor", sa.BigInteger, nullable=False, server_default="0", comment=share)
    op.add_column("promotion_uses", column, schema="payments")
    op.create_check_constraint(
        "platform_bears_a_share",
        "promotion_uses",
        "platform_minor >= 0 AND bank_minor + platform_minor <= discount_minor",
        schema="payments",
    )
    op.alter_column("promotion_uses", "bank_minor", comment="What of the discount the bank bears.", schema="payments")
