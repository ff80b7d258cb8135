"""What a printed ticket says in each language, and how it writes dates, times and amounts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from babel import dates, numbers

from alltickets.kernel.money import Money, exponent_of

__all__ = ["WORDS", "Words", "amount", "day_and_month", "long_date", "times", "words_of"]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One language. A language that lacks a word does not start."""

    babel: str
    language: str
    region: str | None
    ticket_of: str
    holder: str
    ticket_type: str
    sector: str
    seat: str
    price: str
    free: str
    order: str
    ticket_number: str
    organizer: str
    doors: str
    code: str
    rules_title: str
    rules: tuple[str, ...]


WORDS: Mapping[str, Words] = {
    "es-AR": Words(
        babel="es_AR",
        language="es",
        region="AR",
        ticket_of="Entrada {number} de {count}",
        holder="Asistente",
        ticket_type="Tipo de entrada",
        sector="Sector",
        seat="Asiento",
        price="Precio pagado",
        free="Sin cargo",
        order="Compra",
        ticket_number="Entrada",
        organizer="Organiza",
        doors="Puertas: {time}",
        code="Código QR de la entrada",
        rules_title="Para entrar",
        rules=(
            "Mostrá el código en la puerta, impreso o en el teléfono.",
            "Vale para una persona, una sola vez: entra quien lo muestra primero. No lo publiques.",
            "Llevá tu documento: te lo pueden pedir.",
        ),
    ),
    "en": Words(
        babel="en",
        language="en",
        region=None,
        ticket_of="Ticket {number} of {count}",
        holder="Ticket holder",
        ticket_type="Ticket type",
        sector="Sector",
        seat="Seat",
        price="Price paid",
        free="Free",
        order="Order",
        ticket_number="Ticket",
        organizer="Organizer",
        doors="Doors: {time}",
        code="QR code of the ticket",
        rules_title="At the door",
        rules=(
            "Show the code at the door, on paper or on your phone.",
            "It admits one person, once: whoever shows it first goes in. Do not post it.",
            "Bring your identity document: you may be asked for it.",
        ),
    ),
    "pt-BR": Words(
        babel="pt_BR",
        language="pt",
        region="BR",
        ticket_of="Ingresso {number} de {count}",
        holder="Participante",
        ticket_type="Tipo de ingresso",
        sector="Setor",
        seat="Assento",
        price="Preço pago",
        free="Gratuito",
        order="Pedido",
        ticket_number="Ingresso",
        organizer="Organização",
        doors="Portas: {time}",
        code="Código QR do ingresso",
        rules_title="Para entrar",
        rules=(
            "Mostre o código na porta, impresso ou no celular.",
            "Vale para uma pessoa, uma única vez: entra quem mostrar primeiro. Não publique.",
            "Leve seu documento: ele pode ser pedido.",
        ),
    ),
}


def words_of(locale: str) -> Words:
    """The words of a locale; those of es-AR for one that has none."""
    return WORDS.get(locale, WORDS["es-AR"])


def long_date(at: datetime, zone: ZoneInfo, words: Words) -> str:
    """`Sábado, 14 de noviembre de 2026`, in the venue's zone."""
    return _sentence(dates.format_date(at.astimezone(zone).date(), "full", locale=words.babel))


def times(starts_at: datetime, doors_at: datetime | None, zone: ZoneInfo, words: Words) -> str:
    """`21:00, hora de Argentina · Puertas: 19:30`; doors of another day with their date."""
    said = f"{_time(starts_at, zone, words)}, {_zone_name(starts_at, zone, words)}"
    if doors_at is None:
        return said
    doors = _time(doors_at, zone, words)
    if doors_at.astimezone(zone).date() != starts_at.astimezone(zone).date():
        doors = f"{dates.format_date(doors_at.astimezone(zone).date(), 'medium', locale=words.babel)}, {doors}"
    return f"{said} · {words.doors.format(time=doors)}"


def day_and_month(at: datetime, zone: ZoneInfo, words: Words) -> tuple[str, str]:
    """`14` and `Noviembre de 2026`."""
    local = at.astimezone(zone).date()
    return str(local.day), _sentence(dates.format_skeleton("yMMMM", local, locale=words.babel))


def amount(price: Money, words: Words) -> str:
    """`$ 12.500,00`, with as many decimals as ISO 4217 gives the currency, which is always named."""
    if price.minor == 0:
        return words.free
    decimals = exponent_of(price.currency)
    pattern = "¤\xa0#,##0" + (f".{'0' * decimals}" if decimals else "")
    return numbers.format_currency(
        Decimal(price.minor).scaleb(-decimals), price.currency, pattern, locale=words.babel, currency_digits=False
    )


def _time(at: datetime, zone: ZoneInfo, words: Words) -> str:
    return dates.format_time(at, "short", tzinfo=zone, locale=words.babel)


def _zone_name(at: datetime, zone: ZoneInfo, words: Words) -> str:
    # Zones that belong to no place (UTC, Etc/GMT+3) have no name that anybody says.
    if "/" not in zone.key or zone.key.startswith("Etc/"):
        return dates.get_timezone_gmt(at.astimezone(zone), locale=words.babel)
    return dates.get_timezone_name(zone, locale=words.babel)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
