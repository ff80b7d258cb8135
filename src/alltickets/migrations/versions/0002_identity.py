"""identity: accounts, organizers, memberships, sessions, invitations, API keys, devices, the audit log; their directories"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

revision = "0002_identity"
down_revision = "0001_platform"
branch_labels = None
depends_on = None

ROLES = "('owner', 'manager', 'finance', 'box_office', 'gate', 'viewer')"


def upgrade() -> None:
    op.execute("CREATE SCHEMA identity")
    _directories()
    _people()
    _machines()
    op.create_table(
        "audit_entries",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("audit_entry_id", UUID(as_uuid=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", UUID(as_uuid=True)),
        sa.Column("actor_label", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", UUID(as_uuid=True)),
        sa.Column("detail", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "audit_entry_id"),
        sa.CheckConstraint("actor_kind IN ('user', 'api_key', 'device', 'system')", name="audit_entries_actor_kind_check"),
        schema="identity",
    )


def _directories() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("mail", name="accounts_mail_key"),
        schema="identity",
        comment="Directory of people across the platform, by mail: one sign-in for all organizers that somebody works for.",
    )
    op.create_table(
        "affiliations",
        sa.Column("user_id", UUID(as_uuid=True), nullable=False),
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "organizer_id"),
        schema="identity",
        comment="Directory of where a user is a member; the membership itself, with its role, is the organizer's own row.",
    )
    op.create_table(
        "slugs",
        sa.Column("slug", sa.Text, primary_key=True),
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.UniqueConstraint("organizer_id", name="slugs_organizer_id_key"),
        schema="identity",
        comment="Directory of organizers by slug, with a copy of their name for lists of several organizers.",
    )
    op.create_table(
        "credentials",
        sa.Column("hash", sa.LargeBinary, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("subject_id", UUID(as_uuid=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("organizer_id", "subject_id", name="credentials_organizer_id_subject_id_key"),
        sa.CheckConstraint("kind IN ('session', 'api_key', 'device', 'invitation', 'pairing')", name="credentials_kind_check"),
        sa.CheckConstraint("octet_length(hash) = 32", name="credentials_hash_check"),
        schema="identity",
        comment="Directory of valid tokens and codes by SHA-256; none of them is stored itself. NULL expires_at: until revoked.",
    )
    op.create_index("credentials_expires_at_index", "credentials", ["expires_at"], schema="identity")
    op.create_table(
        "tries",
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_hash", "window_start"),
        schema="identity",
        comment="Directory of tries by account or address (hashed) in each window, so that limits hold across processes.",
    )
    op.create_index("tries_expires_at_index", "tries", ["expires_at"], schema="identity")


def _people() -> None:
    op.create_table(
        "organizers",
        sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        schema="identity",
    )
    op.create_table(
        "memberships",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("user_id", UUID(as_uuid=True), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "user_id"),
        sa.ForeignKeyConstraint(["organizer_id"], ["identity.organizers.organizer_id"], name="memberships_organizer_id_fkey"),
        sa.CheckConstraint(f"role IN {ROLES}", name="memberships_role_check"),
        schema="identity",
    )
    op.create_table(
        "sessions",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("session_id", UUID(as_uuid=True), nullable=False),
        sa.Column("user_id", UUID(as_uuid=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "session_id"),
        sa.ForeignKeyConstraint(
            ["organizer_id", "user_id"],
            ["identity.memberships.organizer_id", "identity.memberships.user_id"],
            name="sessions_membership_fkey",
        ),
        schema="identity",
    )
    op.create_index("sessions_user_index", "sessions", ["organizer_id", "user_id"], schema="identity")
    op.create_index("sessions_expires_at_index", "sessions", ["organizer_id", "expires_at"], schema="identity")
    op.create_table(
        "invitations",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("invitation_id", UUID(as_uuid=True), nullable=False),
        sa.Column("mail", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("invited_by", UUID(as_uuid=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organizer_id", "invitation_id"),
        sa.CheckConstraint(f"role IN {ROLES}", name="invitations_role_check"),
        sa.CheckConstraint("status IN ('pending', 'accepted', 'withdrawn')", name="invitations_status_check"),
        schema="identity",
    )


def _machines() -> None:
    op.create_table(
        "api_keys",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("api_key_id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("created_by", UUID(as_uuid=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "api_key_id"),
        schema="identity",
    )
    op.create_table(
        "devices",
        sa.Column("organizer_id", UUID(as_uuid=True), nullable=False),
        sa.Column("device_id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("event_id", UUID(as_uuid=True)),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paired_at", sa.DateTime(timezone=True)),
        sa.Column("last_seen_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("organizer_id", "device_id"),
        sa.CheckConstraint("status IN ('awaiting', 'paired', 'revoked')", name="devices_status_check"),
        schema="identity",
    )
