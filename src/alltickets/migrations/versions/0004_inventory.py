"""inventory: its schema"""

from alembic import op

revision = "0004_inventory"
down_revision = "0003_catalog"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA inventory")
