"""Tokens and codes."""

import pytest

from alltickets.identity.tokens import CredentialKind, hash_of, new_pairing_code, new_token, pairing_code_key


@pytest.mark.parametrize(
    ("kind", "prefix"), [(CredentialKind.API_KEY, "atk_"), (CredentialKind.DEVICE, "atd_"), (CredentialKind.SESSION, "ats_")]
)
def test_a_token_has_256_random_bits_behind_a_prefix_that_tells_what_it_is(kind: CredentialKind, prefix: str) -> None:
    tokens = {new_token(kind) for _ in range(100)}

    assert len(tokens) == 100
    assert all(token.startswith(prefix) and len(token) == 4 + 43 for token in tokens)


@pytest.mark.parametrize("typed", ["7K3M-Q2XP-10TR", "7k3m q2xp 10tr", "7K3MQ2XPIOTR", "7k3m-q2xp-lotr"])
def test_a_code_may_be_typed_as_people_type(typed: str) -> None:
    assert pairing_code_key(typed) == "7K3MQ2XP10TR"


def test_a_code_is_short_enough_to_type_and_survives_its_own_key() -> None:
    code = new_pairing_code()

    assert len(code) == 14
    assert pairing_code_key(code) == code.replace("-", "")


def test_a_hash_tells_nothing_and_takes_any_text() -> None:
    assert len(hash_of("atk_x")) == 32
    assert hash_of("a") != hash_of("b")
    assert hash_of("\ud800")
