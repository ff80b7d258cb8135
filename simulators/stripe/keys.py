"""Who calls: secret keys that tell their account, and the secrets of webhook endpoints. Derived, so that nobody needs registering."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

__all__ = ["DEFAULT_MASTER_KEY", "Account", "account_of", "new_account", "secret_key", "webhook_secret"]

DEFAULT_MASTER_KEY = "simulated-stripe-public-on-purpose"

_KEY = re.compile(r"(?:sk|rk)_(test|live)_([0-9a-f]{16})([0-9a-f]{24})")


@dataclass(frozen=True)
class Account:
    """An account in one of its two worlds, which know nothing of each other."""

    id: str
    is_live: bool

    @property
    def owner(self) -> str:
        """What everything in this world is kept under."""
        return f"{self.id}/{'live' if self.is_live else 'test'}"


def new_account() -> str:
    """An account that nobody had before."""
    return f"acct_{secrets.token_hex(8)}"


def secret_key(account_id: str, *, is_live: bool = False, master_key: str = DEFAULT_MASTER_KEY) -> str:
    """The account's secret key: `sk_test_`, the account, and a proof of it."""
    mode, name = "live" if is_live else "test", account_id.removeprefix("acct_")
    return f"sk_{mode}_{name}{_proof(master_key, f'key/{mode}/{name}')}"


def account_of(key: str, master_key: str) -> Account | None:
    """Whose key this is; None where it is nobody's."""
    match = _KEY.fullmatch(key)
    if match is None or not hmac.compare_digest(match[3], _proof(master_key, f"key/{match[1]}/{match[2]}")):
        return None
    return Account(f"acct_{match[2]}", match[1] == "live")


def webhook_secret(account: Account, number: int, master_key: str = DEFAULT_MASTER_KEY) -> str:
    """The secret of the account's n-th endpoint, or of the n-th time that one was rolled."""
    return f"whsec_{_proof(master_key, f'webhook/{account.owner}/{number}')}{_proof(master_key, f'more/{account.owner}/{number}')}"


def _proof(master_key: str, text: str) -> str:
    return hmac.new(master_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]
