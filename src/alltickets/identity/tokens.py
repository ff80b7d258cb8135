"""Secrets that we hand out once and keep only as a hash.

A token has 256 bits from the system's generator, so SHA-256 without salt is enough: nobody guesses it, and a stolen table gives nothing
to sign in with. Its prefix tells what it is to a reader of a leaked file, and to secret scanners.
"""

import hashlib
import secrets
from enum import StrEnum

__all__ = ["CredentialKind", "hash_of", "new_pairing_code", "new_token", "pairing_code_key"]


class CredentialKind(StrEnum):
    """What a hash in the directory of credentials stands for."""

    SESSION = "session"
    API_KEY = "api_key"
    DEVICE = "device"
    INVITATION = "invitation"
    PAIRING = "pairing"


_PREFIXES = {
    CredentialKind.SESSION: "ats_",
    CredentialKind.API_KEY: "atk_",
    CredentialKind.DEVICE: "atd_",
    CredentialKind.INVITATION: "ati_",
}
# Crockford's base 32: no I, L, O or U, so that a code can be read aloud and typed on a phone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_CODE_CHARACTERS = 12


def new_token(kind: CredentialKind) -> str:
    """A fresh token of 256 random bits, e.g. `atk_` and 43 characters."""
    return _PREFIXES[kind] + secrets.token_urlsafe(32)


def new_pairing_code() -> str:
    """A fresh code of 60 random bits for typing, e.g. `7K3M-Q2XP-9DTR`; short-lived, used once, and tries are limited."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_CHARACTERS))
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def pairing_code_key(typed: str) -> str:
    """A code as typed, without what people add or mix up: `7k3m q2xp 9dtr` is `7K3MQ2XP9DTR`."""
    return typed.upper().translate(_LOOKALIKES)


def hash_of(token: str) -> bytes:
    """What is stored of a token: 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
