"""What commissions are said to be, for whoever has not entered their contract's. None is verified, and each says where it is from."""

from collections.abc import Callable, Iterator
from datetime import date

from alltickets.kernel.ids import new_id
from alltickets.payments.port import PaymentMethod
from alltickets.payments.routing.rules.fees import FeeSchedule

__all__ = ["seeds_of"]

IVA = 2_100
_MERCADOPAGO_TERMS = ((0, 62_900), (10, 43_900), (18, 33_900), (35, 14_900))
_MERCADOPAGO_INSTALMENTS = ((3, 100_000), (6, 180_000), (9, 220_000), (12, 280_000))
_PAYWAY: tuple[tuple[PaymentMethod, int, int], ...] = (("credit_card", 18_000, 18), ("debit_card", 8_000, 1))


def seeds_of(gateway: str, on: date) -> list[FeeSchedule]:
    """The lines for a gateway, counting from that day; none for a gateway of which nothing is said."""
    return list(_SEEDS[gateway](on)) if gateway in _SEEDS else []


def _mercadopago(on: date) -> Iterator[FeeSchedule]:
    for days, ppm in _MERCADOPAGO_TERMS:
        yield _line("mercadopago", on, "quoted in 2025; differs by province", rate_ppm=ppm, release_days=days, vat_basis_points=IVA)
        for count, extra_ppm in _MERCADOPAGO_INSTALMENTS:
            yield _line(
                "mercadopago",
                on,
                "quoted in 2025, with a very old figure for interest-free instalments",
                rate_ppm=ppm + extra_ppm,
                release_days=days,
                instalments=count,
                vat_basis_points=IVA,
            )


def _payway(on: date) -> Iterator[FeeSchedule]:
    for method, ppm, days in _PAYWAY:
        source = "ceilings quoted in 2021, no longer in force; fees per month and transaction come on top"
        yield _line("payway", on, source, rate_ppm=ppm, method=method, release_days=days, vat_basis_points=IVA)


def _stripe(on: date) -> Iterator[FeeSchedule]:
    yield _line("stripe", on, "cards of the United States; varies by country", currency="USD", rate_ppm=29_000, fixed_minor=30)


def _transfer(on: date) -> Iterator[FeeSchedule]:
    yield _line("transfer", on, "nobody is in between", rate_ppm=0)


def _cash(on: date) -> Iterator[FeeSchedule]:
    yield _line("cash", on, "nobody is in between", rate_ppm=0)


def _line(
    gateway: str,
    on: date,
    source: str,
    *,
    rate_ppm: int,
    currency: str = "ARS",
    method: PaymentMethod | None = None,
    instalments: int | None = None,
    release_days: int = 0,
    fixed_minor: int = 0,
    vat_basis_points: int = 0,
) -> FeeSchedule:
    return FeeSchedule(
        fee_schedule_id=new_id(),
        gateway=gateway,
        currency=currency,
        rate_ppm=rate_ppm,
        valid_from=on,
        method=method,
        instalments=instalments,
        release_days=release_days,
        fixed_minor=fixed_minor,
        vat_basis_points=vat_basis_points,
        source=f"not checked: {source}",
    )


_SEEDS: dict[str, Callable[[date], Iterator[FeeSchedule]]] = {
    "mercadopago": _mercadopago,
    "payway": _payway,
    "stripe": _stripe,
    "transfer": _transfer,
    "cash": _cash,
}
