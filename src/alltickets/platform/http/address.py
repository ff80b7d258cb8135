"""Where a request comes from, as far as that can be believed."""

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["AddressReader"]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressReader:
    """Reads the client's address: the nearest hop of X-Forwarded-For that is not one of our own proxies."""

    def __init__(self, trusted_proxies: Sequence[str]) -> None:
        self._trusted = tuple(ipaddress.ip_network(network) for network in trusted_proxies)
        self._is_trusted = lru_cache(maxsize=1_000)(self._look_up)

    def of(self, scope: Any) -> str:
        """The address to count by: IPv4 whole, IPv6 by its /64, which is what one subscriber gets; '' when there is none."""
        client = scope.get("client")
        if client is None:
            return ""
        address: str = client[0]
        if self._is_trusted(address):
            for hop in _forwarded_for(scope["headers"]):
                address = hop
                if not self._is_trusted(hop):
                    break
        return _countable(address)

    def _look_up(self, address: str) -> bool:
        try:
            parsed = _parse(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Hops, nearest first."""
    hops: list[str] = []
    for name, value in headers:
        if name == b"x-forwarded-for":
            hops += [hop.strip() for hop in value.decode("latin-1").split(",")]
    return hops[::-1]


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    # A socket that listens for both families shows IPv4 peers, our own proxies among them, as ::ffff:10.0.0.2.
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


@lru_cache(maxsize=10_000)
def _countable(address: str) -> str:
    try:
        parsed = _parse(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
