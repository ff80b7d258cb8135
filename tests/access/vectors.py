"""The test vectors of admission, made anew from fixed keys: `python -m tests.access.vectors` writes tests/vectors/admission.json."""

from pathlib import Path
from typing import Any
from uuid import UUID

from alltickets.tickets.token import short_event, short_id, write_code
from tests.tickets.vectors import (
    EVENT_ID,
    EVENT_KEY,
    OTHER_EVENT_ID,
    OTHER_KEY,
    PERFORMANCE_ID,
    SECTOR_ID,
    TICKET_TYPE_ID,
    changed,
    token,
    written,
)

PATH = Path(__file__).parent.parent / "vectors" / "admission.json"

LATER = short_id(UUID("0199a0b1-c2d3-7000-8000-000044444444"))
OTHER_SECTOR = short_id(UUID("0199a0b1-c2d3-7000-8000-000055555555"))
OTHER_TICKET_TYPE = short_id(UUID("0199a0b1-c2d3-7000-8000-000066666666"))

DOORS, ENDS = "2026-11-20T22:00:00Z", "2026-11-21T05:00:00Z"
LATER_DOORS, LATER_ENDS = "2026-11-21T22:00:00Z", "2026-11-22T05:00:00Z"
INSIDE = "2026-11-21T01:30:00Z"
BEFORE, LAST_MOMENT = "2026-11-20T21:59:59Z", "2026-11-21T04:59:59Z"

VALID = {"serial": 1, "is_revoked": False}
CODE = write_code(token(), EVENT_KEY)


def build() -> dict[str, Any]:
    """All vectors."""
    both = {
        short_id(PERFORMANCE_ID).hex(): {"opens_at": DOORS, "closes_at": ENDS},
        LATER.hex(): {"opens_at": LATER_DOORS, "closes_at": LATER_ENDS},
    }
    return {
        "about": (
            "Who is let in. `known` is what is known of the ticket besides its code, null where nothing is (a door that is cut off);"
            " `used`: whether somebody went in with it before. Ids are the short ones of docs/ticket-token.md."
        ),
        "event": short_event(EVENT_ID).hex(),
        "keys": [
            {"number": 1, "public_key": EVENT_KEY.public_key().public_bytes_raw().hex(), "retired": False},
            {"number": 2, "public_key": OTHER_KEY.public_key().public_bytes_raw().hex(), "retired": True},
        ],
        "checkpoints": {
            "everything": {"performances": both, "ticket_types": [], "sectors": []},
            "strict": {
                "performances": {short_id(PERFORMANCE_ID).hex(): both[short_id(PERFORMANCE_ID).hex()]},
                "ticket_types": [short_id(TICKET_TYPE_ID).hex()],
                "sectors": [short_id(SECTOR_ID).hex()],
            },
            "nothing": {"performances": {}, "ticket_types": [], "sectors": []},
        },
        "cases": [*_codes(), *_known(), *_rules(), *_times(), *_precedence()],
    }


def _codes() -> list[dict[str, Any]]:
    return [
        _case("a valid ticket", "admitted"),
        _case("a valid ticket at a strict checkpoint", "admitted", checkpoint="strict"),
        _case("a menu", "unknown", code="HTTPS://EXAMPLE.COM/MENU"),
        _case("a cut off code", "unknown", code=CODE[:-3]),
        _case("a code of the future", "unknown", code=changed(CODE, 0, 2)),
        _case("another event", "wrong_event", code=write_code(token(event=short_event(OTHER_EVENT_ID)), OTHER_KEY)),
        _case("another event, said without its signature", "wrong_event", code=changed(CODE, 7)),
        _case("signed by another key", "forged", code=write_code(token(), OTHER_KEY)),
        _case("another ticket under this signature", "forged", code=changed(CODE, 8)),
        _case("signed by a key that the event never had", "forged", code=write_code(token(key_number=3), EVENT_KEY)),
        _case("signed by a retired key", "revoked", code=write_code(token(key_number=2), OTHER_KEY)),
        _case("the retired key's number under the live key's signature", "forged", code=write_code(token(key_number=2), EVENT_KEY)),
    ]


def _known() -> list[dict[str, Any]]:
    reissued = write_code(token(serial=2), EVENT_KEY)
    return [
        _case("nothing is known besides the code", "admitted", known=None),
        _case("revoked", "revoked", known={"serial": 1, "is_revoked": True}),
        _case("an older code of a reissued ticket", "revoked", known={"serial": 2, "is_revoked": False}),
        _case("the newer code of a reissued ticket", "admitted", code=reissued, known={"serial": 2, "is_revoked": False}),
        _case("a newer code than is known of", "admitted", code=reissued),
        _case("used before", "already_used", used=True),
        _case("used before, and nothing else is known", "already_used", known=None, used=True),
    ]


def _rules() -> list[dict[str, Any]]:
    return [
        _case("another performance", "wrong_performance", checkpoint="strict", code=write_code(token(performance=LATER), EVENT_KEY)),
        _case("a performance that does not take place", "wrong_performance", checkpoint="nothing"),
        _case(
            "another ticket type",
            "wrong_ticket_type",
            checkpoint="strict",
            code=write_code(token(ticket_type=OTHER_TICKET_TYPE), EVENT_KEY),
        ),
        _case("another sector", "wrong_sector", checkpoint="strict", code=write_code(token(sector=OTHER_SECTOR), EVENT_KEY)),
        _case("another sector where all are let in", "admitted", code=write_code(token(sector=OTHER_SECTOR), EVENT_KEY)),
    ]


def _times() -> list[dict[str, Any]]:
    later = write_code(token(performance=LATER), EVENT_KEY)
    return [
        _case("a moment before the doors", "not_yet_valid", at=BEFORE),
        _case("the moment of the doors", "admitted", at=DOORS),
        _case("the last moment", "admitted", at=LAST_MOMENT),
        _case("the moment of the end", "expired", at=ENDS),
        _case("tomorrow's ticket", "not_yet_valid", code=later),
        _case("yesterday's ticket", "expired", at=LATER_DOORS),
        _case("tomorrow's ticket tomorrow", "admitted", code=later, at=LATER_DOORS),
    ]


def _precedence() -> list[dict[str, Any]]:
    revoked = {"serial": 1, "is_revoked": True}
    everything_wrong = token(performance=LATER, ticket_type=OTHER_TICKET_TYPE, sector=OTHER_SECTOR)
    type_and_sector = token(ticket_type=OTHER_TICKET_TYPE, sector=OTHER_SECTOR)
    return [
        _case("forged before revoked", "forged", code=changed(CODE, 101), known=revoked),
        _case("revoked before performance", "revoked", checkpoint="strict", code=write_code(everything_wrong, EVENT_KEY), known=revoked),
        _case("performance before ticket type", "wrong_performance", checkpoint="strict", code=write_code(everything_wrong, EVENT_KEY)),
        _case("ticket type before sector", "wrong_ticket_type", checkpoint="strict", code=write_code(type_and_sector, EVENT_KEY)),
        _case("sector before time", "wrong_sector", checkpoint="strict", code=write_code(token(sector=OTHER_SECTOR), EVENT_KEY), at=BEFORE),
        _case("time before use", "expired", at=ENDS, used=True),
    ]


def _case(name: str, outcome: str, **fields: Any) -> dict[str, Any]:
    boring = {"code": CODE, "checkpoint": "everything", "at": INSIDE, "known": VALID, "used": False}
    return {"name": name, **boring, **fields, "outcome": outcome}


if __name__ == "__main__":
    PATH.write_text(written(build()), encoding="utf-8")
