"""Whether a port can be listened on, asked before anything starts."""

import errno
import socket

from alltickets.kernel.errors import Trouble

__all__ = ["PortNotFree", "require_free"]


class PortNotFree(Trouble):
    """Nothing can listen there now."""


def require_free(host: str, port: int, way_out: str) -> None:
    """Raise `PortNotFree`, with `way_out` as the next step, if that address cannot be listened on.

    Asked without SO_REUSEPORT: the server itself sets it, so beside another server of ours it would start and share its connections.
    """
    try:
        [(family, kind, protocol, _, address), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        if fault.errno == errno.EADDRINUSE:
            raise PortNotFree(f"Port {port} is in use: stop what listens there, or {way_out}.") from fault
        raise PortNotFree(f"Cannot listen on {host} port {port} ({fault.strerror}): {way_out}.") from fault
