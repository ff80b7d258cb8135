"""The words of mails in the reader's language, and amounts and times as they are written there."""

import io
import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.dates import format_date, format_time, get_timezone, get_timezone_location
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, get_currency_symbol

from alltickets.kernel.money import Money, exponent_of

__all__ = ["DEFAULT_LOCALE", "LOCALES", "Words", "words_of"]

LOCALES = ("es-AR", "en", "pt-BR")
DEFAULT_LOCALE = "es-AR"
SOURCE_LOCALE = "en"
CATALOGUES = Path(__file__).parents[1] / "locales"


class Words:
    """One language. The texts in the code are English, and keys of the others' catalogues (`locales/*.po`)."""

    def __init__(self, locale: str, catalogue: NullTranslations) -> None:
        self.locale = locale
        self._babel = locale.replace("-", "_")
        self._catalogue = catalogue

    def say(self, text: str, **values: str) -> str:
        """The text in this language with its values in place. Values are never looked into, whatever somebody typed there."""
        return self._catalogue.gettext(text).format(**values)

    def count(self, one: str, many: str, number: int, **values: str) -> str:
        """The text for that many; the number itself is `{number}`."""
        return self._catalogue.ngettext(one, many, number).format(number=number, **values)

    def money(self, amount: Money) -> str:
        """`$ 12.500,00`; the blank does not break."""
        exponent = exponent_of(amount.currency)
        pattern = "#,##0" + ("." + "0" * exponent if exponent else "")
        number = format_decimal(Decimal(amount.minor).scaleb(-exponent), pattern, locale=self._babel)
        symbol = get_currency_symbol(amount.currency, locale=self._babel)
        blank = "" if self.locale == SOURCE_LOCALE and not symbol[-1].isalpha() else "\N{NO-BREAK SPACE}"
        return f"{symbol}{blank}{number}"

    def day_and_time(self, at: datetime, zone: str) -> str:
        """`sábado, 28 de noviembre de 2026, 21:00 (hora de Buenos Aires)`."""
        return f"{format_date(at.astimezone(get_timezone(zone)), 'full', locale=self._babel)}, {self.time(at, zone)}"

    def time(self, at: datetime, zone: str) -> str:
        """`21:00 (hora de Buenos Aires)`: whoever travels to a show is told by whose clock it begins."""
        there = get_timezone(zone)
        # CLDR puts a narrow blank before PM that older mail programs show as a box.
        clock = re.sub(r"\s", " ", format_time(at, "short", tzinfo=there, locale=self._babel))
        return self.say("{time} ({place} time)", time=clock, place=get_timezone_location(there, locale=self._babel, return_city=True))


@cache
def words_of(locale: str | None) -> Words:
    """The words of a locale; of an unknown one, and of None, the default's."""
    known = locale if locale in LOCALES else DEFAULT_LOCALE
    assert known is not None, "the default is known"
    return Words(known, NullTranslations() if known == SOURCE_LOCALE else _catalogue_of(known))


def _catalogue_of(locale: str) -> GNUTranslations:
    compiled = io.BytesIO()
    with (CATALOGUES / f"{locale}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale.replace("-", "_"), abort_invalid=True))
    compiled.seek(0)
    return GNUTranslations(compiled)
