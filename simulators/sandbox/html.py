"""The gateway's pages, and how they write amounts and moments."""

import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from simulators.chassis.html import Pages
from simulators.sandbox.amounts import formatted

__all__ = ["html"]

_BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def _moment(unix: int) -> str:
    """Today the time alone, else the day with it: `hoy a las 21:30`, `jueves 5/6 a las 21:30`."""
    at = datetime.fromtimestamp(unix, _BUENOS_AIRES)
    today = datetime.fromtimestamp(time.time(), _BUENOS_AIRES).date()
    day = "hoy" if at.date() == today else f"{_WEEKDAYS[at.weekday()]} {at.day}/{at.month}"
    return f"{day} a las {at:%H:%M}"


_pages = Pages(Path(__file__).parent / "templates")
html = _pages.html
_pages.environment.filters["amount"] = formatted
_pages.environment.filters["moment"] = _moment
