"""The languages that pages speak, with their catalogues."""

import gettext
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

__all__ = ["DEFAULT", "ENGLISH", "LANGUAGES", "LOCALE_FOLDER", "PORTUGUESE", "SPANISH", "Language", "language_of_path", "translations_of"]

LOCALE_FOLDER = Path(__file__).parent / "locale"


@dataclass(frozen=True)
class Language:
    """A language. `tag` is BCP 47's, `prefix` what its paths begin with, `name` what it calls itself."""

    tag: str
    prefix: str
    name: str

    @property
    def locale(self) -> Locale:
        """How numbers and dates are written in it."""
        return _locale_of(self.tag)

    def path(self, path: str) -> str:
        """Where the page of that path stands in this language: `/e/gala` is at `/en/e/gala`, and `/` at `/en/`."""
        return self.prefix + path


@cache
def _locale_of(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


SPANISH = Language("es-AR", "", "Español")
ENGLISH = Language("en", "/en", "English")
PORTUGUESE = Language("pt-BR", "/pt", "Português")
LANGUAGES = (SPANISH, ENGLISH, PORTUGUESE)
DEFAULT = SPANISH


def language_of_path(path: str) -> Language:
    """The language in which a path stands."""
    for language in LANGUAGES:
        if language.prefix and (path == language.prefix or path.startswith(f"{language.prefix}/")):
            return language
    return DEFAULT


@cache
def translations_of(language: Language) -> gettext.NullTranslations:
    """The language's catalogue: every `.po` file of its folder, compiled when first asked for. English is what the source says."""
    if language is ENGLISH:
        return gettext.NullTranslations()
    merged: gettext.NullTranslations | None = None
    for path in sorted((LOCALE_FOLDER / str(language.locale)).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language.locale)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = gettext.GNUTranslations(compiled)
        if merged is None:
            merged = translations
        else:
            merged.add_fallback(translations)
    assert merged is not None, f"{language.tag} has a catalogue"
    return merged
