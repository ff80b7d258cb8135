"""Templates, once per language: what they say is translated, what they print is escaped, and what they lack is an error."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alltickets.storefront.addresses import picture_path, theme_path
from alltickets.storefront.assets import Assets
from alltickets.storefront.formats import Formats
from alltickets.storefront.languages import LANGUAGES, Language, translations_of

__all__ = ["FOLDER", "Templates"]

FOLDER = Path(__file__).parent / "templates"


class Templates:
    """Renders pages. Every template knows `language`, `languages`, `formats`, `url('/e/…')`, `asset_url(…)` and `site_url`."""

    def __init__(self, assets: Assets, *, site_url: str) -> None:
        self._environments = {language: _environment(language, assets, site_url) for language in LANGUAGES}

    def render(self, name: str, language: Language, *, path: str, **context: Any) -> bytes:
        """The template's page. `path` is the page's own without its language: for links to the others."""
        return self._environments[language].get_template(name).render(path=path, **context).encode()


def _environment(language: Language, assets: Assets, site_url: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations_of(language), newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        language=language,
        languages=LANGUAGES,
        formats=Formats(language),
        url=language.path,
        asset_url=assets.url,
        built_url=assets.built_url,
        styles_of=assets.styles,
        imports_of=assets.imports,
        site_url=site_url,
        picture_path=picture_path,
        theme_path=theme_path,
    )
    return environment
