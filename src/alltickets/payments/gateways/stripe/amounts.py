"""Amounts as Stripe writes them, which is not everywhere as ISO 4217 has it. Nothing is rounded: what does not fit is not offered."""

from alltickets.kernel.money import CURRENCY_EXPONENTS, Money

__all__ = ["CURRENCIES", "from_stripe", "to_stripe"]

_WITH_TWO_ZEROS = frozenset({"ISK", "UGX"})
"""Without decimals in ISO 4217 and in life; Stripe goes on writing two, which have to be 00."""

_TAKEN = (
    "AED AFN ALL AMD AOA AUD AWG AZN BAM BBD BDT BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP "
    "DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JPY KES KGS KHR KMF KRW KYD KZT LAK LBP "
    "LKR LRD LSL MAD MDL MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
CURRENCIES = tuple(sorted(code for code in _TAKEN.split() if code in CURRENCY_EXPONENTS))
"""What Stripe takes, but for three kinds. ARS: whoever sells in it is not Stripe's customer, and is paid elsewhere. MGA: Stripe writes it
without the fifths that ISO 4217 has. Those with three decimals: Stripe takes only amounts whose last digit is 0.
"""


def to_stripe(amount: Money) -> int:
    """The amount in Stripe's units."""
    return amount.minor * 100 if amount.currency in _WITH_TWO_ZEROS else amount.minor


def from_stripe(units: int, currency: str) -> Money:
    """An amount of Stripe's; `currency` as Stripe writes it, in lower case."""
    code = currency.upper()
    return Money(units // 100 if code in _WITH_TWO_ZEROS else units, code)
