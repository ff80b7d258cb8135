"""Who may turn the knobs."""

from ipaddress import ip_address
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from simulators.chassis.errors import Refused

__all__ = ["from_this_machine"]


def from_this_machine(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse other machines, and pages of other sites that a browser of this machine shows."""
    is_local = connection.client is not None and ip_address(connection.client.host.removeprefix("::ffff:")).is_loopback
    is_foreign_page = connection.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if not is_local or (is_foreign_page and connection.scope.get("method") != "GET"):
        raise Refused(403, "admin_from_loopback_only", "The administration answers to this machine only.")
