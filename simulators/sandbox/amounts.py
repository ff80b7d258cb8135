"""Currencies of ISO 4217 and how an amount of minor units is written in es-AR."""

__all__ = ["AMOUNT_MINOR_MAX", "formatted", "is_currency"]

AMOUNT_MINOR_MAX = 9_999_999_999
"""The largest amount the gateway takes: 99.999.999,99 in a currency of two decimals."""

_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_4 = "CLF UYW"
_EXPONENT_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP "
    "DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB "
    "SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER "
    "ZAR ZMW ZWG"
)
_EXPONENTS = {
    code: exponent for exponent, codes in ((0, _EXPONENT_0), (2, _EXPONENT_2), (3, _EXPONENT_3), (4, _EXPONENT_4)) for code in codes.split()
}
_SIGNS = {"ARS": "$", "USD": "US$", "EUR": "€", "BRL": "R$"}


def is_currency(code: str) -> bool:
    """Whether this is a currency of ISO 4217."""
    return code in _EXPONENTS


def formatted(amount_minor: int, currency: str) -> str:
    """The amount as people in Argentina read it: `formatted(1250000, "ARS")` is `$ 12.500,00` (its blank does not break)."""
    exponent = _EXPONENTS[currency]
    whole, cents = divmod(amount_minor, 10**exponent)
    grouped = f"{whole:,}".replace(",", ".")
    decimals = f",{cents:0{exponent}d}" if exponent else ""
    return f"{_SIGNS.get(currency, currency)}\N{NO-BREAK SPACE}{grouped}{decimals}"
