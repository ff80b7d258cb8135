"""The vectors of admission that Python and TypeScript share: they stand as they are made, and hold here."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alltickets.access.rules import CheckpointRules, Outcome, Window, identify, judge
from alltickets.kernel.ids import new_id
from alltickets.tickets.interface import EventKey, TicketState
from tests.access.vectors import PATH, build
from tests.tickets.vectors import EVENT_KEY, OTHER_KEY, written

VECTORS = json.loads(PATH.read_text(encoding="utf-8"))
EVENT = bytes.fromhex(VECTORS["event"])


def _key_of(vector: dict[str, Any], private_key: Ed25519PrivateKey) -> EventKey:
    public_key = bytes.fromhex(vector["public_key"])
    assert private_key.public_key().public_bytes_raw() == public_key
    return EventKey(vector["number"], public_key, private_key, datetime(2026, 1, 1, tzinfo=UTC) if vector["retired"] else None)


KEYS = {vector["number"]: _key_of(vector, key) for vector, key in zip(VECTORS["keys"], (EVENT_KEY, OTHER_KEY), strict=True)}


def _rules_of(vector: dict[str, Any]) -> CheckpointRules:
    windows = {
        bytes.fromhex(performance): Window(datetime.fromisoformat(window["opens_at"]), datetime.fromisoformat(window["closes_at"]))
        for performance, window in vector["performances"].items()
    }
    ticket_types, sectors = (frozenset(bytes.fromhex(one) for one in vector[name]) for name in ("ticket_types", "sectors"))
    return CheckpointRules(EVENT, windows, ticket_types, sectors)


def _state_of(known: dict[str, Any] | None) -> TicketState | None:
    return None if known is None else TicketState(known["serial"], known["is_revoked"], new_id(), new_id(), new_id(), None, "Ana Paz")


def test_the_file_is_what_the_generator_writes() -> None:
    assert PATH.read_text(encoding="utf-8") == written(build())


def test_every_outcome_has_a_case() -> None:
    assert {case["outcome"] for case in VECTORS["cases"]} == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_the_door_says_what_the_vector_says(case: dict[str, Any]) -> None:
    token, objection = identify(case["code"], EVENT, KEYS)

    if token is not None and objection is None:
        rules = _rules_of(VECTORS["checkpoints"][case["checkpoint"]])
        objection = judge(token, rules, _state_of(case["known"]), datetime.fromisoformat(case["at"]))

    assert (objection or (Outcome.ALREADY_USED if case["used"] else Outcome.ADMITTED)) == case["outcome"]
