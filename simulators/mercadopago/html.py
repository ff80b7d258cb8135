"""The gateway's pages, and how they write amounts and moments."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from simulators.chassis.html import Pages
from simulators.mercadopago.cards import total_of
from simulators.mercadopago.methods import NAMES
from simulators.mercadopago.times import unix_of

__all__ = ["html"]

_BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")


def _amount(minor: int, currency: str = "ARS") -> str:
    whole, cents = divmod(minor, 100)
    sign = "$" if currency == "ARS" else currency
    return f"{sign}\N{NO-BREAK SPACE}{f'{whole:,}'.replace(',', '.')},{cents:02d}"


def _clock(text: str) -> str:
    return f"{datetime.fromtimestamp(unix_of(text), _BUENOS_AIRES):%d/%m a las %H:%M}"


_pages = Pages(Path(__file__).parent / "templates")
html = _pages.html
_pages.environment.filters["amount"] = _amount
_pages.environment.filters["clock"] = _clock
_pages.environment.filters["method"] = lambda name: NAMES.get(name, name)
_pages.environment.globals["total_of"] = total_of
