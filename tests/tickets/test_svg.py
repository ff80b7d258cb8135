"""The picture of a code: exactly the symbol, crisp, and nothing that could lead or break out of it."""

import re
import xml.etree.ElementTree as ET
from uuid import UUID

import pytest
import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alltickets.tickets.svg import svg_of
from alltickets.tickets.token import Token, write_code

CODE = write_code(Token(1, b"event!", UUID(int=7), 1, b"perf", b"type", b"sect"), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_the_dark_runs_are_the_modules_of_the_symbol() -> None:
    symbol = segno.make_qr(CODE, version=6, error="m", mode="alphanumeric", mask=3, boost_error=False)

    drawn = _modules_of(svg_of(CODE))

    assert drawn == {(x + 4, y + 4) for y, row in enumerate(symbol.matrix) for x, module in enumerate(row) if module}


def test_the_picture_is_well_formed_square_with_a_margin_and_without_a_fixed_size() -> None:
    root = ET.fromstring(svg_of(CODE))

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib == {"viewBox": "0 0 49 49", "shape-rendering": "crispEdges", "role": "img"}
    assert [child.tag for child in root] == ["{http://www.w3.org/2000/svg}path"] * 2


def test_the_picture_refers_to_nothing_and_contains_no_text() -> None:
    svg = svg_of(CODE)

    assert CODE not in svg
    assert not re.search(r"href|url\(|<script|<text|<style|<!|\bon\w+=", svg)


@pytest.mark.parametrize("code", ["", "<script>", "a" * 153, '"' * 153, CODE[:-1]])
def test_what_is_no_ticket_code_is_not_drawn(code: str) -> None:
    with pytest.raises(AssertionError):
        svg_of(code)


def _modules_of(svg: str) -> set[tuple[int, int]]:
    path = ET.fromstring(svg)[1].attrib["d"]
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", path)
    assert "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in runs) == path
    return {(int(x) + step, int(y)) for x, y, width in runs for step in range(int(width))}
