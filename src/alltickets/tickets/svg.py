"""A code as a picture: SVG that stays crisp at any size and refers to nothing outside of itself."""

import segno

from alltickets.tickets.base45 import ALPHABET
from alltickets.tickets.token import CODE_LENGTH

__all__ = ["svg_of"]

QR_VERSION = 6
# Encoders may look for the mask with the fewest look-alikes of a finder pattern, for readers that stumble on one. Two thirds of a code are
# a signature, which looks like noise under any mask, and the search takes 7 of 8 milliseconds (measured).
_MASK = 3
# ISO/IEC 18004 asks for a margin of four modules, or readers do not find the corners.
_QUIET_MODULES = 4


def svg_of(code: str) -> str:
    """The code as a QR symbol of version 6 at level M, black on white, without a fixed size.

    Nothing of `code` stands in the text, so there is nothing to escape.
    """
    assert len(code) == CODE_LENGTH, "as long as a ticket's code"
    assert set(code) <= set(ALPHABET), "of a ticket code's characters"
    symbol = segno.make_qr(code, version=QR_VERSION, error="m", mode="alphanumeric", mask=_MASK, boost_error=False)
    size = len(symbol.matrix) + 2 * _QUIET_MODULES
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{_dark_runs(symbol.matrix)}"/></svg>'
    )


def _dark_runs(matrix: tuple[bytearray, ...]) -> str:
    """One rectangle for each run of dark modules in a row."""
    path = []
    for y, row in enumerate(matrix, _QUIET_MODULES):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                path.append(f"M{start + _QUIET_MODULES} {y}h{x - start}v1h-{x - start}z")
            x += 1
    return "".join(path)
