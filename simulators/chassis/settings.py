"""What the process was told at its start."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from simulators.chassis.errors import Refused

__all__ = ["Settings"]

_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Settings:
    """public_url: how buyers and merchants reach the gateway, without a trailing slash.

    allowed_hosts: where callbacks and redirects may go, besides loopback.
    callback_retry_seconds: the wait after each failed try; when it is used up the callback is given up.
    """

    data: Path
    public_url: str
    allowed_hosts: frozenset[str] = frozenset()
    callback_answer_seconds: float = 5.0
    callback_retry_seconds: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)

    def require_allowed(self, name: str, url: str) -> None:
        """Refuse a URL that leads anywhere but to loopback or an allowed host: a test gateway must not reach out into the world."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise Refused(400, "invalid_request", f"{name} is not a valid URL.") from None
        if parts.username is not None or host not in _LOOPBACK_HOSTS | self.allowed_hosts:
            raise Refused(
                400,
                "host_not_allowed",
                f"{name} must lead to 127.0.0.1, localhost or [::1]; start the gateway with --allow-host for others.",
            )
