"""What a door does that is cut off: it has the event's public key and nothing else of ours."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from alltickets.tickets.token import SignedToken


def is_genuine(signed: SignedToken, key: Ed25519PublicKey) -> bool:
    """Whether the key signed exactly this payload."""
    try:
        key.verify(signed.signature, signed.payload)
    except InvalidSignature:
        return False
    return True
