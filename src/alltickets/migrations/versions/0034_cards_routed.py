"""payments: the decision of an attempt may be taken anew until something of it is sent"""

from alembic import op

revision = "0034_cards_routed"
down_revision = "0033_bank_promotions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table_comment(
        "route_decisions",
        "One for an attempt: the last before anything of it was sent, never changed afterwards.",
        existing_comment="Append-only.",
        schema="payments",
    )
