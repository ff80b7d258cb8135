"""Dates, times and amounts as each language writes them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from alltickets.kernel.money import Money
from alltickets.tickets.pdf.words import WORDS, amount, day_and_month, long_date, times, words_of

BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")
NIGHT = datetime(2026, 11, 15, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("locale", ["fr", "", "es", "<script>"])
def test_a_locale_without_words_is_read_as_the_home_markets(locale: str) -> None:
    assert words_of(locale) is WORDS["es-AR"]


def test_the_date_is_the_venues() -> None:
    assert long_date(NIGHT, BUENOS_AIRES, WORDS["es-AR"]) == "Sábado, 14 de noviembre de 2026"
    assert long_date(NIGHT, ZoneInfo("Europe/Madrid"), WORDS["es-AR"]) == "Domingo, 15 de noviembre de 2026"
    assert day_and_month(NIGHT, BUENOS_AIRES, WORDS["en"]) == ("14", "November 2026")


@pytest.mark.parametrize(
    ("zone", "locale", "said"),
    [
        ("America/Argentina/Buenos_Aires", "es-AR", "23:30, hora de Argentina"),
        ("America/Sao_Paulo", "pt-BR", "23:30, Horário de Brasília"),
        ("Europe/Madrid", "en", "3:30\u202fAM, Central European Time"),
        ("UTC", "en", "2:30\u202fAM, GMT+00:00"),
        ("Etc/GMT+3", "es-AR", "23:30, GMT-03:00"),
    ],
)
def test_the_time_names_its_zone(zone: str, locale: str, said: str) -> None:
    assert times(NIGHT, None, ZoneInfo(zone), WORDS[locale]) == said


def test_doors_of_the_day_before_say_their_date() -> None:
    doors, starts = datetime(2026, 11, 15, 2, 0, tzinfo=UTC), datetime(2026, 11, 15, 3, 30, tzinfo=UTC)

    assert times(starts, doors, BUENOS_AIRES, WORDS["es-AR"]) == "00:30, hora de Argentina · Puertas: 14 nov 2026, 23:00"


@pytest.mark.parametrize(
    ("price", "locale", "said"),
    [
        (Money(1_250_000, "ARS"), "es-AR", "$\xa012.500,00"),
        (Money(1_250_000, "ARS"), "en", "ARS\xa012,500.00"),
        (Money(12_500, "CLP"), "es-AR", "CLP\xa012.500"),
        (Money(1_250, "KWD"), "en", "KWD\xa01.250"),
        (Money(0, "ARS"), "es-AR", "Sin cargo"),
        (Money(9_007_199_254_740_993, "BRL"), "pt-BR", "R$\xa090.071.992.547.409,93"),
    ],
)
def test_an_amount_is_exact_and_names_its_currency(price: Money, locale: str, said: str) -> None:
    assert amount(price, WORDS[locale]) == said
