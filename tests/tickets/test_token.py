"""The token: what is signed is read back, and whatever else is shown is told apart from it."""

from uuid import UUID

import msgspec
import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from alltickets.tickets import base45
from alltickets.tickets.token import (
    CODE_LENGTH,
    SignedToken,
    Token,
    Unreadable,
    read_code,
    short_event,
    short_id,
    write_code,
)
from tests.tickets.verification import is_genuine

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))

tokens = st.builds(
    Token,
    key_number=st.integers(1, 255),
    event=st.binary(min_size=6, max_size=6),
    ticket_id=st.uuids(),
    serial=st.integers(1, 65535),
    performance=st.binary(min_size=4, max_size=4),
    ticket_type=st.binary(min_size=4, max_size=4),
    sector=st.binary(min_size=4, max_size=4),
)

TOKEN = Token(1, b"event!", UUID(int=7), 1, b"perf", b"type", b"sect")


@given(tokens)
def test_what_is_written_is_read_back_and_genuine(token: Token) -> None:
    read = read_code(write_code(token, KEY))

    assert isinstance(read, SignedToken)
    assert read.token == token
    assert is_genuine(read, KEY.public_key())


@given(st.text(max_size=200) | st.text(alphabet=base45.ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH))
def test_any_text_is_a_token_or_a_reason_why_not(text: str) -> None:
    read = read_code(text)

    assert isinstance(read, Unreadable) or not is_genuine(read, KEY.public_key())


@given(data=st.binary(min_size=102, max_size=102))
def test_any_bytes_of_the_right_length_are_read_without_an_exception(data: bytes) -> None:
    for first in (data[:1], b"\x01"):
        read = read_code(base45.encode(first + data[1:]))
        assert isinstance(read, SignedToken | Unreadable)


@given(token=tokens, place=st.integers(0, 101), bit=st.integers(0, 7))
def test_a_single_changed_bit_is_never_genuine(token: Token, place: int, bit: int) -> None:
    data = bytearray(base45.decode(write_code(token, KEY)))
    data[place] ^= 1 << bit

    read = read_code(base45.encode(bytes(data)))

    assert isinstance(read, Unreadable) or not is_genuine(read, KEY.public_key())


def test_another_key_did_not_sign_it() -> None:
    read = read_code(write_code(TOKEN, OTHER_KEY))

    assert isinstance(read, SignedToken)
    assert not is_genuine(read, KEY.public_key())


def test_the_same_token_always_has_the_same_code() -> None:
    assert write_code(TOKEN, KEY) == write_code(TOKEN, KEY)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("https://example.com/e/fiesta", Unreadable.NOT_BASE45),
        (write_code(TOKEN, KEY).lower(), Unreadable.NOT_BASE45),
        ("", Unreadable.WRONG_LENGTH),
        (write_code(TOKEN, KEY)[:-3], Unreadable.WRONG_LENGTH),
        (write_code(TOKEN, KEY) + "000", Unreadable.WRONG_LENGTH),
        (base45.encode(b"\x02" + bytes(101)), Unreadable.UNKNOWN_VERSION),
        (base45.encode(b"\x01\x00" + bytes(99) + b"\x01"), Unreadable.IMPOSSIBLE),
        (base45.encode(b"\x01\x01" + bytes(100)), Unreadable.IMPOSSIBLE),
    ],
)
def test_what_is_no_token_says_why(code: str, why: Unreadable) -> None:
    assert read_code(code) is why


@given(tokens)
def test_every_code_fits_a_version_6_symbol_at_level_m(token: Token) -> None:
    code = write_code(token, KEY)

    assert len(code) == CODE_LENGTH <= 154
    assert set(code) <= set(base45.ALPHABET)
    assert segno.make_qr(code, error="m", mode="alphanumeric", mask=3, boost_error=False).version == 6


def test_a_version_6_symbol_at_level_m_takes_154_characters_and_no_more() -> None:
    segno.make_qr("A" * 154, version=6, error="m", mode="alphanumeric", boost_error=False)

    with pytest.raises(segno.encoder.DataOverflowError):
        segno.make_qr("A" * 155, version=6, error="m", mode="alphanumeric", boost_error=False)


def test_short_ids_are_the_random_ends_of_ids() -> None:
    one = UUID("01a20d24-37c6-73bf-97d4-35e0e26696d7")

    assert short_event(one).hex() == "35e0e26696d7"
    assert short_id(one).hex() == "e26696d7"


def test_a_serial_of_zero_cannot_be_signed() -> None:
    with pytest.raises(AssertionError):
        write_code(msgspec.structs.replace(TOKEN, serial=0), KEY)
