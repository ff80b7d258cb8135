"""payments: what instalments with interest cost at an account, as its organizer states it"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035_instalment_plans"
down_revision = "0034_cards_routed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("instalment_plans", JSONB, nullable=False, server_default="[]", comment="Of `InstalmentPlan`: what buyers are told."),
        schema="payments",
    )
