"""What a gateway keeps for a payment, estimated from dated commission tables. Whole minor units, each step rounded half to even.

    commission = rate of the amount + fixed amount        4 % of 11,000.00 is 440.00
    tax        = of the commission                        21 % of 440.00 is 92.40
    cost       = commission + tax                         532.40

What the gateway really keeps stands in its settlement, and wins there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.payments.port import PaymentMethod

__all__ = [
    "ASSUMED_METHOD",
    "PPM",
    "FeeEstimate",
    "FeeSchedule",
    "backdated",
    "best_of",
    "cost_by",
    "estimate_fee",
    "half_even",
    "waiting_cost",
]

PPM = 1_000_000
BASIS_POINTS = 10_000
ASSUMED_METHOD: PaymentMethod = "credit_card"
"""How somebody pays of whom it is not known; what most do, and no gateway asks more for anything else."""


class FeeSchedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of a commission table.

    It counts for an account, or for every account of its gateway that has none of its own; for a method, or for any; for so many
    instalments that the seller bears, or for any number; for a release term; from `valid_from` until before `valid_to`.
    rate_ppm: millionths of the amount: 4.39 % is 43,900. is_verified: somebody compared it with the contract.
    """

    fee_schedule_id: UUID
    gateway: str
    currency: str
    rate_ppm: int
    valid_from: date
    account_id: UUID | None = None
    method: PaymentMethod | None = None
    instalments: int | None = None
    release_days: int = 0
    fixed_minor: int = 0
    vat_basis_points: int = 0
    valid_to: date | None = None
    source: str = ""
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """What a payment is expected to cost. `release_days`: after how many days the money comes; see `FeeSchedule` for the rest."""

    commission: Money
    tax: Money
    release_days: int
    fee_schedule_id: UUID
    is_verified: bool

    @property
    def total(self) -> Money:
        """Commission and tax."""
        return self.commission + self.tax


def half_even(numerator: int, denominator: int) -> int:
    """The nearest whole of a fraction that is not negative; of two as near the even one: 5/2 is 2, 7/2 is 4."""
    # Halves up first; that was one too many where it was a half and the whole came out odd.
    whole, rest = divmod(2 * numerator + denominator, 2 * denominator)
    return whole - 1 if not rest and whole & 1 else whole


def estimate_fee(
    schedules: Iterable[FeeSchedule],
    amount: Money,
    *,
    gateway: str,
    account_id: UUID,
    method: PaymentMethod | None = None,
    instalments: int | None = None,
    release_days: int | None = None,
    on: date,
) -> FeeEstimate | None:
    """What the account is expected to cost for this amount on that day; None where no line of the tables counts.

    instalments: those that the seller bears; None: one payment. release_days: the account's term; None: the soonest that is known.
    """
    own = [one for one in schedules if _concerns(one, gateway, account_id, amount.currency)]
    schedule = best_of(own, method=method, instalments=instalments, release_days=release_days, on=on)
    if schedule is None:
        return None
    commission, tax = fee_by(schedule, amount.minor)
    return FeeEstimate(
        commission=Money(commission, amount.currency),
        tax=Money(tax, amount.currency),
        release_days=schedule.release_days,
        fee_schedule_id=schedule.fee_schedule_id,
        is_verified=schedule.is_verified,
    )


def fee_by(schedule: FeeSchedule, amount_minor: int) -> tuple[int, int]:
    """Commission and the tax on it, by one line."""
    commission = half_even(amount_minor * schedule.rate_ppm, PPM) + schedule.fixed_minor
    return commission, half_even(commission * schedule.vat_basis_points, BASIS_POINTS)


def cost_by(schedule: FeeSchedule, amount_minor: int, waiting_ppm_per_day: int) -> int:
    """Commission, the tax on it, and what waiting for the money costs, by one line."""
    commission = half_even(amount_minor * schedule.rate_ppm, PPM) + schedule.fixed_minor
    tax = half_even(commission * schedule.vat_basis_points, BASIS_POINTS)
    days = schedule.release_days if waiting_ppm_per_day else 0
    return commission + tax + (half_even(amount_minor * waiting_ppm_per_day * days, PPM) if days else 0)


def waiting_cost(amount_minor: int, ppm_per_day: int, days: int) -> int:
    """What waiting so many days for an amount costs: 300 millionths a day are 33.00 of 11,000.00 in ten days."""
    return half_even(amount_minor * ppm_per_day * days, PPM)


def lines_for(schedules: Iterable[FeeSchedule], *, gateway: str, account_id: UUID, currency: str) -> list[FeeSchedule]:
    """The lines that may count for an account."""
    return [one for one in schedules if _concerns(one, gateway, account_id, currency)]


def best_of(
    schedules: Sequence[FeeSchedule], *, method: PaymentMethod | None, instalments: int | None, release_days: int | None, on: date
) -> FeeSchedule | None:
    """Of the lines of one account the most exact one that counts: its own, of this method, of this number of instalments, the newest."""
    method = method or ASSUMED_METHOD
    instalments = instalments or 1
    counting = [
        one
        for one in schedules
        if one.valid_from <= on
        and (one.valid_to is None or on < one.valid_to)
        and one.method in (None, method)
        and one.instalments in (None, instalments)
        and release_days in (None, one.release_days)
    ]
    return max(counting, key=_exactness, default=None)


def backdated(schedules: Sequence[FeeSchedule]) -> tuple[FeeSchedule, ...]:
    """The same tables, the first line of each kind counting for all the time before it: for looking back further than anybody wrote."""
    first: dict[tuple[object, ...], FeeSchedule] = {}
    for one in schedules:
        kind = _kind(one)
        if kind not in first or one.valid_from < first[kind].valid_from:
            first[kind] = one
    return tuple(msgspec.structs.replace(one, valid_from=date.min) if first[_kind(one)] is one else one for one in schedules)


def _concerns(schedule: FeeSchedule, gateway: str, account_id: UUID, currency: str) -> bool:
    return schedule.gateway == gateway and schedule.currency == currency and schedule.account_id in (None, account_id)


def _kind(one: FeeSchedule) -> tuple[object, ...]:
    return (one.gateway, one.currency, one.account_id, one.method, one.instalments, one.release_days)


def _exactness(one: FeeSchedule) -> tuple[bool, bool, bool, int, date, UUID]:
    return (
        one.account_id is not None,
        one.method is not None,
        one.instalments is not None,
        -one.release_days,
        one.valid_from,
        one.fee_schedule_id,
    )
