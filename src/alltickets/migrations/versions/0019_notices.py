"""payments: unsigned callbacks, what stood in a callback's address, and what gateways tell of a charge beside its amount"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019_notices"
down_revision = "0018_withdrawals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "callbacks",
        sa.Column("query", sa.Text, nullable=False, server_default="", comment="What stood behind the ? of its address."),
        schema="payments",
    )
    op.add_column(
        "callbacks",
        sa.Column("is_verified", sa.Boolean, nullable=False, server_default=sa.true(), comment="Signed; what is not may only hint."),
        schema="payments",
    )
    op.add_column(
        "charges",
        sa.Column("facts", JSONB, nullable=False, server_default="{}", comment="`ChargeFacts`: card, method, instalments, fee."),
        schema="payments",
    )
    op.alter_column("callbacks", "body", comment="The bytes as they came.", schema="payments")
