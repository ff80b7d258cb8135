"""Settlement files of every shape: read as their layout says, or told what is wrong, line by line."""

from datetime import UTC, datetime
from io import BytesIO, StringIO, TextIOWrapper

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.payments.reconciliation.layouts import LAYOUTS, Layout
from alltickets.payments.reconciliation.lines import SettlementLine, UnreadableLine, digest_of
from alltickets.payments.reconciliation.reading import read_lines
from alltickets.payments.refusals import SettlementUnreadable

MERCADOPAGO = (
    "EXTERNAL_REFERENCE,SOURCE_ID,TRANSACTION_TYPE,TRANSACTION_AMOUNT,TRANSACTION_CURRENCY,TRANSACTION_DATE,FEE_AMOUNT,"
    "SETTLEMENT_NET_AMOUNT,MONEY_RELEASE_DATE,TAXES_AMOUNT\n"
)
GENERIC = LAYOUTS["generic"]


def read(text: str, layout: Layout = GENERIC) -> list[SettlementLine | UnreadableLine]:
    return list(read_lines(StringIO(text), layout, currency="ARS"))


def test_a_report_of_mercadopago_in_our_words() -> None:
    text = MERCADOPAGO + (
        "01900000-0000-7000-8000-000000000001,1234567890,SETTLEMENT,6000.00,ARS,2026-11-01T20:00:00.000-03:00,-246.00,5724.00,"
        "2026-11-19T20:00:00.000-03:00,-30.00\n"
        ",1234567890,REFUND,-1000.00,ARS,2026-11-02T20:00:00.000-03:00,0,-1000.00,,\n"
        ",,WITHDRAWAL,-4000.00,ARS,2026-11-20T20:00:00.000-03:00,0,-4000.00,,\n"
    )

    payment, refund, payout = read(text, LAYOUTS["mercadopago"])

    assert payment == SettlementLine(
        row=2,
        kind="payment",
        source_id="1234567890",
        reference="01900000-0000-7000-8000-000000000001",
        settlement_reference="",
        gross_minor=6000_00,
        fee_minor=246_00,
        taxes_minor=30_00,
        net_minor=5724_00,
        currency="ARS",
        occurred_at=datetime(2026, 11, 1, 23, tzinfo=UTC),
        settles_at=datetime(2026, 11, 19, 23, tzinfo=UTC),
    )
    assert isinstance(refund, SettlementLine)
    assert isinstance(payout, SettlementLine)
    assert (refund.kind, refund.gross_minor, refund.net_minor) == ("refund", -1000_00, -1000_00)
    assert (payout.kind, payout.gross_minor) == ("payout", -4000_00)


def test_the_net_tells_whether_the_fee_of_the_platform_is_in_the_fee_or_beside_it() -> None:
    head = "SOURCE_ID,TRANSACTION_TYPE,TRANSACTION_AMOUNT,FEE_AMOUNT,MKP_FEE_AMOUNT,SETTLEMENT_NET_AMOUNT\n"
    within, beside = "1,SETTLEMENT,11000,-1451.00,-1000.00,9549\n", "2,SETTLEMENT,11000,-451.00,-1000.00,9549\n"

    found = read(head + within + beside, LAYOUTS["mercadopago"])

    assert [(one.fee_minor, one.platform_fee_minor) for one in found if isinstance(one, SettlementLine)] == [(451_00, 1_000_00)] * 2


def test_a_file_of_payway_with_decimal_commas_in_latin_1() -> None:
    head = "FECHA_OPERACION;FECHA_PAGO;TIPO;NRO_OPERACION;TID;IMPORTE;ARANCEL;IMPUESTOS;Descripción\n"
    content = (head + "01/11/2026;19/11/2026;Compra;abc;3646565;$ 12.500,50;225,01;47,25;Función\n").encode("latin-1")

    [line] = read_lines(TextIOWrapper(BytesIO(content), encoding="latin-1"), LAYOUTS["payway"], currency="ARS")

    assert isinstance(line, SettlementLine)
    assert (line.kind, line.settlement_reference, line.reference) == ("payment", "3646565", "abc")
    assert (line.gross_minor, line.fee_minor, line.taxes_minor, line.net_minor) == (12_500_50, 225_01, 47_25, 12_228_24)
    assert line.occurred_at == datetime(2026, 11, 1, 3, tzinfo=UTC), "midnight in Buenos Aires"


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("p1,r1,payment,12.345", "gross has more decimals than ARS"),
        ("p1,r1,payment,", "gross is not an amount"),
        ("p1,r1,payment,1e400", "gross is not an amount"),
        ("p1,r1,payment,NaN", "gross is not an amount"),
        ("p1,r1,payment,10,,,,ARZ", "'ARZ' is not a currency"),
        ("p1,r1,payment,10,,,,ARS,yesterday", "occurred_at is not a date"),
        (f"{'9' * 101},r1,payment,10", "payment_id is not an id"),
    ],
)
def test_a_line_that_makes_no_sense_is_told_and_the_next_is_read(cells: str, told: str) -> None:
    head = "payment_id,reference,kind,gross,fee,taxes,net,currency,occurred_at\n"

    wrong, right = read(f"{head}{cells}\np2,r2,payment,10.50\n")

    assert isinstance(wrong, UnreadableLine)
    assert told in wrong.fault
    assert wrong.row == 2
    assert isinstance(right, SettlementLine)
    assert right.gross_minor == 10_50


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty"),
        (b"a,b,c\n1,2,3\n", "it names: a, b, c"),
        (b"payment_id,gross\n\xff\xfe,1\n", "not text in utf-8"),
        (b"\x89PNG\r\n\x1a\n\x00", "not text in utf-8"),
    ],
)
def test_what_is_no_report_is_told_with_what_to_do(content: bytes, told: str) -> None:
    with pytest.raises(SettlementUnreadable) as refused:
        list(read_lines(TextIOWrapper(BytesIO(content), encoding="utf-8", newline=""), GENERIC, currency="ARS"))

    assert told in str(refused.value)


@given(st.text(max_size=400), st.sampled_from(sorted(LAYOUTS)))
def test_nothing_that_can_be_sent_breaks_the_reader(text: str, layout: str) -> None:
    head = LAYOUTS[layout].separator.join(LAYOUTS[layout].columns.values())

    for line in read(f"{head}\n{text}", LAYOUTS[layout]):
        msgspec.json.encode(line)
        digest_of(line)


def test_the_same_line_is_the_same_wherever_it_stands() -> None:
    [first], [_, again] = read("payment_id,gross\np1,10\n"), read("payment_id,gross\np0,5\np1,10.00\n")

    assert digest_of(first) == digest_of(again)
    assert digest_of(first) != digest_of(read("payment_id,gross\np1,10.01\n")[0])
