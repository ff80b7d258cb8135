"""Turning templates into pages, with the headers that a page asking for money has."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from simulators.mercadopago.cards import total_of
from simulators.mercadopago.methods import NAMES
from simulators.mercadopago.times import unix_of

__all__ = ["html", "origin_of"]

_BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")


def html(template: str, *, status: int = 200, leads_to: str | None = None, **values: Any) -> Response[str]:
    """A page. leads_to: an address to whose origin its form's answer may redirect, which the policy has to allow."""
    form_action = "'self'" if leads_to is None else f"'self' {origin_of(leads_to)}"
    headers = {
        "cache-control": "no-store",
        "content-security-policy": (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    text = _environment.get_template(template).render(values)
    return Response(text, status_code=status, media_type="text/html", headers=headers)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL that was found valid."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _amount(minor: int, currency: str = "ARS") -> str:
    whole, cents = divmod(minor, 100)
    sign = "$" if currency == "ARS" else currency
    return f"{sign}\N{NO-BREAK SPACE}{f'{whole:,}'.replace(',', '.')},{cents:02d}"


def _clock(text: str) -> str:
    return f"{datetime.fromtimestamp(unix_of(text), _BUENOS_AIRES):%d/%m a las %H:%M}"


_environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined)
_environment.filters["amount"] = _amount
_environment.filters["clock"] = _clock
_environment.filters["host"] = lambda url: urlsplit(url).netloc
_environment.filters["method"] = lambda name: NAMES.get(name, name)
_environment.globals["total_of"] = total_of
