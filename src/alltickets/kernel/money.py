"""Money: an integer of minor units and a currency. A float never touches it, and parts always sum to the whole."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import msgspec

__all__ = ["CURRENCY_EXPONENTS", "Money", "exponent_of", "included_minor", "sum_of"]

# ISO 4217 (list one) minor-unit exponents that differ from 2; every other listed currency has 2.
_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_4 = "CLF UYW"
_EXPONENT_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR "
    "KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN "
    "PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS "
    "UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG"
)
CURRENCY_EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in ((0, _EXPONENT_0), (2, _EXPONENT_2), (3, _EXPONENT_3), (4, _EXPONENT_4)) for code in codes.split()
}


def exponent_of(currency: str) -> int:
    """How many decimals the currency has (ISO 4217): 2 for ARS, 0 for CLP. Raises KeyError for an unknown code."""
    return CURRENCY_EXPONENTS[currency]


class Money(msgspec.Struct, frozen=True, order=False):
    """An exact amount, e.g. `Money(1250000, "ARS")` is $ 12.500,00. Amounts of different currencies never mix: that is a bug."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "amounts of different currencies"
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, "amounts of different currencies"
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * count, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def share(self, basis_points: int) -> "Money":
        """That many hundredths of a percent of this amount, rounded half to even: `Money(1005, "ARS").share(1000)` is 100."""
        return Money(round(Fraction(self.minor * basis_points, 10_000)), self.currency)

    def included_share(self, basis_points: int) -> "Money":
        """The part of this amount that is a tax of that rate already inside it: `Money(12100, "ARS").included_share(2100)` is 2100."""
        return Money(included_minor(self.minor, basis_points), self.currency)

    def split(self, weights: Sequence[int]) -> list["Money"]:
        """Cut into parts in proportion to `weights` by largest remainder; the parts sum to the whole, ties go to the first.

        `Money(100, "ARS").split([1, 1, 1])` is 34, 33, 33. A negative amount is split like its positive and negated.
        """
        total = sum(weights)
        assert total > 0, "some weight is positive"
        assert min(weights) >= 0, "no weight is negative"
        sign, amount = (-1, -self.minor) if self.minor < 0 else (1, self.minor)
        parts = [amount * weight // total for weight in weights]
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
        for i in by_remainder[: amount - sum(parts)]:
            parts[i] += 1
        return [Money(sign * part, self.currency) for part in parts]


def included_minor(minor: int, basis_points: int) -> int:
    """See `Money.included_share`, where the currency is known elsewhere."""
    return round(Fraction(minor * basis_points, 10_000 + basis_points))


def sum_of(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of amounts of that currency; zero of it when there are none."""
    return Money(sum(_minor_of(amount, currency) for amount in amounts), currency)


def _minor_of(amount: Money, currency: str) -> int:
    assert amount.currency == currency, "amounts of different currencies"
    return amount.minor
