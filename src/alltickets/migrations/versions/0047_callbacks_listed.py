"""payments: stored callbacks are listed by what became of them, and say why they were not applied"""

import sqlalchemy as sa
from alembic import op

revision = "0047_callbacks_listed"
down_revision = "0046_mended_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("callbacks", sa.Column("error", sa.Text, comment="Why it is not applied."), schema="payments")
    # What is applied at once never comes into it. It says nothing of the state, or the statements that apply callbacks could take it for
    # theirs, and each change of a state would be written to every index of the table.
    op.create_index(
        "callbacks_left",
        "callbacks",
        ["organizer_id", "id"],
        schema="payments",
        postgresql_where=sa.text("error IS NOT NULL OR next_try_at IS NOT NULL"),
    )
