"""Where a request comes from, as far as that can be believed."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["AddressReader"]

# Addresses are parsed for every request of a rush, nearly each a new one: by the C library, which is much faster than `ipaddress`.
_MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv6 address begins that is an IPv4 address in disguise (RFC 4291 section 2.5.5.2)."""


class AddressReader:
    """Reads the client's address: the nearest hop of X-Forwarded-For that is not one of our own proxies."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        networks = [ipaddress.ip_network(network) for network in trusted_proxies]
        self._trusted = [(len(net.network_address.packed), int(net.netmask), int(net.network_address)) for net in networks]
        # Behind a proxy every request comes from the same few peers.
        self._peer = lru_cache(maxsize=1_000)(self._read_peer)

    def of(self, scope: Any) -> str:
        """The address to count by: IPv4 whole, IPv6 by its /64, which is what one subscriber gets; '' when there is none."""
        client = scope.get("client")
        if client is None:
            return ""
        peer: str = client[0]
        packed, is_trusted = self._peer(peer)
        if is_trusted:
            for hop in _forwarded_for(scope["headers"]):
                packed = _packed(hop)
                if not self._is_trusted(packed):
                    break
        return _countable(packed)

    def _read_peer(self, address: str) -> tuple[bytes | None, bool]:
        packed = _packed(address)
        return packed, self._is_trusted(packed)

    def _is_trusted(self, packed: bytes | None) -> bool:
        if packed is None:
            return False
        size = len(packed)
        value = int.from_bytes(packed)
        return any(size == network_size and value & mask == network for network_size, mask, network in self._trusted)


def _forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Hops, nearest first."""
    hops: list[str] = []
    for name, value in headers:
        if name == b"x-forwarded-for":
            hops += [hop.strip() for hop in value.decode("latin-1").split(",")]
    return hops[::-1]


def _packed(address: str) -> bytes | None:
    """The address as 4 or 16 bytes; None for what is none."""
    try:
        if ":" not in address:
            return socket.inet_pton(socket.AF_INET, address)
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return None
    return packed[12:] if packed.startswith(_MAPPED) else packed


def _countable(packed: bytes | None) -> str:
    if packed is None:
        return "unknown"
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    return f"{socket.inet_ntop(socket.AF_INET6, packed[:8] + bytes(8))}/64"
