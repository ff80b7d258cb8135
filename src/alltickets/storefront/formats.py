"""Amounts and dates as a reader of the language writes them; times by the clock on the venue's wall."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_day_names, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from alltickets.kernel.money import Money, exponent_of
from alltickets.storefront.languages import ENGLISH, PORTUGUESE, SPANISH, Language

__all__ = ["Formats"]

# Babel's own patterns put a comma between weekday and day, or leave the weekday out.
_DATES = {
    SPANISH.tag: ("EEEE d 'de' MMMM 'de' y", "EEEE d 'de' MMMM", "EEE d MMM", "d 'de' MMMM 'de' y", "HH:mm"),
    ENGLISH.tag: ("EEEE, MMMM d, y", "EEEE, MMMM d", "EEE, MMM d", "MMMM d, y", "h:mm a"),
    PORTUGUESE.tag: ("EEEE, d 'de' MMMM 'de' y", "EEEE, d 'de' MMMM", "EEE, d MMM", "d 'de' MMMM 'de' y", "HH:mm"),
}

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Sign, blank, amount, in every language: Babel leaves the blank out where the sign is a single character.
_MONEY = "¤\N{NO-BREAK SPACE}#,##0.00"


class Formats:
    """How one language writes things."""

    def __init__(self, language: Language) -> None:
        self._locale = language.locale
        self._long_date, self._day, self._short_date, self._date, self._time = _DATES[language.tag]

    def money(self, amount: Money) -> str:
        """An amount with its currency: `$ 12.500,00` for pesos in es-AR."""
        return _money(amount, self._locale)

    def number(self, count: int) -> str:
        """A count: `1.250` in es-AR."""
        return str(format_decimal(count, locale=self._locale))

    def share(self, basis_points: int, decimals: int = 0) -> str:
        """A share of a hundred: `20 %`, with decimals where it has some, or always so many."""
        pattern = "#,##0." + "0" * decimals + "#" * (2 - decimals)
        return f"{format_decimal(Decimal(basis_points) / 100, pattern, locale=self._locale)}\N{NO-BREAK SPACE}%"

    def listed(self, things: Iterable[object]) -> str:
        """`3, 6 y 12`"""
        return str(format_list([str(one) for one in things], locale=self._locale))

    def weekdays(self, names: Iterable[str]) -> str:
        """`martes y jueves`, in the order of the week."""
        days = get_day_names("wide", locale=self._locale)
        return self.listed(days[place] for place, name in enumerate(WEEKDAYS) if name in set(names))

    def calendar_date(self, day: date) -> str:
        """`28 de noviembre de 2026`"""
        return str(format_date(day, self._date, locale=self._locale))

    def long_date(self, at: datetime, timezone: str) -> str:
        """`sábado 28 de noviembre de 2026`"""
        return self._format(at, timezone, self._long_date)

    def short_date(self, at: datetime, timezone: str) -> str:
        """`sáb 28 nov`"""
        return self._format(at, timezone, self._short_date)

    def day(self, at: datetime, timezone: str) -> str:
        """`sábado 28 de noviembre`"""
        return self._format(at, timezone, self._day)

    def plain_date(self, at: datetime, timezone: str) -> str:
        """`28 de noviembre de 2026`"""
        return self._format(at, timezone, self._date)

    def time(self, at: datetime, timezone: str) -> str:
        """`21:00`"""
        return self._format(at, timezone, self._time)

    def zone_city(self, timezone: str) -> str:
        """Where the clocks show that time: `Buenos Aires`."""
        return str(get_timezone_location(_zone(timezone), locale=self._locale, return_city=True))

    def _format(self, at: datetime, timezone: str, pattern: str) -> str:
        return str(format_datetime(at, pattern, tzinfo=_zone(timezone), locale=self._locale)).replace(".", "")


# A page is rendered anew when a place is sold, and its prices stay: Babel takes 0.1 ms for each.
@lru_cache(maxsize=5_000)
def _money(amount: Money, locale: Locale) -> str:
    decimal = Decimal(amount.minor).scaleb(-exponent_of(amount.currency))
    return str(format_currency(decimal, amount.currency, _MONEY, locale=locale))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
