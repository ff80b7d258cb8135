"""payments: its schema"""

from alembic import op

revision = "0006_payments"
down_revision = "0005_pricing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA payments")
