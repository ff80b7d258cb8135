"""access: its schema"""

from alembic import op

revision = "0009_access"
down_revision = "0008_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA access")
