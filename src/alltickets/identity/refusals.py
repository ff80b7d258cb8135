"""What identity refuses, and why.

Refusal
├── NotSignedIn, NotPermitted, CrossSiteRequest          who may call (authorize)
├── WrongCredentials, TooManyTries, NoMembership         signing in
├── MailTaken, SlugTaken, SlugUnusable, WeakPassword,
│   UnknownRegionalSetting                               signing up
├── LastOwner, RoleBeyondYours, AlreadyMember,
│   ScopesBeyondYours                                    members and API keys
├── InvitationGone, PairingCodeGone                      one-time codes
└── NoSuchMember, NoSuchInvitation, NoSuchApiKey, NoSuchDevice
"""

from dataclasses import dataclass
from uuid import UUID

from alltickets.kernel.errors import Refusal

__all__ = [
    "AlreadyMember",
    "CrossSiteRequest",
    "InvitationGone",
    "LastOwner",
    "MailTaken",
    "NoMembership",
    "NoSuchApiKey",
    "NoSuchDevice",
    "NoSuchInvitation",
    "NoSuchMember",
    "NotPermitted",
    "NotSignedIn",
    "PairingCodeGone",
    "RoleBeyondYours",
    "ScopesBeyondYours",
    "SlugTaken",
    "SlugUnusable",
    "TooManyTries",
    "UnknownRegionalSetting",
    "WeakPassword",
    "WrongCredentials",
]


@dataclass(eq=False)
class NotSignedIn(Refusal):
    """The operation needs credentials, and none came that are valid now."""

    def __str__(self) -> str:
        return "This needs a valid sign-in, API key or device token. Sign in or pair again, then repeat the request."


@dataclass(eq=False)
class NotPermitted(Refusal):
    """The caller is known but lacks `missing`; empty when another kind of caller is asked for, e.g. a device."""

    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.missing:
            return "These credentials are of a kind that cannot be used here. Use the kind that /api/openapi.json names for this operation."
        return f"Your role or key does not include {', '.join(self.missing)}. Ask an owner of the organizer for it."


@dataclass(eq=False)
class CrossSiteRequest(Refusal):
    """A browser says that a page of another site sent this request with the user's cookie."""

    def __str__(self) -> str:
        return "This request was sent by a page of another site, so nothing was done. Repeat it from the organizer's own pages."


@dataclass(eq=False)
class WrongCredentials(Refusal):
    """Mail and password do not belong together. Never says which of the two is wrong."""

    def __str__(self) -> str:
        return "Mail and password do not match. Check both and try again."


@dataclass(eq=False)
class TooManyTries(Refusal):
    """Too many tries for this account or from this address in a short time: of signing in or up, of codes, or of secrets."""

    retry_after_seconds: int

    def __str__(self) -> str:
        return f"Too many tries. Wait {self.retry_after_seconds} seconds, then try again."


@dataclass(eq=False)
class NoMembership(Refusal):
    """The account is fine but belongs to no organizer, or not to the one asked for."""

    def __str__(self) -> str:
        return "Your account does not belong to that organizer. Ask one of its owners for an invitation."


@dataclass(eq=False)
class MailTaken(Refusal):
    """An account with this mail exists."""

    def __str__(self) -> str:
        return "There is an account with this mail already. Sign in with it instead."


@dataclass(eq=False)
class SlugTaken(Refusal):
    """Another organizer has this slug."""

    slug: str

    def __str__(self) -> str:
        return f"The short name {self.slug} belongs to another organizer. Choose another one."


@dataclass(eq=False)
class SlugUnusable(Refusal):
    """The slug given is none, or none was given and the name yields none."""

    def __str__(self) -> str:
        return "This makes no short name. Send a `slug` of 3 to 63 lower-case letters, digits and inner hyphens."


@dataclass(eq=False)
class WeakPassword(Refusal):
    """The password is too easy to guess; `characters_min` is how long it has to be."""

    characters_min: int

    def __str__(self) -> str:
        return (
            f"This password is too easy to guess. Use at least {self.characters_min} characters, several different ones, without your mail."
        )


@dataclass(eq=False)
class UnknownRegionalSetting(Refusal):
    """A currency, time zone or locale that is not known here."""

    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.value!r} is no known {self.field}. Use a code such as ARS, America/Argentina/Buenos_Aires or es-AR."


@dataclass(eq=False)
class LastOwner(Refusal):
    """The organizer would be left without an owner."""

    def __str__(self) -> str:
        return "An organizer needs an owner, and this is the last one. Make someone else an owner first."


@dataclass(eq=False)
class RoleBeyondYours(Refusal):
    """Nobody grants, changes or removes a role that may do more than they may themselves."""

    role: str

    def __str__(self) -> str:
        return f"The role {self.role} may do more than yours. Ask an owner to do this."


@dataclass(eq=False)
class ScopesBeyondYours(Refusal):
    """An API key never may do what its maker may not, nor manage members or keys."""

    scopes: tuple[str, ...]

    def __str__(self) -> str:
        return f"You cannot give a key {', '.join(self.scopes)}. Leave that out, or ask an owner."


@dataclass(eq=False)
class AlreadyMember(Refusal):
    """The invited person belongs to the organizer."""

    def __str__(self) -> str:
        return "This person is a member already. Change the role of the membership instead."


@dataclass(eq=False)
class InvitationGone(Refusal):
    """Unknown, used, withdrawn or expired: which of them is nobody's business."""

    def __str__(self) -> str:
        return "This invitation cannot be used, or not any more. Ask the organizer for a new one."


@dataclass(eq=False)
class PairingCodeGone(Refusal):
    """Unknown, used, revoked or expired."""

    def __str__(self) -> str:
        return "This pairing code cannot be used, or not any more. Ask the organizer for a new one."


@dataclass(eq=False)
class NoSuchMember(Refusal):
    """The organizer has no such member."""

    user_id: UUID

    def __str__(self) -> str:
        return "There is no such member. List the members to see who belongs to the organizer."


@dataclass(eq=False)
class NoSuchInvitation(Refusal):
    """The organizer has no such pending invitation."""

    invitation_id: UUID

    def __str__(self) -> str:
        return "There is no such pending invitation. List the invitations to see which are open."


@dataclass(eq=False)
class NoSuchApiKey(Refusal):
    """The organizer has no such API key."""

    api_key_id: UUID

    def __str__(self) -> str:
        return "There is no such API key. List the keys to see which exist."


@dataclass(eq=False)
class NoSuchDevice(Refusal):
    """The organizer has no such device."""

    device_id: UUID

    def __str__(self) -> str:
        return "There is no such device. List the devices to see which exist."
