"""embedding: the sites that may frame an organizer's tickets"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

revision = "0017_embedding"
down_revision = "0016_waiting_list"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "embeddings",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("origins", ARRAY(sa.Text), nullable=False, comment="as browsers compare them: https://www.example.com"),
        sa.PrimaryKeyConstraint("organizer_id"),
        schema="marketing",
        comment="The sites that may frame an organizer's tickets.",
    )
    # An organizer may own any share of the table (docs/decisions/0008).
    op.execute("ALTER TABLE marketing.embeddings ALTER COLUMN organizer_id SET STATISTICS 0")
