"""The demo's accounts at the sandbox gateway. No merchant is registered there: its secret follows from its name."""

import hashlib
import hmac

__all__ = ["sandbox_secret"]

SANDBOX_MASTER_KEY = "sandbox-gateway-public-on-purpose"
"""What the sandbox derives secrets from unless it is started with another --master-key; then the demo's payments are refused."""


def sandbox_secret(merchant: str) -> str:
    """The secret that the sandbox gateway knows this merchant by: hex HMAC-SHA256 of the merchant's id under the master key.

    Computed here because the product does not depend on its simulators; a test holds both computations together.
    """
    return hmac.new(SANDBOX_MASTER_KEY.encode(), merchant.encode(), hashlib.sha256).hexdigest()
