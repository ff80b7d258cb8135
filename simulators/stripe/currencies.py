"""What an amount on the wire stands for, and what Stripe keeps of it."""

from decimal import Decimal

from simulators.stripe.errors import ApiError, invalid

__all__ = ["check_amount", "converted", "fee_of", "formatted", "in_major_units"]

_DECIMALS: dict[int, str] = {
    0: "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
    3: "bhd jod kwd omr tnd",
    2: "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk dop "
    "dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl "
    "mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle "
    "sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw",
}
_EXPONENTS = {currency: decimals for decimals, currencies in _DECIMALS.items() for currency in currencies.split()}
_ALWAYS_WHOLE = frozenset({"isk", "ugx"})
"""Without decimals by now, and still written with two of them that have to be 00."""
AMOUNT_MIN = 50
"""Fifty cents of most currencies; the real one goes by the settlement currency."""


def check_amount(amount: int, currency: str, param: str) -> None:
    """Refuse a currency that is none, and an amount that cannot be charged in it."""
    if currency not in _EXPONENTS:
        raise invalid(f"Invalid currency: {currency}. Stripe currently supports these currencies: usd, aed, ...", param)
    if currency in _ALWAYS_WHOLE and amount % 100:
        message = f"Invalid amount. Currency {currency.upper()} has become effectively zero-decimal and charged amounts must be evenly divisible by 100."  # noqa: E501
        raise invalid(message, param, "invalid_charge_amount_no_decimal_compatible")
    if _EXPONENTS[currency] == 3 and amount % 10:
        raise invalid(f"Invalid amount: the last digit of an amount in {currency} must be 0.", param)
    if amount < (1 if _EXPONENTS[currency] == 0 else AMOUNT_MIN):
        raise ApiError(message="The Checkout Session's total amount is too small.", code="amount_too_small")


def fee_of(amount: int, currency: str) -> int:
    """2.9 % and 30 of the smallest unit that is not nothing: what a card costs in the United States."""
    return round(amount * 29 / 1000) + (0 if _EXPONENTS[currency] == 0 else 30)


def converted(amount: int, currency: str, into: str | None) -> tuple[int, str, float | None]:
    """The amount in the settlement currency, that currency, and the rate where there was one."""
    if into is None or into == currency:
        return amount, currency, None
    return round(amount * 0.9), into, 0.9


def in_major_units(amount: int, currency: str) -> str:
    """As reports write it: `in_major_units(1250, "usd")` is `12.50`."""
    return str(Decimal(amount).scaleb(-_EXPONENTS[currency]))


def formatted(amount: int, currency: str) -> str:
    """The amount as people in Argentina read it: `formatted(1250, "usd")` is `US$ 12,50` (its blank does not break)."""
    exponent = _EXPONENTS[currency]
    whole, rest = divmod(abs(amount), 10**exponent)
    sign = {"usd": "US$", "eur": "€", "brl": "R$"}.get(currency, currency.upper())
    decimals = f",{rest:0{exponent}d}" if exponent else ""
    grouped = f"{whole:,}".replace(",", ".")
    return f"{'-' if amount < 0 else ''}{sign}\N{NO-BREAK SPACE}{grouped}{decimals}"
