"""A settlement file, read line by line by its layout; however large, only one line of it is in memory."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import IO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from alltickets.kernel.money import CURRENCY_EXPONENTS
from alltickets.payments.reconciliation.layouts import Field, Layout
from alltickets.payments.reconciliation.lines import LineKind, SettlementLine, UnreadableLine
from alltickets.payments.refusals import SettlementUnreadable

__all__ = ["read_lines"]

TEXT_LENGTH_MAX = 200
ID_LENGTH_MAX = 100
MINOR_MAX = 2**62
LINE_LENGTH_MAX = 20_000


class _LineFault(Exception):
    """What is wrong with one line."""


def read_lines(text: IO[str], layout: Layout, *, currency: str) -> Iterator[SettlementLine | UnreadableLine]:
    """The lines below the head. `currency` is that of lines that name none.

    Raises `SettlementUnreadable` for a file whose head lacks what the layout needs, and for one that is no text in its encoding.
    """
    rows = csv.reader(text, delimiter=layout.separator, strict=False)
    csv.field_size_limit(LINE_LENGTH_MAX)
    reader = _Reader(layout, currency, _head_of(rows, layout))
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except UnicodeDecodeError as fault:
            raise _wrong_encoding(layout) from fault
        except csv.Error as fault:
            yield UnreadableLine(row=rows.line_num, fault=f"The line cannot be taken apart: {fault}.", text="")
            continue
        if any(cell.strip() for cell in cells):
            yield reader.read(rows.line_num, cells)


def _head_of(rows: Iterator[list[str]], layout: Layout) -> dict[Field, int]:
    """In which place each field stands."""
    try:
        head = [cell.strip().lstrip("\ufeff").casefold() for cell in next(rows)]
    except StopIteration:
        raise SettlementUnreadable("The file is empty.") from None
    except UnicodeDecodeError as fault:
        raise _wrong_encoding(layout) from fault
    except csv.Error as fault:
        raise SettlementUnreadable(f"The first line cannot be taken apart: {fault}.") from fault
    places = {field: head.index(name.casefold()) for field, name in layout.columns.items() if name.casefold() in head}
    if "gross" not in places or not places.keys() & {"source_id", "reference", "settlement_reference"}:
        wanted = ", ".join(layout.columns.values())
        found = ", ".join(cell[:40] for cell in head[:30])
        raise SettlementUnreadable(f"The first line has to name the amount and what identifies a payment ({wanted}); it names: {found}.")
    return places


def _wrong_encoding(layout: Layout) -> SettlementUnreadable:
    return SettlementUnreadable(f"The file is not text in {layout.encoding}: choose a layout with another encoding.")


class _Reader:
    """Reads cells by a layout whose places are known."""

    def __init__(self, layout: Layout, currency: str, places: Mapping[Field, int]) -> None:
        self._layout = layout
        self._currency = currency
        self._places = places
        try:
            self._zone = ZoneInfo(layout.zone)
        except (ZoneInfoNotFoundError, ValueError) as fault:
            raise SettlementUnreadable(f"There is no time zone {layout.zone!r}.") from fault

    def read(self, row: int, cells: list[str]) -> SettlementLine | UnreadableLine:
        try:
            return self._line(row, cells)
        except _LineFault as fault:
            return UnreadableLine(row=row, fault=str(fault), text=self._layout.separator.join(cells)[:TEXT_LENGTH_MAX].replace("\x00", ""))

    def _line(self, row: int, cells: list[str]) -> SettlementLine:
        currency = self._cell(cells, "currency").upper() or self._currency
        if currency not in CURRENCY_EXPONENTS:
            raise _LineFault(f"{currency[:10]!r} is not a currency of ISO 4217.")
        taken = -1 if self._layout.charges_are_negative else 1
        gross = self._minor(cells, "gross", currency)
        fee, taxes = taken * self._minor(cells, "fee", currency), taken * self._minor(cells, "taxes", currency)
        platform_fee = taken * self._minor(cells, "platform_fee", currency)
        if self._cell(cells, "net"):
            net = self._minor(cells, "net", currency)
            # Whether the fee has the platform's in it or beside it is not published: the net tells.
            beside = gross - fee - platform_fee - taxes - net
            fee -= platform_fee if abs(beside + platform_fee) < abs(beside) else 0
        else:
            net = gross - fee - platform_fee - taxes
        return SettlementLine(
            row=row,
            kind=self._kind(cells),
            source_id=self._id(cells, "source_id"),
            reference=self._id(cells, "reference"),
            settlement_reference=self._id(cells, "settlement_reference"),
            gross_minor=gross,
            fee_minor=fee,
            taxes_minor=taxes,
            net_minor=net,
            platform_fee_minor=platform_fee,
            currency=currency,
            occurred_at=self._instant(cells, "occurred_at"),
            settles_at=self._instant(cells, "settles_at"),
        )

    def _cell(self, cells: list[str], field: Field) -> str:
        place = self._places.get(field)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    def _kind(self, cells: list[str]) -> LineKind:
        if "kind" not in self._places:
            return "payment"
        return self._layout.kinds.get(self._cell(cells, "kind").upper(), "other")

    def _id(self, cells: list[str], field: Field) -> str:
        text = self._cell(cells, field)
        if len(text) > ID_LENGTH_MAX or not text.isprintable():
            raise _LineFault(f"{self._layout.columns[field]} is not an id.")
        return text

    def _minor(self, cells: list[str], field: Field, currency: str) -> int:
        """An amount in minor units; an empty cell is nothing, except where the line would mean nothing without it."""
        text = self._cell(cells, field)
        if not text and field != "gross":
            return 0
        plain = text.replace("$", "").replace(" ", "")
        plain = plain.replace(".", "").replace(",", ".") if self._layout.decimal == "," else plain.replace(",", "")
        try:
            amount = Decimal(plain)
        except InvalidOperation:
            raise _LineFault(f"{self._layout.columns[field]} is not an amount: {text[:30]!r}.") from None
        exponent = CURRENCY_EXPONENTS[currency] if self._layout.unit == "major" else 0
        if not amount.is_finite() or abs(amount) > MINOR_MAX:
            raise _LineFault(f"{self._layout.columns[field]} is not an amount: {text[:30]!r}.")
        minor = amount.scaleb(exponent)
        if minor != minor.to_integral_value() or abs(minor) > MINOR_MAX:
            raise _LineFault(f"{self._layout.columns[field]} has more decimals than {currency}: {text[:30]!r}.")
        return int(minor)

    def _instant(self, cells: list[str], field: Field) -> datetime | None:
        text = self._cell(cells, field)
        if not text:
            return None
        try:
            pattern = self._layout.dates
            # A date without a zone is one of the layout's.
            at = datetime.fromisoformat(text) if pattern == "iso" else datetime.strptime(text, pattern)  # noqa: DTZ007
            zoned = at if at.tzinfo is not None else at.replace(tzinfo=self._zone)
            return zoned.astimezone(UTC)
        except (ValueError, OverflowError):
            raise _LineFault(f"{self._layout.columns[field]} is not a date as the layout says: {text[:30]!r}.") from None
