"""The page that a seller comes back to: what was connected, or why nothing was, and what to do next."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alltickets.kernel.errors import Refusal
from alltickets.payments.refusals import ConnectionFailed, ConnectionFailure, ConnectionNotConfigured
from alltickets.payments.service.sellers import ConnectedSeller

__all__ = ["STYLE", "connected_page", "headers_of", "refused_page"]

_FOLDER = Path(__file__).parent / "templates"
_pages = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

STYLE = (_FOLDER / "connection.css").read_text(encoding="utf-8")

_AGAIN = "Pedí la conexión de nuevo desde tus medios de cobro."
_FAILURES: Mapping[ConnectionFailure, tuple[int, str, str]] = {
    "denied": (409, "No diste el permiso", f"No se conectó nada. Si fue sin querer: {_AGAIN[0].lower()}{_AGAIN[1:]}"),
    "unknown": (404, "Esta conexión no es tuya", f"La tiene que terminar quien la pidió, en el mismo navegador. {_AGAIN}"),
    "used": (
        409,
        "Esta conexión ya terminó",
        f"Si la cuenta está en tu lista, ya está conectada. Si no está: {_AGAIN[0].lower()}{_AGAIN[1:]}",
    ),
    "expired": (410, "La conexión venció", f"Pasaron más de 15 minutos y no se conectó nada. {_AGAIN}"),
    "code_refused": (409, "El código no sirvió", f"Venció o ya se había usado, y no se conectó nada. {_AGAIN}"),
    "unanswered": (
        424,
        "No nos contestaron",
        "No se perdió nada. Recargá esta página en un minuto; si sigue igual, pedí la conexión de nuevo.",
    ),
    "unfit": (409, "La cuenta es de otro país", "Acá se cobra en pesos argentinos, y esa cuenta no. No se conectó nada: entrá con otra."),
    "misconfigured": (
        409,
        "La plataforma no está autorizada",
        "No se conectó nada y no depende de vos: avisale a quien administra la plataforma.",
    ),
    "other_environment": (
        409,
        "La cuenta ya tiene pagos",
        "Son del otro ambiente (de prueba o real), y con este permiso no podríamos seguirlos. No se conectó nada: entrá con otra cuenta.",
    ),
}
_NOT_CONFIGURED = (409, "Esta conexión no está disponible", "La plataforma no la tiene configurada. Podés cargar las credenciales a mano.")
_NOT_SIGNED_IN = (401, "Tu sesión terminó", f"No se conectó nada. Iniciá sesión. {_AGAIN}")


def connected_page(connected: ConnectedSeller) -> str:
    """The account takes payments, and under which name."""
    return _pages.get_template("connected.html").render(connected=connected)


def refused_page(refusal: Refusal) -> tuple[int, str]:
    """The status, and why nothing was connected. Whatever is not about the connection is about who is signed in."""
    if isinstance(refusal, ConnectionFailed):
        status, title, text = _FAILURES[refusal.failure]
    else:
        status, title, text = _NOT_CONFIGURED if isinstance(refusal, ConnectionNotConfigured) else _NOT_SIGNED_IN
    return status, _pages.get_template("refused.html").render(title=title, text=text)


def headers_of() -> dict[str, str]:
    """Kept by nobody, framed by nobody; its address, with a code in it, is told to nobody."""
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
