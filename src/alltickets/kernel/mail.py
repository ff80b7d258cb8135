"""Mail addresses as values."""

import string

__all__ = ["address_key"]

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def address_key(mail: str) -> str:
    """By what the addresses of buyers are compared: without the case of A to Z, and nothing else.

    Full case folding would make `straße@` and `strasse@` one, and send the orders of one to the other.
    """
    return mail.strip().translate(_LOWER)
