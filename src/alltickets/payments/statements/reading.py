"""Reads the lines of a bank's statement (CSV) as the organizer described its columns. Pure, one line at a time, whatever the bytes are.

A statement is one line for each movement: no bank breaks a line inside of quotes, so a stray quote spoils its own line and no other.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

import msgspec

from alltickets.kernel.money import exponent_of

__all__ = ["LINE_BYTES_MAX", "Fault", "Layout", "Line", "LineReader", "lines_of"]

LINE_BYTES_MAX = 8_192
DESCRIPTION_LENGTH_MAX = 300
MINOR_MAX = 10**15

DateOrder = Literal["dmy", "ymd", "mdy"]
Column = Annotated[int, msgspec.Meta(ge=1, le=60)]


class Layout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a bank writes its statement. Columns are counted from 1.

    `first_lines`: how many lines stand above the movements. `amount`: the column with what came in; what went out is negative there, or
    stands in another column. `bank_reference`: the bank's own number of a movement, where it gives one.
    """

    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    separator: Literal[",", ";", "\t", "|"] = ";"
    decimal: Literal[",", "."] = ","
    date_order: DateOrder = "dmy"
    first_lines: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    booked_on: Column
    amount: Column
    descriptions: Annotated[tuple[Column, ...], msgspec.Meta(min_length=1, max_length=6)]
    bank_reference: Column | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Money that came in. `key` is the same whenever the same movement is read again."""

    number: int
    booked_on: date
    amount_minor: int
    description: str
    key: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be read, and why. Lines are counted from 1, as an editor shows them."""

    number: int
    reason: str


_DATES: dict[DateOrder, re.Pattern[str]] = {
    "dmy": re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4}|\d{2})"),
    "mdy": re.compile(r"(?P<m>\d{1,2})[/.-](?P<d>\d{1,2})[/.-](?P<y>\d{4}|\d{2})"),
    "ymd": re.compile(r"(?P<y>\d{4})[/.-]?(?P<m>\d{2})[/.-]?(?P<d>\d{2})"),
}
_AMOUNTS = {
    ",": re.compile(r"(\d{1,3}(?:[. ']\d{3})+|\d+)(?:,(\d{1,4}))?"),
    ".": re.compile(r"(\d{1,3}(?:[, ']\d{3})+|\d+)(?:\.(\d{1,4}))?"),
}
_NOT_OF_AN_AMOUNT = re.compile(r"[$\s]|[A-Z]{3}|U\$S")
_unseen = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")


def lines_of(body: bytes) -> Iterator[tuple[int, bytes | None]]:
    """The lines of a file with their numbers, without their ends; None for one longer than any bank writes."""
    number, start = 1, 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        yield number, None if end - start > LINE_BYTES_MAX else body[start:end]
        number, start = number + 1, end + 1


class LineReader:
    """Reads the lines of one file of an account. Movements that look alike are told apart by which of them it is on its day."""

    def __init__(self, layout: Layout, currency: str) -> None:
        self._layout = layout
        self._exponent = exponent_of(currency)
        self._alike: Counter[bytes] = Counter()

    def read(self, number: int, line: bytes | None) -> Line | Fault | None:
        """The movement; None for what is none of ours: a heading, an empty line, money that went out."""
        if number <= self._layout.first_lines:
            return None
        if line is None:
            return Fault(number, f"It is longer than {LINE_BYTES_MAX} bytes.")
        try:
            return self._read(number, line)
        except _Unreadable as fault:
            return Fault(number, str(fault))

    def _read(self, number: int, line: bytes) -> Line | None:
        cells = _cells(self._layout, line, number)
        if not any(cells):
            return None
        amount_minor = _minor_of(_cell(cells, self._layout.amount, "amount"), self._layout.decimal, self._exponent)
        if amount_minor <= 0:
            return None
        booked_on = _date_of(_cell(cells, self._layout.booked_on, "date"), self._layout.date_order)
        description = " ".join(cells[place - 1] for place in self._layout.descriptions if place <= len(cells) and cells[place - 1])
        bank_reference = "" if self._layout.bank_reference is None else _cell(cells, self._layout.bank_reference, "bank's reference")
        facts = "\x1f".join((booked_on.isoformat(), str(amount_minor), description, bank_reference))
        digest = hashlib.blake2b(facts.encode(), digest_size=16)
        self._alike[digest.digest()] += 1
        digest.update(b"\x1f%d" % self._alike[digest.digest()])
        return Line(number, booked_on, amount_minor, description[:DESCRIPTION_LENGTH_MAX], digest.hexdigest())


class _Unreadable(Exception):
    """Why a line cannot be read, for whoever described it."""


def _cells(layout: Layout, line: bytes, number: int) -> list[str]:
    """The line's cells, each on one line without blanks around it."""
    try:
        text = line.decode("utf-8-sig" if number == 1 and layout.encoding == "utf-8" else layout.encoding)
    except UnicodeDecodeError as fault:
        raise _Unreadable(f"It is not {layout.encoding}: choose the other encoding.") from fault
    try:
        # A NUL ends the reading of a line in older Pythons, and no bank means anything by one.
        rows = list(csv.reader([text.replace("\x00", " ").replace("\r", " ")], delimiter=layout.separator))
    except csv.Error as fault:
        raise _Unreadable(f"It is no line of a CSV file: {fault}.") from fault
    return [_unseen.sub(" ", cell).strip() for cell in rows[0]] if rows else []


def _cell(cells: Sequence[str], place: int, name: str) -> str:
    if place > len(cells):
        raise _Unreadable(f"It has {len(cells)} columns, and the {name} should stand in column {place}.")
    return cells[place - 1]


def _minor_of(written: str, decimal: Literal[",", "."], exponent: int) -> int:
    """`1.234,50` with a decimal comma is 123450; `-12`, `12-` and `(12)` are less than nothing, and so is no amount at all."""
    text = _NOT_OF_AN_AMOUNT.sub(lambda match: " " if match[0].isspace() else "", written.upper()).strip()
    if not text:
        return 0
    is_less = text[0] in "-(\u2212" or text.endswith("-")
    match = _AMOUNTS[decimal].fullmatch(text.strip("+-()\u2212 "))
    if match is None:
        raise _Unreadable(f"{_quoted(written)} is no amount with a decimal {'comma' if decimal == ',' else 'point'}.")
    whole, fraction = re.sub(r"\D", "", match[1]), (match[2] or "").rstrip("0")
    if len(fraction) > exponent:
        raise _Unreadable(f"{_quoted(written)} has more decimals than its currency.")
    minor = int(whole[:20] + fraction.ljust(exponent, "0"))
    if minor > MINOR_MAX or len(whole) > 15:
        raise _Unreadable(f"{_quoted(written)} is more money than there is.")
    return -minor if is_less else minor


def _date_of(written: str, order: DateOrder) -> date:
    match = _DATES[order].match(written)
    try:
        if match is not None and match.end() in (len(written), written.find(" ")):
            year = int(match["y"])
            return date(year if year > 99 else 2000 + year, int(match["m"]), int(match["d"]))
    except ValueError:
        pass
    raise _Unreadable(f"{_quoted(written)} is no date of the order {order}.")


def _quoted(written: str) -> str:
    return f"“{written[:40]}”"
