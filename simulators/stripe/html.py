"""Turning templates into pages, with the headers that a page asking for money has."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from simulators.stripe.currencies import formatted

__all__ = ["html", "origin_of"]

_BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")


def html(template: str, *, status: int = 200, leads_to: str | None = None, **values: Any) -> Response[str]:
    """A page. leads_to: the origin to which its form's answer redirects, which the policy has to allow."""
    form_action = "'self'" if leads_to is None else f"'self' {leads_to}"
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


def _moment(unix: float) -> str:
    """Today the time alone, else the day with it: `hoy a las 21:30`, `5/6 a las 21:30`."""
    at = datetime.fromtimestamp(unix, _BUENOS_AIRES)
    today = datetime.fromtimestamp(time.time(), _BUENOS_AIRES).date()
    return f"{'hoy' if at.date() == today else f'{at.day}/{at.month}'} a las {at:%H:%M}"


_environment = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined)
_environment.filters["amount"] = formatted
_environment.filters["moment"] = _moment
_environment.filters["host"] = lambda url: urlsplit(url).netloc
