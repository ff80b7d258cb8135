"""The catalogues have every text, in every language, with its values; amounts and times are written as they are there."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import alltickets.notifications.letters
from alltickets.kernel.money import Money
from alltickets.notifications.letters.words import CATALOGUES, LOCALES, SOURCE_LOCALE, words_of

Message = str | tuple[str, str]
TRANSLATED = [locale for locale in LOCALES if locale != SOURCE_LOCALE]
NBSP = "\N{NO-BREAK SPACE}"


def texts_in_the_code() -> set[Message]:
    """What `say` and `count` are called with."""
    folder = Path(alltickets.notifications.letters.__file__).parent
    found = extract_from_dir(str(folder), method_map=[("**.py", "python")], keywords={"say": None, "count": (1, 2)})
    return {message if isinstance(message, str) else (message[0], message[1]) for _, _, message, _, _ in found}


def values_in(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_catalogue_has_every_text_and_no_other(locale: str) -> None:
    with (CATALOGUES / f"{locale}.po").open("rb") as file:
        catalogue = read_po(file, locale=locale.replace("-", "_"))
    messages = [message for message in catalogue if message.id]

    assert {message.id for message in messages} == texts_in_the_code()
    assert [message.id for message in messages if message.fuzzy or not all(_strings(message.string))] == []
    for message in messages:
        asked = values_in(" ".join(_strings(message.id)))
        for string in _strings(message.string):
            # "1" is written out in the singular.
            assert values_in(string) | {"number"} == asked | {"number"} or values_in(string) == asked, message.id
        assert len(_strings(message.string)) == len(_strings(message.id)), message.id


def _strings(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, tuple | list) else (str(text),)


def test_there_are_texts() -> None:
    assert len(texts_in_the_code()) > 40


@pytest.mark.parametrize(
    ("locale", "amount", "written"),
    [
        ("es-AR", Money(1_250_000, "ARS"), f"${NBSP}12.500,00"),
        ("es-AR", Money(1_050, "USD"), f"US${NBSP}10,50"),
        ("es-AR", Money(12_500, "CLP"), f"CLP{NBSP}12.500"),
        ("en", Money(1_250_000, "ARS"), f"ARS{NBSP}12,500.00"),
        ("en", Money(1_050, "USD"), "$10.50"),
        ("pt-BR", Money(1_050, "BRL"), f"R${NBSP}10,50"),
        ("es-AR", Money(1_234, "KWD"), f"KWD{NBSP}1,234"),
        ("es-AR", Money(0, "ARS"), f"${NBSP}0,00"),
    ],
)
def test_an_amount_is_written_to_its_last_unit(locale: str, amount: Money, written: str) -> None:
    assert words_of(locale).money(amount) == written


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("es-AR", "sábado, 28 de noviembre de 2026, 21:30 (hora de Buenos Aires)"),
        ("en", "Saturday, November 28, 2026, 9:30 PM (Buenos Aires time)"),
        ("pt-BR", "sábado, 28 de novembro de 2026, 21:30 (horário de Buenos Aires)"),
    ],
)
def test_a_time_has_its_weekday_and_the_clock_of_the_venue(locale: str, written: str) -> None:
    at = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)

    assert words_of(locale).day_and_time(at, "America/Argentina/Buenos_Aires") == written


@pytest.mark.parametrize("locale", [None, "xx", "es", "../../etc"])
def test_a_language_that_is_not_known_is_the_default(locale: str | None) -> None:
    assert words_of(locale).locale == "es-AR"


@pytest.mark.parametrize("typed", ["{number}", "{0.__class__}", "%s %(name)s", "{{7*7}}", "{"])
def test_what_somebody_typed_is_no_pattern(typed: str) -> None:
    assert words_of("es-AR").say("Hello {name},", name=typed) == f"Hola, {typed}:"
