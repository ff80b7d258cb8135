"""payments: sellers who connect through the platform's application (OAuth)"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0029_sellers"
down_revision = "0028_routing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _sellers()
    op.create_table(
        "seller_directory",
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("seller_id", sa.Text, nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "seller_id", "account_id"),
        comment="Directory of sellers: whose accounts a notice to the platform's application is about.",
        schema="payments",
    )
    op.create_table(
        "seller_asks",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("state_digest", sa.LargeBinary, nullable=False, comment="SHA-256 of what the browser carries."),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("user_id", UUID(as_uuid=True), nullable=False, comment="Who asked, and alone may come back."),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("verifier_sealed", sa.Text, nullable=False, comment="Of PKCE; sealed by the key ring."),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "state_digest"),
        schema="payments",
    )
    # An organizer may own any share of a table (docs/decisions/0008).
    op.execute("ALTER TABLE payments.sellers ALTER COLUMN organizer_id SET STATISTICS 0")
    op.execute("ALTER TABLE payments.seller_asks ALTER COLUMN organizer_id SET STATISTICS 0")


def _sellers() -> None:
    op.create_table(
        "sellers",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("seller_id", sa.Text, nullable=False, comment="The provider's."),
        sa.Column("nickname", sa.Text, nullable=False),
        sa.Column("is_live", sa.Boolean, nullable=False),
        sa.Column(
            "grants", sa.Integer, nullable=False, comment="How often tokens were stored: newer ones are never replaced by older ones."
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renew_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renew_tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), comment="When it is renewed or looked at. None: it has ended."),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "account_id"),
        sa.UniqueConstraint("organizer_id", "gateway", "seller_id", name="sellers_seller"),
        sa.Index("sellers_due", "organizer_id", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
        comment="Accounts whose seller lets the platform's application act for them; the tokens stand with the account.",
        schema="payments",
    )
