"""payments: a gateway divides sales by a dated contract of its account, and reports tell what it paid to the platform"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0045_split_sales"
down_revision = "0044_promotion_shares"
branch_labels = None
depends_on = None

STATES = "matched amount_differs fee_differs platform_fee_differs currency_differs missing_here duplicate not_compared unreadable"


def upgrade() -> None:
    # Constant defaults are kept beside the table: no row is written.
    contracts = "Of `SplitContract`: whether its sales are divided."
    column = sa.Column("split_contracts", JSONB, nullable=False, server_default="[]", comment=contracts)
    op.add_column("accounts", column, schema="payments")
    fee = "What the gateway pays to the platform; None: it divides nothing."
    op.add_column("attempts", sa.Column("platform_fee_minor", sa.BigInteger, comment=fee), schema="payments")
    column = sa.Column("platform_fee_minor", sa.BigInteger, nullable=False, server_default="0", comment="Paid to the platform out of it.")
    op.add_column("settlement_lines", column, schema="payments")
    _let_platform_fees_differ()


def _let_platform_fees_differ() -> None:
    """Checked after it is in force, so that nobody waits while the rows that stand are read."""
    op.drop_constraint("state_known", "settlement_lines", schema="payments")
    listed = ", ".join(f"'{state}'" for state in STATES.split())
    op.execute(f"ALTER TABLE payments.settlement_lines ADD CONSTRAINT state_known CHECK (state IN ({listed})) NOT VALID")
    op.execute("ALTER TABLE payments.settlement_lines VALIDATE CONSTRAINT state_known")
