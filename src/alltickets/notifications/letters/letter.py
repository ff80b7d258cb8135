"""A letter: what a mail says, before it is text and HTML. Both say the same because both are made of it."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["Letter", "Link", "Paper", "Part", "html_of", "text_of"]


@dataclass(frozen=True, slots=True)
class Link:
    """Where a button leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A ticket, as one recognizes it."""

    title: str
    detail: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A box of the letter: what it is about, facts by their names, tickets, where it leads."""

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    papers: tuple[Paper, ...] = ()
    link: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All of it in the reader's language. `total` is a name and an amount; `notes` are small print; `leave` ends mails of this kind."""

    locale: str
    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    parts: tuple[Part, ...] = ()
    total: tuple[str, str] | None = None
    link: Link | None = None
    notes: tuple[str, ...] = ()
    organizer: str
    footer: str
    leave: Link | None = None


# Mail programs take no style sheets and no scripts: every style stands with its element (the macros of letter.html), and whatever somebody
# typed is escaped. The text has no markup to be escaped for.
_html = Environment(
    loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_text = _html.overlay(autoescape=False)


def html_of(letter: Letter) -> str:
    """The letter as a page for mail programs: tables for layout, styles inlined, nothing from elsewhere."""
    return _html.get_template("letter.html").render(letter=letter)


def text_of(letter: Letter) -> str:
    """The letter as plain text."""
    return _text.get_template("letter.txt").render(letter=letter)
