"""Base45 against RFC 9285, section 4.3 and 4.4, and in every direction."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.tickets import base45


@pytest.mark.parametrize(
    ("data", "text"), [(b"AB", "BB8"), (b"Hello!!", "%69 VD92EX0"), (b"base-45", "UJCLQE7W581"), (b"ietf!", "QED8WEX0"), (b"", "")]
)
def test_the_examples_of_the_rfc_hold(data: bytes, text: str) -> None:
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.binary(max_size=300))
def test_every_byte_string_survives(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(alphabet=base45.ALPHABET, max_size=40))
def test_a_text_that_is_read_is_the_one_that_is_written(text: str) -> None:
    try:
        data = base45.decode(text)
    except ValueError:
        return
    assert base45.encode(data) == text


@pytest.mark.parametrize("text", ["A", "AAAA", "GGW", ":::", "::", "aaa", "AB!", "ÄÖÜ", "AB\n", "\ud800AB"])
def test_what_nobody_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base45|stand for"):
        base45.decode(text)
