"""catalog: its schema"""

from alembic import op

revision = "0003_catalog"
down_revision = "0002_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA catalog")
