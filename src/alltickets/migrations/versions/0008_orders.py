"""orders: its schema"""

from alembic import op

revision = "0008_orders"
down_revision = "0007_tickets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA orders")
