"""Reads of identity."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.platform.database import Reader, uuid_array
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "Account",
    "ApiKey",
    "Device",
    "Invitation",
    "Member",
    "Organizer",
    "OrganizerName",
    "account_of_mail",
    "account_of_user",
    "api_keys_of",
    "device_names",
    "devices_of",
    "invitations_of",
    "member_of",
    "members_of",
    "organizer_id_of_slug",
    "organizer_of",
    "organizers_of_user",
    "pending_invitation",
]


@dataclass(frozen=True)
class Organizer:
    """An organizer with the regional defaults that its events start from: ISO 3166, ISO 4217, IANA zone, BCP 47."""

    organizer_id: UUID
    slug: str
    name: str
    country: str
    currency: str
    timezone: str
    locale: str


@dataclass(frozen=True)
class OrganizerName:
    """An organizer as it stands in a list to choose from."""

    organizer_id: UUID
    slug: str
    name: str


@dataclass(frozen=True)
class Account:
    """A person across the platform. Never leaves identity: it carries the password's hash."""

    user_id: UUID
    mail: str
    name: str
    password_hash: str


@dataclass(frozen=True)
class Member:
    """A person in an organizer."""

    user_id: UUID
    mail: str
    name: str
    role: str
    joined_at: datetime


@dataclass(frozen=True)
class Invitation:
    """A pending invitation."""

    invitation_id: UUID
    mail: str
    role: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret; `hint` is how its token begins."""

    api_key_id: UUID
    name: str
    scopes: list[str]
    hint: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Device:
    """A scanner. `status`: awaiting (its pairing code is out), paired, revoked. `event_id` None: any event of the organizer's."""

    device_id: UUID
    name: str
    event_id: UUID | None
    status: str
    created_at: datetime
    code_expires_at: datetime
    paired_at: datetime | None
    last_seen_at: datetime | None


async def organizer_of(reader: Reader) -> Organizer | None:
    """The reader's organizer; None when it never signed up."""
    return await reader.fetch_first(
        Organizer,
        """
        SELECT organizer_id, slug, name, country, currency, timezone, locale
          FROM identity.organizers
         WHERE organizer_id = %(organizer_id)s
        """,
    )


async def organizer_id_of_slug(reader: Reader, slug: str) -> UUID | None:
    """Whose slug this is."""
    rows = await reader.fetch_tuples("/* directory */ SELECT organizer_id FROM identity.slugs WHERE slug = %(slug)s", slug=slug)
    return rows[0][0] if rows else None


async def organizers_of_user(reader: Reader, user_id: UUID) -> Sequence[OrganizerName]:
    """The organizers that a user belongs to, the one worked for last first."""
    return await reader.fetch_all(
        OrganizerName,
        """
        /* directory */
        SELECT s.organizer_id, s.slug, s.name
          FROM identity.affiliations a
          JOIN identity.slugs s
            ON s.organizer_id = a.organizer_id
         WHERE a.user_id = %(user_id)s
         ORDER BY a.last_used_at DESC, s.slug
        """,
        user_id=user_id,
    )


async def account_of_mail(reader: Reader, mail: str) -> Account | None:
    """The account of a mail in its normal form (`rules.mail_key`)."""
    return await reader.fetch_first(
        Account, "/* directory */ SELECT user_id, mail, name, password_hash FROM identity.accounts WHERE mail = %(mail)s", mail=mail
    )


async def account_of_user(reader: Reader, user_id: UUID) -> Account | None:
    """The account of a user."""
    return await reader.fetch_first(
        Account,
        "/* directory */ SELECT user_id, mail, name, password_hash FROM identity.accounts WHERE user_id = %(user_id)s",
        user_id=user_id,
    )


async def member_of(reader: Reader, user_id: UUID) -> Member | None:
    """One member of the reader's organizer."""
    return await reader.fetch_first(
        Member,
        """
        SELECT m.user_id, a.mail, a.name, m.role, m.joined_at
          FROM identity.memberships m
          JOIN identity.accounts a
            ON a.user_id = m.user_id
         WHERE m.organizer_id = %(organizer_id)s AND m.user_id = %(user_id)s
        """,
        user_id=user_id,
    )


async def members_of(reader: Reader, *, cursor: str | None, size: int) -> Page[Member]:
    """The members of the reader's organizer, oldest account first. Raises `CursorUnreadable`."""
    key = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        Member,
        """
        SELECT m.user_id, a.mail, a.name, m.role, m.joined_at
          FROM identity.memberships m
          JOIN identity.accounts a
            ON a.user_id = m.user_id
         WHERE m.organizer_id = %(organizer_id)s
           AND (%(after)s::uuid IS NULL OR m.user_id > %(after)s::uuid)
         ORDER BY m.user_id
         LIMIT %(limit)s
        """,
        after=key[0] if key else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda member: [str(member.user_id)])


async def invitations_of(reader: Reader, *, now: datetime, cursor: str | None, size: int) -> Page[Invitation]:
    """Invitations of the reader's organizer that can still be accepted, oldest first. Raises `CursorUnreadable`."""
    key = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        Invitation,
        """
        SELECT invitation_id, mail, role, created_at, expires_at
          FROM identity.invitations
         WHERE organizer_id = %(organizer_id)s AND status = 'pending' AND expires_at > %(now)s
           AND (%(after)s::uuid IS NULL OR invitation_id > %(after)s::uuid)
         ORDER BY invitation_id
         LIMIT %(limit)s
        """,
        now=now,
        after=key[0] if key else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda invitation: [str(invitation.invitation_id)])


async def pending_invitation(reader: Reader, invitation_id: UUID, *, now: datetime) -> Invitation | None:
    """The invitation, if it can still be accepted."""
    return await reader.fetch_first(
        Invitation,
        """
        SELECT invitation_id, mail, role, created_at, expires_at
          FROM identity.invitations
         WHERE organizer_id = %(organizer_id)s AND invitation_id = %(invitation_id)s AND status = 'pending' AND expires_at > %(now)s
        """,
        invitation_id=invitation_id,
        now=now,
    )


async def api_keys_of(reader: Reader, *, cursor: str | None, size: int) -> Page[ApiKey]:
    """API keys of the reader's organizer, oldest first, revoked ones among them. Raises `CursorUnreadable`."""
    key = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        ApiKey,
        """
        SELECT api_key_id, name, scopes, hint, created_at, last_used_at, revoked_at
          FROM identity.api_keys
         WHERE organizer_id = %(organizer_id)s
           AND (%(after)s::uuid IS NULL OR api_key_id > %(after)s::uuid)
         ORDER BY api_key_id
         LIMIT %(limit)s
        """,
        after=key[0] if key else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda api_key: [str(api_key.api_key_id)])


async def device_names(reader: Reader, device_ids: Collection[UUID]) -> dict[UUID, str]:
    """What the organizer calls these devices, revoked ones among them; by id, and those that there are."""
    rows = await reader.fetch_tuples(
        """
        SELECT device_id, name
          FROM identity.devices
         WHERE organizer_id = %(organizer_id)s AND device_id = ANY(%(device_ids)s::uuid[])
        """,
        device_ids=uuid_array(device_ids),
    )
    return dict(rows)


async def devices_of(reader: Reader, *, cursor: str | None, size: int) -> Page[Device]:
    """Devices of the reader's organizer, oldest first, revoked ones among them. Raises `CursorUnreadable`."""
    key = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        Device,
        """
        SELECT device_id, name, event_id, status, created_at, code_expires_at, paired_at, last_seen_at
          FROM identity.devices
         WHERE organizer_id = %(organizer_id)s
           AND (%(after)s::uuid IS NULL OR device_id > %(after)s::uuid)
         ORDER BY device_id
         LIMIT %(limit)s
        """,
        after=key[0] if key else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda device: [str(device.device_id)])
