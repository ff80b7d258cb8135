"""Tables of identity. Tables whose comment begins with `Directory` belong to no organizer: they find out whose a thing is."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = sa.MetaData(schema="identity")


def _id(name: str) -> "sa.Column[object]":
    return sa.Column(name, UUID(as_uuid=True), nullable=False)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text, nullable=False)


def _at(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("user_id", UUID(as_uuid=True), primary_key=True),
    _text("mail"),
    _text("name"),
    _text("password_hash"),
    _at("created_at"),
    sa.UniqueConstraint("mail", name="accounts_mail_key"),
    comment="Directory of people across the platform, by mail: one sign-in for all organizers that somebody works for.",
)

affiliations = sa.Table(
    "affiliations",
    metadata,
    _id("user_id"),
    _id("organizer_id"),
    _at("last_used_at"),
    sa.PrimaryKeyConstraint("user_id", "organizer_id"),
    comment="Directory of where a user is a member; the membership itself, with its role, is the organizer's own row.",
)

slugs = sa.Table(
    "slugs",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    _id("organizer_id"),
    _text("name"),
    sa.UniqueConstraint("organizer_id", name="slugs_organizer_id_key"),
    comment="Directory of organizers by slug, with a copy of their name for lists of several organizers.",
)

credentials = sa.Table(
    "credentials",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),
    _text("kind"),
    _id("organizer_id"),
    _id("subject_id"),
    _at("expires_at", nullable=True),
    sa.UniqueConstraint("organizer_id", "subject_id", name="credentials_organizer_id_subject_id_key"),
    sa.CheckConstraint("kind IN ('session', 'api_key', 'device', 'invitation', 'pairing')", name="credentials_kind_check"),
    sa.CheckConstraint("octet_length(hash) = 32", name="credentials_hash_check"),
    sa.Index("credentials_expires_at_index", "expires_at"),
    comment="Directory of valid tokens and codes by SHA-256; none of them is stored itself. NULL expires_at: until revoked.",
)

tries = sa.Table(
    "tries",
    metadata,
    _text("scope"),
    sa.Column("key_hash", sa.LargeBinary, nullable=False),
    _at("window_start"),
    sa.Column("count", sa.Integer, nullable=False),
    _at("expires_at"),
    sa.PrimaryKeyConstraint("scope", "key_hash", "window_start"),
    sa.Index("tries_expires_at_index", "expires_at"),
    comment="Directory of tries by account or address (hashed) in each window, so that limits hold across processes.",
)

organizers = sa.Table(
    "organizers",
    metadata,
    sa.Column("organizer_id", UUID(as_uuid=True), primary_key=True),
    _text("slug"),
    _text("name"),
    _text("country"),
    _text("currency"),
    _text("timezone"),
    _text("locale"),
    _at("created_at"),
)

memberships = sa.Table(
    "memberships",
    metadata,
    _id("organizer_id"),
    _id("user_id"),
    _text("role"),
    _at("joined_at"),
    sa.PrimaryKeyConstraint("organizer_id", "user_id"),
    sa.ForeignKeyConstraint(["organizer_id"], ["identity.organizers.organizer_id"], name="memberships_organizer_id_fkey"),
    sa.CheckConstraint("role IN ('owner', 'manager', 'finance', 'box_office', 'gate', 'viewer')", name="memberships_role_check"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _id("organizer_id"),
    _id("session_id"),
    _id("user_id"),
    _at("started_at"),
    _at("last_seen_at"),
    _at("expires_at"),
    sa.PrimaryKeyConstraint("organizer_id", "session_id"),
    sa.ForeignKeyConstraint(
        ["organizer_id", "user_id"], ["identity.memberships.organizer_id", "identity.memberships.user_id"], name="sessions_membership_fkey"
    ),
    sa.Index("sessions_user_index", "organizer_id", "user_id"),
    sa.Index("sessions_expires_at_index", "organizer_id", "expires_at"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    _id("organizer_id"),
    _id("invitation_id"),
    _text("mail"),
    _text("role"),
    _text("status"),
    _id("invited_by"),
    _at("created_at"),
    _at("expires_at"),
    sa.PrimaryKeyConstraint("organizer_id", "invitation_id"),
    sa.CheckConstraint("role IN ('owner', 'manager', 'finance', 'box_office', 'gate', 'viewer')", name="invitations_role_check"),
    sa.CheckConstraint("status IN ('pending', 'accepted', 'withdrawn')", name="invitations_status_check"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _id("organizer_id"),
    _id("api_key_id"),
    _text("name"),
    sa.Column("scopes", ARRAY(sa.Text), nullable=False),
    _text("hint"),
    _id("created_by"),
    _at("created_at"),
    _at("last_used_at", nullable=True),
    _at("revoked_at", nullable=True),
    sa.PrimaryKeyConstraint("organizer_id", "api_key_id"),
)

devices = sa.Table(
    "devices",
    metadata,
    _id("organizer_id"),
    _id("device_id"),
    _text("name"),
    sa.Column("event_id", UUID(as_uuid=True)),
    _text("status"),
    _at("created_at"),
    _at("code_expires_at"),
    _at("paired_at", nullable=True),
    _at("last_seen_at", nullable=True),
    sa.PrimaryKeyConstraint("organizer_id", "device_id"),
    sa.CheckConstraint("status IN ('awaiting', 'paired', 'revoked')", name="devices_status_check"),
)

audit_entries = sa.Table(
    "audit_entries",
    metadata,
    _id("organizer_id"),
    _id("audit_entry_id"),
    _at("at"),
    _text("actor_kind"),
    sa.Column("actor_id", UUID(as_uuid=True)),
    _text("actor_label"),
    _text("action"),
    _text("subject_kind"),
    sa.Column("subject_id", UUID(as_uuid=True)),
    sa.Column("detail", JSONB, nullable=False),
    sa.PrimaryKeyConstraint("organizer_id", "audit_entry_id"),
    sa.CheckConstraint("actor_kind IN ('user', 'api_key', 'device', 'system', 'buyer')", name="audit_entries_actor_kind_check"),
)
