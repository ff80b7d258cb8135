"""Which sites may frame an organizer's tickets."""

import pytest

from alltickets.marketing.refusals import OriginRefused
from alltickets.marketing.rules.framing import frame_origins


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.example.com", "https://www.example.com"),
        (" HTTPS://WWW.Example.COM/ ", "https://www.example.com"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://café.example", "https://xn--caf-dma.example"),
    ],
)
def test_a_site_is_written_as_browsers_compare_it(typed: str, origin: str) -> None:
    assert frame_origins([typed], allows_loopback=False) == (origin,)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "example.com",
        "http://example.com",
        "ftp://example.com",
        "https://",
        "https://localhost",
        "http://127.0.0.1:8000",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "https://*.example.com",
        "https://*",
        "*",
        "'self'",
        "https:",
        "https://example.com/tickets",
        "https://example.com?",
        "https://example.com#",
        "https://ana:clave@example.com",
        "https://example.com:0",
        "https://example.com:99999",
        "https://example.com; script-src *",
        "https://example.com, https://other.example",
        "https://example.com\r\nSet-Cookie: a=b",
        "https://example.com https://other.example",
        "https://-example.com",
        "https://example..com",
        f"https://{'a' * 64}.example",
        "javascript:alert(1)",
        "data:text/html,x",
    ],
)
def test_what_is_no_site_or_more_than_one_is_refused(typed: str) -> None:
    with pytest.raises(OriginRefused):
        frame_origins([typed], allows_loopback=False)


def test_each_site_stands_once_in_the_order_of_the_organizer() -> None:
    typed = ["https://b.example", "https://a.example", "https://B.example/"]

    assert frame_origins(typed, allows_loopback=False) == ("https://b.example", "https://a.example")


@pytest.mark.parametrize("typed", ["http://localhost:3000", "http://127.0.0.1"])
def test_for_development_a_site_on_ones_own_machine_will_do(typed: str) -> None:
    assert frame_origins([typed], allows_loopback=True) == (typed,)
    with pytest.raises(OriginRefused):
        frame_origins(["http://example.com"], allows_loopback=True)
