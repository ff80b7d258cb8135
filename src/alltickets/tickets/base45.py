"""Base45 (RFC 9285): bytes as text of the 45 characters that a QR code packs into 5.5 bits each. Every byte string has exactly one text."""

import struct
from itertools import product

__all__ = ["ALPHABET", "decode", "encode"]

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

# Pairs of characters, so that three characters are made by one look-up and one index.
_PAIRS = [low + high for high, low in product(ALPHABET, repeat=2)]
_VALUES = bytes(ALPHABET.find(chr(code)) if chr(code) in ALPHABET else 0xFF for code in range(256))


def encode(data: bytes) -> str:
    """`encode(b"AB")` is `BB8`: two bytes become three characters, a last odd byte becomes two."""
    pairs_count, odd = divmod(len(data), 2)
    numbers = struct.unpack_from(f">{pairs_count}H", data)
    text = "".join([_PAIRS[number % 2025] + ALPHABET[number // 2025] for number in numbers])
    return text + _PAIRS[data[-1]] if odd else text


def decode(text: str) -> bytes:
    """The bytes of `text`. Raises ValueError for whatever `encode` does not write."""
    triples_count, rest = divmod(len(text), 3)
    if rest == 1:
        raise ValueError("a base45 text never has one character over")
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError:
        raise ValueError("not a base45 character") from None
    if 0xFF in values:
        raise ValueError("not a base45 character")
    whole = values[: triples_count * 3]
    numbers = [low + 45 * middle + 2025 * high for low, middle, high in zip(whole[0::3], whole[1::3], whole[2::3], strict=True)]
    last = [values[-2] + 45 * values[-1]] if rest else []
    if (numbers and max(numbers) > 0xFFFF) or (last and last[0] > 0xFF):
        raise ValueError("three characters stand for more than two bytes, or two for more than one")
    return struct.pack(f">{triples_count}H", *numbers) + bytes(last)
