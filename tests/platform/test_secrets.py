"""The key ring: what it seals, only it opens, and only for the context it was sealed for."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.platform.secrets import KeyMissing, KeyRing, KeyRingInvalid, SealBroken, SecretsError

OLD = KeyRing.generate_key()
NEW = KeyRing.generate_key()
RING = KeyRing(f"1:{OLD}")


@given(plaintext=st.binary(max_size=200), context=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_what_is_sealed_opens_for_its_context(plaintext: bytes, context: str) -> None:
    sealed = RING.seal(plaintext, context)

    assert RING.open(sealed, context) == plaintext


@given(sealed=st.text(max_size=80) | st.from_regex(r"\Av[0-9]{1,3}:[A-Za-z0-9_-]*\Z"))
def test_any_other_text_is_refused_with_a_secrets_error(sealed: str) -> None:
    with pytest.raises(SecretsError):
        RING.open(sealed, "a row")


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    first, second = RING.seal(b"secret", "a row"), RING.seal(b"secret", "a row")

    assert first != second
    assert first.startswith("v1:")


def test_a_secret_moved_to_another_row_does_not_open() -> None:
    sealed = RING.seal(b"secret", "one row")

    with pytest.raises(SealBroken, match="another row"):
        RING.open(sealed, "another row")


def test_a_changed_bit_anywhere_is_noticed() -> None:
    version, _, text = RING.seal(b"secret", "a row").partition(":")
    body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(SealBroken):
            RING.open(f"{version}:{base64.urlsafe_b64encode(changed).decode().rstrip('=')}", "a row")


def test_the_highest_version_seals_and_all_open() -> None:
    ring = KeyRing(f"2:{NEW},1:{OLD}")
    sealed_before = RING.seal(b"secret", "a row")

    sealed_now = ring.seal(b"secret", "a row")

    assert ring.active_version == 2
    assert sealed_now.startswith("v2:")
    assert ring.open(sealed_before, "a row") == ring.open(sealed_now, "a row") == b"secret"


def test_rotating_moves_a_secret_to_the_active_key_so_that_the_old_key_can_go() -> None:
    both = KeyRing(f"1:{OLD},2:{NEW}")
    sealed = RING.seal(b"secret", "a row")
    assert not both.is_current(sealed)

    rotated = both.rotate(sealed, "a row")

    assert KeyRing(f"2:{NEW}").open(rotated, "a row") == b"secret"
    assert both.rotate(rotated, "a row") == rotated


def test_a_key_that_was_dropped_too_early_is_named_by_its_version() -> None:
    sealed = RING.seal(b"secret", "a row")

    with pytest.raises(KeyMissing, match="under key 1") as missing:
        KeyRing(f"2:{NEW}").open(sealed, "a row")

    assert missing.value.version == 1


def test_the_same_version_with_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        KeyRing(f"1:{NEW}").open(RING.seal(b"secret", "a row"), "a row")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "entry 1: write it as version:key"),
        (OLD, "entry 1: write it as version:key"),
        (f"0:{OLD}", "entry 1: write it as version:key"),
        (f"1:{OLD},", "entry 2: write it as version:key"),
        (f"1:{OLD},1:{NEW}", "entry 2: version 1 stands twice"),
        ("1:äöü", "entry 1: its key is not base64"),
        ("1:c2hvcnQ=", "entry 1: its key has 5 bytes instead of 32"),
    ],
    ids=["empty", "no version", "version 0", "ends early", "same version", "no base64", "short key"],
)
def test_a_ring_that_cannot_be_used_says_which_entry_and_why(text: str, fault: str) -> None:
    with pytest.raises(KeyRingInvalid, match=fault):
        KeyRing(text)


def test_no_message_and_no_repr_shows_a_key() -> None:
    with pytest.raises(KeyRingInvalid) as invalid:
        KeyRing(f"1:{OLD}x")

    assert OLD not in str(invalid.value)
    assert repr(RING) == "KeyRing(versions=[1])"


def test_keys_in_the_url_safe_alphabet_and_without_padding_are_understood() -> None:
    url_safe = base64.urlsafe_b64encode(base64.b64decode(OLD)).decode().rstrip("=")

    assert KeyRing(f" 1:{url_safe} ").open(RING.seal(b"secret", "a row"), "a row") == b"secret"
