"""pricing: its schema"""

from alembic import op

revision = "0005_pricing"
down_revision = "0004_inventory"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA pricing")
