"""Ports that are asked for before anything starts."""

import socket

import pytest

from alltickets.platform.ports import PortNotFree, require_free


def test_free_port_is_let_pass() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]

    require_free("127.0.0.1", port, "choose another")


def test_busy_port_is_named_with_the_way_out() -> None:
    with socket.socket() as listener:
        # As our own server listens: another one of it could share the port unnoticed.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(PortNotFree, match=f"Port {port} is in use: stop what listens there, or choose another."):
            require_free("127.0.0.1", port, "choose another")


def test_address_that_is_not_this_machines_is_told() -> None:
    with pytest.raises(PortNotFree, match=r"Cannot listen on 192\.0\.2\.1 port 8000 .*: choose another"):
        require_free("192.0.2.1", 8000, "choose another")
