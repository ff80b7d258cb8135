"""What both sides compute, as printed in the gateway's README."""

import hashlib
import hmac
from pathlib import Path

from simulators.sandbox import credentials
from simulators.sandbox.amounts import formatted
from simulators.sandbox.credentials import is_merchant, new_merchant, same, secret_of, sign_callback, sign_link

README = (Path(credentials.__file__).parent / "README.md").read_text()

FIELDS = {
    "merchant": "sbx_example1",
    "reference": "order-1001",
    "amount_minor": "1250000",
    "currency": "ARS",
    "description": "Noche de Otoño, 2 entradas",
    "return_url": "http://127.0.0.1:8000/orders/1001?step=paid",
    "callback_url": "http://127.0.0.1:8000/callbacks/sandbox",
    "expires_at": "1798761600",
}


def test_secret_is_the_hmac_of_the_merchant_under_the_master_key() -> None:
    expected = hmac.new(b"key", b"sbx_example1", hashlib.sha256).hexdigest()

    assert secret_of("sbx_example1", "key") == expected


def test_readme_shows_the_true_secret_signature_and_callback_signature() -> None:
    secret = secret_of("sbx_example1")

    assert secret in README
    assert sign_link(secret, FIELDS) in README
    assert sign_callback(secret, 1_798_760_000, b'{"id":"evt_1"}') in README


def test_every_signed_field_changes_the_signature() -> None:
    secret = secret_of("sbx_example1")

    signatures = {sign_link(secret, FIELDS | {name: FIELDS[name] + "0"}) for name in FIELDS}

    assert len(signatures | {sign_link(secret, FIELDS)}) == len(FIELDS) + 1


def test_new_merchants_are_merchants_and_differ() -> None:
    first, second = new_merchant(), new_merchant()

    assert is_merchant(first)
    assert first != second


def test_other_texts_are_no_merchants() -> None:
    for text in ("", "sbx_", "sbx_short", "sbx_UPPERCASE", "sbx_example1\n", "mp_example1", f"sbx_{'a' * 33}"):
        assert not is_merchant(text)


def test_comparison_takes_any_text() -> None:
    assert same("abc", "abc")
    assert not same("ñ\udcff", "abc")


def test_amounts_are_written_as_in_argentina() -> None:
    assert formatted(1_250_000, "ARS") == "$\N{NO-BREAK SPACE}12.500,00"
    assert formatted(5, "USD") == "US$\N{NO-BREAK SPACE}0,05"
    assert formatted(1_234_567, "CLP") == "CLP\N{NO-BREAK SPACE}1.234.567"
    assert formatted(1_234, "KWD") == "KWD\N{NO-BREAK SPACE}1,234"
