"""The address to count by: what a proxy of ours says is believed, what a stranger says is not."""

from typing import Any

import pytest

from alltickets.platform.http.address import AddressReader

OURS = ("127.0.0.1/32", "::1/128", "10.0.0.0/8")


def scope_of(client: str | None, *forwarded: str) -> dict[str, Any]:
    """An ASGI scope with these X-Forwarded-For headers."""
    headers = [(b"host", b"tickets.example"), *((b"x-forwarded-for", hops.encode()) for hops in forwarded)]
    return {"client": None if client is None else (client, 4000), "headers": headers}


@pytest.mark.parametrize(
    ("client", "forwarded", "counted_as"),
    [
        pytest.param("203.0.113.7", [], "203.0.113.7", id="a direct visitor"),
        pytest.param("203.0.113.7", ["198.51.100.1"], "203.0.113.7", id="a direct visitor who claims to be another"),
        pytest.param("10.0.0.2", ["203.0.113.7"], "203.0.113.7", id="behind our proxy"),
        pytest.param("10.0.0.2", ["198.51.100.1, 203.0.113.7"], "203.0.113.7", id="behind our proxy, claiming to be another"),
        pytest.param("10.0.0.2", ["198.51.100.1", "203.0.113.7"], "203.0.113.7", id="the claim in a header of its own"),
        pytest.param("10.0.0.2", ["10.0.0.9, 203.0.113.7"], "203.0.113.7", id="claiming to be one of our proxies"),
        pytest.param("10.0.0.2", ["203.0.113.7, 10.0.0.3,10.0.0.4"], "203.0.113.7", id="behind a chain of our proxies"),
        pytest.param("10.0.0.2", ["10.0.0.8, 10.0.0.3"], "10.0.0.8", id="from our own network through our proxies"),
        pytest.param("10.0.0.2", [], "10.0.0.2", id="our proxy itself"),
        pytest.param("10.0.0.2", ["<script>"], "unknown", id="a hop that is no address"),
        pytest.param("10.0.0.2", ["203.0.113.7, 203.0.113.7:80"], "unknown", id="a hop with a port"),
    ],
)
def test_the_nearest_hop_that_is_not_ours_is_the_visitor(client: str, forwarded: list[str], counted_as: str) -> None:
    reader = AddressReader(OURS)

    assert reader.of(scope_of(client, *forwarded)) == counted_as


@pytest.mark.parametrize(
    ("client", "counted_as"),
    [
        pytest.param("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", id="IPv6 by its /64"),
        pytest.param("2001:db8:1:2:ffff::", "2001:db8:1:2::/64", id="another address of the same subscriber"),
        pytest.param("2001:db8:1:3::1", "2001:db8:1:3::/64", id="another subscriber"),
        pytest.param("::ffff:203.0.113.7", "203.0.113.7", id="IPv4 in IPv6 clothes"),
        pytest.param("fe80::1%eth0", "fe80::/64", id="link-local with its interface"),
    ],
)
def test_one_subscriber_is_one_address(client: str, counted_as: str) -> None:
    reader = AddressReader(OURS)

    assert reader.of(scope_of(client)) == counted_as


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3"])
def test_our_proxy_is_believed_whichever_way_it_reached_us(proxy: str) -> None:
    reader = AddressReader(OURS)

    assert reader.of(scope_of(proxy, "203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize("hop", ["10.0.0.3", "::ffff:10.0.0.3"])
def test_our_inner_proxies_are_passed_over_whichever_way_they_are_written(hop: str) -> None:
    reader = AddressReader(OURS)

    assert reader.of(scope_of("10.0.0.2", f"203.0.113.7, {hop}")) == "203.0.113.7"


def test_without_proxies_of_ours_nobody_is_believed() -> None:
    reader = AddressReader(())

    assert reader.of(scope_of("127.0.0.1", "203.0.113.7")) == "127.0.0.1"


def test_a_connection_without_an_address_has_none() -> None:
    assert AddressReader(OURS).of(scope_of(None, "203.0.113.7")) == ""
