"""Turning templates into pages, with the headers that a page asking for money has."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

__all__ = ["Pages"]


class Pages:
    """The templates of a folder; a gateway adds filters of its own to `environment`."""

    def __init__(self, folder: Path) -> None:
        self.environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
        self.environment.filters["host"] = lambda url: urlsplit(url).netloc

    def html(self, template: str, *, status: int = 200, leads_to: str | None = None, **values: Any) -> Response[str]:
        """A page. leads_to: an address to whose origin its form's answer may redirect, which the policy has to allow."""
        form_action = "'self'" if leads_to is None else f"'self' {_origin_of(leads_to)}"
        headers = {
            "cache-control": "no-store",
            "content-security-policy": (
                f"default-src 'none'; style-src 'self'; img-src data:; form-action {form_action}; base-uri 'none'; frame-ancestors 'none'"
            ),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
        }
        text = self.environment.get_template(template).render(values)
        return Response(text, status_code=status, media_type="text/html", headers=headers)


def _origin_of(url: str) -> str:
    """Scheme, host and port of a URL that was found valid."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
