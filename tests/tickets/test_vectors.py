"""The vectors that Python and TypeScript share: they stand as they are made, and hold here."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alltickets.tickets.token import SignedToken, Unreadable, read_code
from tests.tickets.vectors import PATH, build, written
from tests.tickets.verification import is_genuine

VECTORS = json.loads(PATH.read_text(encoding="utf-8"))
KEY = Ed25519PublicKey.from_public_bytes(bytes.fromhex(VECTORS["keys"]["event"]["public"]))


def _by_name(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[kind], ids=lambda vector: vector["name"])


def test_the_file_is_what_the_generator_writes() -> None:
    assert PATH.read_text(encoding="utf-8") == written(build())


@_by_name("genuine")
def test_a_genuine_code_reads_as_its_vector_says(vector: dict[str, Any]) -> None:
    read = read_code(vector["code"])

    assert isinstance(read, SignedToken)
    assert read.payload.hex() == vector["payload"]
    shown = {name: getattr(read.token, name) for name in vector["token"]}
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in shown.items()}
    assert plain | {"ticket_id": str(read.token.ticket_id)} == vector["token"]
    assert is_genuine(read, KEY)


@_by_name("not_genuine")
def test_a_forged_code_is_readable_and_not_genuine(vector: dict[str, Any]) -> None:
    read = read_code(vector["code"])

    assert isinstance(read, SignedToken)
    assert not is_genuine(read, KEY)


@_by_name("unreadable")
def test_what_is_no_token_says_why(vector: dict[str, Any]) -> None:
    assert read_code(vector["code"]) is Unreadable(vector["why"])


def test_the_page_that_explains_the_token_shows_the_first_vector() -> None:
    page = (PATH.parent.parent.parent / "docs" / "ticket-token.md").read_text(encoding="utf-8")

    for text in (VECTORS["keys"]["event"]["private"], VECTORS["keys"]["event"]["public"], *list(VECTORS["genuine"][0].values())[1:3]):
        assert text in page
