"""tickets: its schema"""

from alembic import op

revision = "0007_tickets"
down_revision = "0006_payments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA tickets")
