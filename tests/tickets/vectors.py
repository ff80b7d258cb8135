"""The test vectors of the token, made anew from fixed keys: `python -m tests.tickets.vectors` writes tests/vectors/ticket_tokens.json."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alltickets.tickets import base45
from alltickets.tickets.token import Token, short_event, short_id, write_code

PATH = Path(__file__).parent.parent / "vectors" / "ticket_tokens.json"

EVENT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
EVENT_ID = UUID("0199a0b1-c2d3-7e4f-8a5b-6c7d8e9fa0b1")
OTHER_EVENT_ID = UUID("0199a0b1-c2d3-7e4f-8a5b-0d0e0f101112")
PERFORMANCE_ID = UUID("0199a0b1-c2d3-7000-8000-000011111111")
TICKET_TYPE_ID = UUID("0199a0b1-c2d3-7000-8000-000022222222")
SECTOR_ID = UUID("0199a0b1-c2d3-7000-8000-000033333333")
TICKET_ID = UUID("0199a0b1-c2d3-7abc-9def-0123456789ab")

# The order of the group that Ed25519 signs in (RFC 8032, section 5.1): S and S + L satisfy the same equation.
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def token(**changes: Any) -> Token:
    """A token with boring fields, but for these."""
    fields: dict[str, Any] = {
        "key_number": 1,
        "event": short_event(EVENT_ID),
        "ticket_id": TICKET_ID,
        "serial": 1,
        "performance": short_id(PERFORMANCE_ID),
        "ticket_type": short_id(TICKET_TYPE_ID),
        "sector": short_id(SECTOR_ID),
    }
    return Token(**{**fields, **changes})


def changed(code: str, place: int, value: int | None = None) -> str:
    """The code with one byte set, or with its lowest bit flipped."""
    data = bytearray(base45.decode(code))
    data[place] = data[place] ^ 1 if value is None else value
    return base45.encode(bytes(data))


def build() -> dict[str, Any]:
    """All vectors."""
    code = write_code(token(), EVENT_KEY)
    data = base45.decode(code)
    s_plus_order = (int.from_bytes(data[70:], "little") + GROUP_ORDER).to_bytes(32, "little")
    return {
        "about": "Codes of ticket QR symbols, see docs/ticket-token.md. Keys are for these vectors only. Bytes are hexadecimal.",
        "keys": {
            "event": {"private": EVENT_KEY.private_bytes_raw().hex(), "public": EVENT_KEY.public_key().public_bytes_raw().hex()},
            "other": {"private": OTHER_KEY.private_bytes_raw().hex(), "public": OTHER_KEY.public_key().public_bytes_raw().hex()},
        },
        "genuine": [
            _genuine("a first code", token()),
            _genuine("a reissued code", token(serial=2)),
            _genuine("the highest serial and key number", token(serial=65535, key_number=255)),
            _genuine("another ticket", token(ticket_id=UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))),
            _genuine("every short id zero", token(event=bytes(6), performance=bytes(4), ticket_type=bytes(4), sector=bytes(4))),
        ],
        "not_genuine": [
            {"name": "signed by another key", "code": write_code(token(), OTHER_KEY)},
            {"name": "another ticket under this signature", "code": changed(code, 8)},
            {"name": "another serial under this signature", "code": changed(code, 25, 2)},
            {"name": "another sector under this signature", "code": changed(code, 37)},
            {"name": "first half of the signature changed", "code": changed(code, 38)},
            {"name": "last byte of the signature changed", "code": changed(code, 101)},
            {"name": "no signature at all", "code": base45.encode(data[:38] + bytes(64))},
            {"name": "the same signature in its second form, S + L", "code": base45.encode(data[:70] + s_plus_order)},
        ],
        "unreadable": [
            {"name": "an address", "code": "HTTPS://EXAMPLE.COM/E/FIESTA?X", "why": "not_base45"},
            {"name": "lower case", "code": code.lower(), "why": "not_base45"},
            {"name": "a space before it becomes a character too many", "code": " " + code, "why": "not_base45"},
            {"name": "a line end after it", "code": code + "\n", "why": "not_base45"},
            {"name": "three characters above two bytes", "code": ":::" + code[3:], "why": "not_base45"},
            {"name": "nothing", "code": "", "why": "wrong_length"},
            {"name": "cut off", "code": code[:-3], "why": "wrong_length"},
            {"name": "too long", "code": code + "000", "why": "wrong_length"},
            {"name": "a version of the future", "code": changed(code, 0, 2), "why": "unknown_version"},
            {"name": "key number zero", "code": changed(code, 1, 0), "why": "impossible"},
            {"name": "serial zero", "code": changed(code, 25, 0), "why": "impossible"},
        ],
    }


def _genuine(name: str, of: Token) -> dict[str, Any]:
    code = write_code(of, EVENT_KEY)
    return {
        "name": name,
        "code": code,
        "payload": base45.decode(code)[:38].hex(),
        "token": {
            "key_number": of.key_number,
            "event": of.event.hex(),
            "ticket_id": str(of.ticket_id),
            "serial": of.serial,
            "performance": of.performance.hex(),
            "ticket_type": of.ticket_type.hex(),
            "sector": of.sector.hex(),
        },
    }


def written(vectors: dict[str, Any]) -> str:
    """As the file stands."""
    return json.dumps(vectors, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(written(build()), encoding="utf-8")
