"""What identity says over the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.identity.rules import PASSWORD_CHARACTERS_MIN, Permission, Role

__all__ = [
    "ApiKeyCreate",
    "ApiKeyCreated",
    "ApiKeyRead",
    "AuditEntryRead",
    "DeviceCreate",
    "DeviceCreated",
    "DevicePair",
    "DevicePaired",
    "DeviceRead",
    "InvitationAccept",
    "InvitationCreate",
    "InvitationCreated",
    "InvitationRead",
    "MemberChange",
    "MemberRead",
    "OrganizerChoice",
    "OrganizerNameRead",
    "OrganizerRead",
    "ProfileRead",
    "SessionRead",
    "SignInCreate",
    "SignUpCreate",
]

_PRINTABLE = r"[^\x00-\x1f\x7f]"
_MAIL_CHARACTER = r"[^@\s\x00-\x1f\x7f]"

Name = Annotated[
    str, Meta(min_length=1, max_length=120, pattern=f"^{_PRINTABLE}*[^\\s\\x00-\\x1f\\x7f]{_PRINTABLE}*$", examples=["Club Aurora"])
]
Mail = Annotated[
    str,
    Meta(
        min_length=5, max_length=254, pattern=rf"^{_MAIL_CHARACTER}+@{_MAIL_CHARACTER}+\.{_MAIL_CHARACTER}+$", examples=["ana@example.com"]
    ),
]
Slug = Annotated[str, Meta(min_length=3, max_length=63, pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", examples=["club-aurora"])]
NewPassword = Annotated[str, Meta(min_length=PASSWORD_CHARACTERS_MIN, max_length=200, examples=["correct horse battery"])]
Password = Annotated[str, Meta(min_length=1, max_length=200, examples=["correct horse battery"])]
Token = Annotated[str, Meta(min_length=1, max_length=100)]


class SignUpCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A new organizer and its first owner. Without a slug, one is made from the name."""

    name: Name
    slug: Slug | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$", min_length=2, max_length=2, description="ISO 3166-1 alpha-2")] = "AR"
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$", min_length=3, max_length=3, description="ISO 4217")] = "ARS"
    timezone: Annotated[str, Meta(max_length=64, description="IANA time zone")] = "America/Argentina/Buenos_Aires"
    locale: Annotated[str, Meta(max_length=16, description="es-AR, en or pt-BR")] = "es-AR"
    owner_name: Name
    owner_mail: Mail
    owner_password: NewPassword


class SignInCreate(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Mail and password."""

    mail: Mail
    password: Password


class SessionRead(msgspec.Struct, kw_only=True):
    """A session that began; its token travels in the cookie only."""

    organizer_id: UUID
    user_id: UUID
    name: str
    permissions: list[Permission]
    expires_at: datetime


class OrganizerRead(msgspec.Struct, kw_only=True):
    """The organizer that the session acts for."""

    organizer_id: UUID
    slug: str
    name: str
    country: str
    currency: str
    timezone: str
    locale: str


class OrganizerNameRead(msgspec.Struct, kw_only=True):
    """An organizer to choose."""

    organizer_id: UUID
    slug: str
    name: str


class MemberRead(msgspec.Struct, kw_only=True):
    """A person in the organizer."""

    user_id: UUID
    mail: str
    name: str
    role: Role
    joined_at: datetime


class ProfileRead(msgspec.Struct, kw_only=True):
    """Who is signed in, for whom, what they may do, and for whom else they may work."""

    member: MemberRead
    organizer: OrganizerRead
    permissions: list[Permission]
    organizers: list[OrganizerNameRead]


class OrganizerChoice(msgspec.Struct, forbid_unknown_fields=True):
    """The organizer to work for from now on."""

    organizer_id: UUID


class InvitationCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to invite as what."""

    mail: Mail
    role: Role


class InvitationRead(msgspec.Struct, kw_only=True):
    """A pending invitation."""

    invitation_id: UUID
    mail: str
    role: Role
    created_at: datetime
    expires_at: datetime


class InvitationCreated(msgspec.Struct, kw_only=True):
    """An invitation with the token to hand to the invited person; it is not shown again."""

    invitation: InvitationRead
    token: str


class InvitationAccept(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The token with the name and password of a new account, or with the password of the account that the mail has."""

    token: Token
    name: Name
    password: Password


class MemberChange(msgspec.Struct, forbid_unknown_fields=True):
    """Another role."""

    role: Role


class ApiKeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """What the key is for, and what it may do."""

    name: Name
    scopes: Annotated[list[Permission], Meta(min_length=1, max_length=len(Permission))]


class ApiKeyRead(msgspec.Struct, kw_only=True):
    """A key without its token; `hint` is how the token begins."""

    api_key_id: UUID
    name: str
    scopes: list[str]
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class ApiKeyCreated(msgspec.Struct, kw_only=True):
    """A key with its token; it is not shown again."""

    api_key: ApiKeyRead
    token: str


class DeviceCreate(msgspec.Struct, forbid_unknown_fields=True):
    """A scanner to be paired, for all events or for one."""

    name: Name
    event_id: UUID | None = None


class DeviceRead(msgspec.Struct, kw_only=True):
    """A scanner. `status` is awaiting, paired or revoked."""

    device_id: UUID
    name: str
    event_id: UUID | None
    status: str
    created_at: datetime
    code_expires_at: datetime
    paired_at: datetime | None
    last_seen_at: datetime | None


class DeviceCreated(msgspec.Struct, kw_only=True):
    """A scanner with the code to type on it; it is not shown again."""

    device: DeviceRead
    pairing_code: str


class DevicePair(msgspec.Struct, forbid_unknown_fields=True):
    """The code as typed; case, spaces and hyphens do not matter."""

    code: Annotated[str, Meta(min_length=1, max_length=40, examples=["7K3M-Q2XP-9DTR"])]


class DevicePaired(msgspec.Struct, kw_only=True):
    """The scanner's token, to be kept on the device; it is not shown again."""

    device_id: UUID
    organizer_id: UUID
    event_id: UUID | None
    name: str
    token: str


class AuditEntryRead(msgspec.Struct, kw_only=True):
    """Who did what to which thing."""

    audit_entry_id: UUID
    at: datetime
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    action: str
    subject_kind: str
    subject_id: UUID | None
    detail: dict[str, str | int | bool | None]
