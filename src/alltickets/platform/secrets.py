"""Secrets at rest: sealed with AES-256-GCM under a ring of keys, so that a key can be replaced without losing what older ones sealed."""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["KeyMissing", "KeyRing", "KeyRingInvalid", "SealBroken", "SecretsError"]

# SecretsError
# ├── KeyRingInvalid   the ring's text cannot be used; told at start
# ├── KeyMissing       sealed under a key that the ring does not have (any more)
# └── SealBroken       changed, cut off, sealed for another context, or under another key of the same version

KEY_BYTES = 32
# NIST SP 800-38D, 8.2.2: a random 96-bit nonce is safe for 2^32 messages under one key; this product seals thousands.
NONCE_BYTES = 12
STAMP_BYTES = 18

_ENTRY = re.compile(r"([1-9][0-9]{0,8}):(\S+)")
_SEALED = re.compile(r"v([1-9][0-9]{0,8}):([A-Za-z0-9_-]+)")

Row = TypeVar("Row", bound=Hashable)


class SecretsError(Exception):
    """A secret cannot be sealed or opened. The message never contains a key or a secret."""


class KeyRingInvalid(SecretsError):
    """The text of a key ring cannot be used."""


@dataclass(eq=False)
class KeyMissing(SecretsError):
    """The secret was sealed under a key that this ring does not have."""

    version: int

    def __str__(self) -> str:
        return f"A secret is sealed under key {self.version}, which the key ring does not have: put that key back into ALLTICKETS_KEY_RING."


@dataclass(eq=False)
class SealBroken(SecretsError):
    """The sealed text is not what this ring sealed for this context."""

    context: str

    def __str__(self) -> str:
        return f"The secret of {self.context} cannot be opened: it was changed, belongs elsewhere, or another key was used for it."


class KeyRing:
    """Seals with its newest key and opens with any.

    Written `1:base64key,2:base64key`: a version and 32 bytes each, in any order. The highest version is the active one: it seals.
    To change keys, add one with a higher version, let the owners `rotate` what they keep, then drop the old one.
    A sealed text reads `v<version>:<base64url>` of nonce, ciphertext and tag; it opens only for the context that it was sealed for, so
    that a row's secret cannot be moved to another row.
    """

    def __init__(self, text: str) -> None:
        """Raises `KeyRingInvalid`, naming the entry by its place and never by its content."""
        self._keys: dict[int, AESGCM] = {}
        self._stamp_keys: dict[int, bytes] = {}
        for place, entry in enumerate(text.split(","), 1):
            version, key = _parse_entry(entry.strip(), place)
            if version in self._keys:
                raise KeyRingInvalid(f"entry {place}: version {version} stands twice; each key has a version of its own")
            self._keys[version] = AESGCM(key)
            # Its own key for its own purpose (NIST SP 800-108): what stamps never seals.
            self._stamp_keys[version] = hmac.digest(key, b"alltickets stamp", "sha256")
        self.active_version = max(self._keys)

    def __repr__(self) -> str:
        return f"KeyRing(versions={sorted(self._keys)})"

    @staticmethod
    def generate_key() -> str:
        """A fresh key as it stands in a ring, without its version."""
        return base64.b64encode(os.urandom(KEY_BYTES)).decode()

    def seal(self, plaintext: bytes, context: str) -> str:
        """Encrypt under the active key; `context` names whose secret it is and is needed again to open it."""
        nonce = os.urandom(NONCE_BYTES)
        ciphertext = self._keys[self.active_version].encrypt(nonce, plaintext, context.encode())
        return f"v{self.active_version}:{base64.urlsafe_b64encode(nonce + ciphertext).decode().rstrip('=')}"

    def open(self, sealed: str, context: str) -> bytes:
        """The plaintext. Raises `KeyMissing` or `SealBroken`."""
        version, body = _parse_sealed(sealed, context)
        key = self._keys.get(version)
        if key is None:
            raise KeyMissing(version)
        try:
            return key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as fault:
            raise SealBroken(context) from fault

    def is_current(self, sealed: str) -> bool:
        """Whether it is sealed under the active key, so that `rotate` has nothing to do."""
        return sealed.startswith(f"v{self.active_version}:")

    def rotate(self, sealed: str, context: str) -> str:
        """The same secret under the active key; the text as it is if it is there already. Raises as `open` does."""
        return sealed if self.is_current(sealed) else self.seal(self.open(sealed, context), context)

    def rotate_each(self, sealed: Iterable[tuple[Row, str, str]], tell: Callable[[Row, SecretsError], None]) -> dict[Row, str]:
        """`rotate` for rows, each with its sealed text and that text's context. `tell` hears of what stays as it is, unopened."""
        rotated: dict[Row, str] = {}
        for row, text, context in sealed:
            try:
                rotated[row] = self.rotate(text, context)
            except SecretsError as fault:
                tell(row, fault)
        return rotated

    def stamp(self, message: bytes, context: str) -> str:
        """A code that only this ring can make for the message: a secret that is handed out and need not be stored."""
        return f"{self.active_version}.{self._stamp(self.active_version, message, context)}"

    def is_stamp(self, stamp: str, message: bytes, context: str) -> bool:
        """Whether `stamp` was made for this message and context, by any key of the ring; in constant time."""
        version_text, _, given = stamp.partition(".")
        version = int(version_text) if version_text.isascii() and version_text.isdecimal() else 0
        if version not in self._stamp_keys:
            return False
        return hmac.compare_digest(self._stamp(version, message, context).encode(), given.encode())

    def _stamp(self, version: int, message: bytes, context: str) -> str:
        digest = hmac.digest(self._stamp_keys[version], context.encode() + b"\0" + message, "sha256")
        return base64.urlsafe_b64encode(digest[:STAMP_BYTES]).decode().rstrip("=")


def _parse_entry(entry: str, place: int) -> tuple[int, bytes]:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        raise KeyRingInvalid(f"entry {place}: write it as version:key, with a version from 1, e.g. 1:{'A' * 8}…")
    try:
        key = _decode(match[2].rstrip("="))
    except (ValueError, binascii.Error):
        raise KeyRingInvalid(f"entry {place}: its key is not base64") from None
    if len(key) != KEY_BYTES:
        raise KeyRingInvalid(f"entry {place}: its key has {len(key)} bytes instead of {KEY_BYTES}")
    return int(match[1]), key


def _parse_sealed(sealed: str, context: str) -> tuple[int, bytes]:
    match = _SEALED.fullmatch(sealed)
    if match is None:
        raise SealBroken(context)
    try:
        return int(match[1]), _decode(match[2])
    except (ValueError, binascii.Error):
        raise SealBroken(context) from None


def _decode(text: str) -> bytes:
    """Base64 of either alphabet, unpadded."""
    standard = text.translate(str.maketrans("-_", "+/"))
    return base64.b64decode(standard + "=" * (-len(text) % 4), validate=True)
