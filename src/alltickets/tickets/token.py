"""The token in a ticket's QR code: what is signed, byte by byte. Pure; `docs/ticket-token.md` explains it and why it is so.

It says which ticket it is and what the door needs to decide with no network, and carries the event's Ed25519 signature (RFC 8032) over
that. It holds no personal data. Reading is strict and total: any text is a token or a reason why not.
"""

import struct
from enum import StrEnum
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alltickets.tickets import base45

__all__ = [
    "CODE_LENGTH",
    "KEY_NUMBER_MAX",
    "SERIAL_MAX",
    "SignedToken",
    "Token",
    "Unreadable",
    "read_code",
    "short_event",
    "short_id",
    "write_code",
]

VERSION = 1
SIGNATURE_BYTES = 64
KEY_NUMBER_MAX = 0xFF
SERIAL_MAX = 0xFFFF
# version, key number, event, ticket, serial, performance, ticket type, sector
_LAYOUT = struct.Struct(">BB6s16sH4s4s4s")
TOKEN_BYTES = _LAYOUT.size + SIGNATURE_BYTES
CODE_LENGTH = TOKEN_BYTES // 2 * 3
"""Characters of a code: 153. QR version 6 at level M takes 154 of them, so not one byte more fits."""


class Unreadable(StrEnum):
    """Why a text is no token of ours."""

    NOT_BASE45 = "not_base45"
    """Some other code: an address, a lower-case text."""
    WRONG_LENGTH = "wrong_length"
    """Cut off, or of something else."""
    UNKNOWN_VERSION = "unknown_version"
    """Of a newer release than this one, or of something else."""
    IMPOSSIBLE = "impossible"
    """A key number or serial of 0, which nobody who signs would write."""


class Token(msgspec.Struct, frozen=True):
    """What a ticket's code says."""

    key_number: int
    """Which of the event's keys signed it; the first is 1."""
    event: bytes
    """`short_event` of the event."""
    ticket_id: UUID
    serial: int
    """1 at first, one more at each reissue; an older one than the ticket's is revoked."""
    performance: bytes
    """`short_id` of the performance; the same for the next two."""
    ticket_type: bytes
    sector: bytes


class SignedToken(msgspec.Struct, frozen=True):
    """A token as it was read: to be believed once its event's key is known to have signed it."""

    token: Token
    payload: bytes
    signature: bytes


def short_event(event_id: UUID) -> bytes:
    """The last 6 bytes of the id, random in a UUIDv7: tells apart the events of one organizer."""
    return event_id.bytes[10:]


def short_id(part_id: UUID) -> bytes:
    """The last 4 bytes of the id of a performance, ticket type or sector, random in a UUIDv7: tells apart those of one event."""
    return part_id.bytes[12:]


def write_code(token: Token, key: Ed25519PrivateKey) -> str:
    """Sign and encode. The same token and key give the same code, for an Ed25519 signature has no randomness of its own."""
    assert 1 <= token.key_number <= KEY_NUMBER_MAX, "key numbers start at 1 and fit a byte"
    assert 1 <= token.serial <= SERIAL_MAX, "serials start at 1 and fit two bytes"
    payload = _LAYOUT.pack(
        VERSION,
        token.key_number,
        token.event,
        token.ticket_id.bytes,
        token.serial,
        token.performance,
        token.ticket_type,
        token.sector,
    )
    return base45.encode(payload + key.sign(payload))


def read_code(code: str) -> SignedToken | Unreadable:
    """What a scanned text says, not yet verified. Never raises."""
    try:
        data = base45.decode(code)
    except ValueError:
        return Unreadable.NOT_BASE45
    if len(data) != TOKEN_BYTES:
        return Unreadable.WRONG_LENGTH
    version, key_number, event, ticket, serial, performance, ticket_type, sector = _LAYOUT.unpack_from(data)
    if version != VERSION:
        return Unreadable.UNKNOWN_VERSION
    if key_number == 0 or serial == 0:
        return Unreadable.IMPOSSIBLE
    token = Token(key_number, event, UUID(bytes=ticket), serial, performance, ticket_type, sector)
    return SignedToken(token, data[: _LAYOUT.size], data[_LAYOUT.size :])
