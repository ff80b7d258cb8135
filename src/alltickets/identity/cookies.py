"""The session cookie: how the token travels between us and a browser."""

from dataclasses import dataclass
from datetime import datetime

from litestar.datastructures import Cookie

__all__ = ["SessionCookie"]


@dataclass(frozen=True)
class SessionCookie:
    """`__Host-` binds the cookie to our host, to https and to the whole site (RFC 6265bis section 4.1.3.2), so that no subdomain can plant
    one. Development runs on plain http, where browsers refuse that prefix; there the cookie has a name of its own.
    """

    name: str
    secure: bool

    @staticmethod
    def for_environment(*, is_production: bool) -> "SessionCookie":
        """The cookie of production, or of development."""
        return SessionCookie("__Host-alltickets_session" if is_production else "alltickets_session", secure=is_production)

    def carrying(self, token: str, *, expires_at: datetime, now: datetime) -> Cookie:
        """The cookie that signs in until `expires_at`."""
        return self._cookie(token, max_age=int((expires_at - now).total_seconds()))

    def cleared(self) -> Cookie:
        """The cookie that makes a browser forget the session."""
        return self._cookie("", max_age=0)

    def _cookie(self, value: str, *, max_age: int) -> Cookie:
        return Cookie(key=self.name, value=value, max_age=max_age, path="/", secure=self.secure, httponly=True, samesite="lax")
