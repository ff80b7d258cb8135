"""Every language says everything, and numbers and dates are written as its readers write them."""

import gettext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2.ext import babel_extract

from alltickets.kernel.money import Money
from alltickets.storefront.formats import Formats
from alltickets.storefront.languages import ENGLISH, LANGUAGES, PORTUGUESE, SPANISH, Language, language_of_path, translations_of
from alltickets.storefront.templates import FOLDER

BUENOS_AIRES = "America/Argentina/Buenos_Aires"
SATURDAY_EVENING = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)


def said() -> set[str]:
    """Every message of every template, plural ones by their singular."""
    found: set[str] = set()
    for path in FOLDER.rglob("*.html"):
        with path.open("rb") as file:
            for _, _, messages, _ in babel_extract(file, ["_", "gettext", "ngettext"], [], {"trimmed": "true"}):
                first = messages[0] if isinstance(messages, tuple) else messages
                found.add(str(first))
    return found


def known(language: Language) -> set[str]:
    """Every message that the language's catalogues translate."""
    found: set[str] = set()
    translations: gettext.NullTranslations | None = translations_of(language)
    while translations is not None:
        for key, translated in getattr(translations, "_catalog", {}).items():
            if key and translated:
                found.add(key if isinstance(key, str) else key[0])
        translations = translations._fallback  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("language", [SPANISH, PORTUGUESE], ids=lambda one: one.tag)
def test_nothing_is_left_untranslated(language: Language) -> None:
    assert len(said()) > 40
    assert sorted(said() - known(language)) == []


@pytest.mark.parametrize("language", [SPANISH, PORTUGUESE], ids=lambda one: one.tag)
def test_catalogues_hold_nothing_that_no_page_says(language: Language) -> None:
    assert sorted(known(language) - said()) == []


def test_every_catalogue_belongs_to_a_language() -> None:
    folders = {path.name for path in Path(FOLDER.parent / "locale").iterdir() if path.is_dir()}

    assert folders == {str(language.locale) for language in LANGUAGES if language is not ENGLISH}


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (SPANISH, "$\N{NO-BREAK SPACE}12.500,00"),
        (ENGLISH, "ARS\N{NO-BREAK SPACE}12,500.00"),
        (PORTUGUESE, "ARS\N{NO-BREAK SPACE}12.500,00"),
    ],
    ids=lambda one: getattr(one, "tag", ""),
)
def test_amounts_are_written_with_their_currency(language: Language, written: str) -> None:
    assert Formats(language).money(Money(1_250_000, "ARS")) == written


@pytest.mark.parametrize(
    ("language", "date", "time"),
    [
        (SPANISH, "sábado 28 de noviembre de 2026", "21:30"),
        (ENGLISH, "Saturday, November 28, 2026", "9:30\N{NARROW NO-BREAK SPACE}PM"),
        (PORTUGUESE, "sábado, 28 de novembro de 2026", "21:30"),
    ],
    ids=lambda one: getattr(one, "tag", ""),
)
def test_dates_have_their_weekday_by_the_clock_of_the_venue(language: Language, date: str, time: str) -> None:
    formats = Formats(language)

    assert formats.long_date(SATURDAY_EVENING, BUENOS_AIRES) == date
    assert formats.time(SATURDAY_EVENING, BUENOS_AIRES).replace(" ", "\N{NARROW NO-BREAK SPACE}") == time


def test_zones_are_named_for_people() -> None:
    assert Formats(SPANISH).zone_city(BUENOS_AIRES) == "Buenos Aires"
    assert Formats(SPANISH).zone_city("America/Sao_Paulo") == "São Paulo"


@pytest.mark.parametrize(
    ("path", "language"), [("/", SPANISH), ("/e/gala", SPANISH), ("/en", ENGLISH), ("/en/e/gala", ENGLISH), ("/entradas", SPANISH)]
)
def test_a_path_tells_its_language(path: str, language: Language) -> None:
    assert language_of_path(path) is language
