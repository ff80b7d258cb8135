"""Lines of bank statements: read as they were described, and told by their number where they cannot be."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alltickets.payments.statements.reading import LINE_BYTES_MAX, Fault, Layout, Line, LineReader, lines_of

LAYOUT = Layout(booked_on=1, amount=3, descriptions=(2,), bank_reference=4)
ENGLISH = Layout(
    encoding="latin-1", separator=",", decimal=".", date_order="ymd", first_lines=0, booked_on=1, amount=2, descriptions=(3, 4)
)


def read(body: bytes, layout: Layout = LAYOUT, *, currency: str = "ARS") -> list[Line | Fault]:
    reader = LineReader(layout, currency)
    return [found for number, line in lines_of(body) if (found := reader.read(number, line)) is not None]


def rows(*lines: str) -> bytes:
    return "\r\n".join(["Fecha;Concepto;Importe;Nro", *lines]).encode()


def test_a_movement_is_read_with_its_line_day_amount_and_description() -> None:
    [line] = read(rows("28/11/2026;TRANSFERENCIA  JGG-J26D de Pérez;$ 1.234,50;0017"))

    assert isinstance(line, Line)
    assert (line.number, line.booked_on, line.amount_minor) == (2, date(2026, 11, 28), 123_450)
    assert line.description == "TRANSFERENCIA JGG-J26D de Pérez"


@pytest.mark.parametrize(
    ("written", "minor"),
    [
        ("1234", 123_400),
        ("1.234", 123_400),
        ("1 234,5", 123_450),
        ("ARS 12,00", 1_200),
        ("+12,30", 1_230),
        ("12,3000", 1_230),
        ("1.234.567,89", 123_456_789),
    ],
)
def test_amounts_with_a_decimal_comma(written: str, minor: int) -> None:
    [line] = read(rows(f"28/11/26;x;{written};1"))

    assert isinstance(line, Line)
    assert line.amount_minor == minor


@pytest.mark.parametrize("written", ["-12,00", "12,00-", "(12,00)", "", "0,00", "\u221212,00", "-1.234"])
def test_what_went_out_is_none_of_ours(written: str) -> None:
    assert read(rows(f"28/11/2026;x;{written};1")) == []


@pytest.mark.parametrize("written", ["1.234.5", "1,234.50", "12,345", "doce", "1.23", "1,2,3", "9" * 30, "--", "١٢,00x"])
def test_what_is_no_amount_is_told_and_never_guessed(written: str) -> None:
    [fault] = read(rows(f"28/11/2026;x;{written};1"))

    assert isinstance(fault, Fault)
    assert fault.number == 2


def test_the_same_digits_mean_something_else_where_the_decimal_is_a_point() -> None:
    lines = read(b'2026-11-28,"1,234.50",JGGJ26D,Perez\xe9\n20261128 10:32,7,a,b\n', ENGLISH)

    assert [(line.amount_minor, line.description) for line in lines if isinstance(line, Line)] == [
        (123_450, "JGGJ26D Perezé"),
        (700, "a b"),
    ]


def test_a_currency_without_decimals_has_none() -> None:
    lines = read(rows("28/11/2026;x;1.500;1", "28/11/2026;x;1.500,50;1"), currency="CLP")

    assert [line.amount_minor if isinstance(line, Line) else line.number for line in lines] == [1_500, 3]


def test_each_line_that_cannot_be_read_is_told_by_its_number_and_spoils_no_other() -> None:
    body = rows("28/11/2026;x;1,00;1", "31/02/2026;x;1,00;2", 'mal;"comillas;1,00;3', "28/11/2026;corta", "28/11/2026;y;2,00;4")
    body += b"\n28/11/2026;\xe9;3,00;5\n" + b"z" * (LINE_BYTES_MAX + 1) + b"\n28/11/2026;z;4,00;6"

    found = read(body)

    assert [one.number for one in found if isinstance(one, Fault)] == [3, 4, 5, 7, 8]
    assert [one.amount_minor for one in found if isinstance(one, Line)] == [100, 200, 400]
    assert all(one.reason.endswith(".") for one in found if isinstance(one, Fault))


def test_a_line_has_the_same_key_whenever_it_is_read_and_alike_ones_have_different_keys() -> None:
    one, other = "28/11/2026;x;1,00;", "28/11/2026;y;1,00;"

    first = [line.key for line in read(rows(one, one, other)) if isinstance(line, Line)]
    again = [line.key for line in read(rows(other, one, one, one)) if isinstance(line, Line)]

    assert len(set(first)) == 3
    assert set(first) < set(again)
    assert len(set(again)) == 4


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    layout = Layout(first_lines=0, booked_on=1, amount=2, descriptions=(3,))

    assert [type(one) for one in read("\ufeff28/11/2026;1,00;x".encode(), layout)] == [Line]


layouts = st.builds(
    Layout,
    encoding=st.sampled_from(["utf-8", "latin-1"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([",", "."]),
    date_order=st.sampled_from(["dmy", "ymd", "mdy"]),
    first_lines=st.integers(0, 2),
    booked_on=st.integers(1, 3),
    amount=st.integers(1, 3),
    descriptions=st.tuples(st.integers(1, 4)),
)
nearly_csv = st.lists(
    st.sampled_from(["28/11/2026", "2026-11-28", "1.234,50", "-1", '"', ";", ",", "\t", "\n", "\r", "\x00", "é", "(", "$"])
)


@given(body=st.binary(max_size=400) | nearly_csv.map(lambda parts: "".join(parts).encode()), layout=layouts)
@settings(max_examples=150)
def test_no_file_whatever_it_holds_breaks_the_reader(body: bytes, layout: Layout) -> None:
    found = read(body, layout)

    assert all(1 <= one.number <= body.count(b"\n") + 1 for one in found)
    assert all(one.amount_minor > 0 and "\x00" not in one.description for one in found if isinstance(one, Line))
