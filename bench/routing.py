"""Routing decisions in one process, with 50 rules and 20 accounts, by each way of choosing."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from alltickets.kernel.ids import new_id
from alltickets.payments.routing.rules.book import RouteBook, RouteContext
from alltickets.payments.routing.rules.deciding import decide
from alltickets.payments.routing.rules.facts import AccountTerms, Approvals, PaymentPurpose, RouteAccount, RouteFacts
from alltickets.payments.routing.rules.fees import FeeSchedule
from alltickets.payments.routing.rules.policy import Choosing, Condition, Policy, Rule, Share
from bench.figures import options, report, spread

DECISIONS = 20_000
PER_SECOND_MIN = 20_000
NOW = datetime(2026, 11, 27, 21, 30, tzinfo=UTC)


def main(arguments: Sequence[str]) -> int:
    """Run it: `--decisions=20000 --rounds=5 --rules=50 --accounts=20`. Exit code 1 under the limit in the middle round."""
    given = options(arguments)
    decisions, rounds = int(given.get("decisions", DECISIONS)), int(given.get("rounds", 5))
    accounts = [UUID(int=number) for number in range(1, int(given.get("accounts", 20)) + 1)]
    by_way = {way: RouteBook(context(accounts, int(given.get("rules", 50)), way)) for way in WAYS}
    approvals = tuple(Approvals(one, 80 + one.int % 15, 100) for one in accounts)
    payments = [payment(approvals) for _ in range(decisions)]
    for book in by_way.values():
        decided(book, payments[:2_000])
    figures = {way: [decided(book, payments) for _ in range(rounds)] for way, book in by_way.items()}
    middle = {way: spread(each)["median"] for way, each in figures.items()}
    slowest = min(middle, key=lambda way: middle[way])
    report(
        {
            "benchmark": "routing",
            "per_second": middle[slowest],
            "limit_per_second": PER_SECOND_MIN,
            "slowest": slowest,
            "spread": spread(figures[slowest]),
            **{f"{way}_per_second": each for way, each in middle.items()},
            "compile_ms": round(compiling_seconds(by_way[slowest].context) * 1_000, 2),
            "bytes_kept_per_decision": len(msgspec.json.encode((payments[0], decide(by_way[slowest], payments[0])))),
            "errors": 0,
        },
        arguments,
    )
    return 0 if middle[slowest] >= PER_SECOND_MIN else 1


WAYS: tuple[Choosing, ...] = ("priority", "weight", "lowest_cost", "approval_rate")


def decided(book: RouteBook, payments: Sequence[RouteFacts]) -> float:
    """Decisions a second of one core in one round: by the time of the process, whoever else uses the machine."""
    begun = time.process_time()
    for one in payments:
        decide(book, one)
    return len(payments) / (time.process_time() - begun)


def compiling_seconds(context: RouteContext) -> float:
    """How long it takes to make a book: once for each change of policy, accounts or tables."""
    begun = time.perf_counter()
    RouteBook(context)
    return time.perf_counter() - begun


def context(accounts: Sequence[UUID], rules: int, way: Choosing) -> RouteContext:
    """All rules but the last two are about other banks, amounts and days, so that each payment asks nearly all of them."""
    others = tuple(
        Rule(
            name=f"Regla {number}",
            conditions=(
                Condition("amount_minor", "gte", 1_000),
                Condition("bank", "in", (f"Banco {number}", f"Caja {number}")),
                Condition("weekday", "in", ("tuesday", "wednesday")),
            ),
            use=(accounts[number % len(accounts)],),
        )
        for number in range(rules - 2)
    )
    shares = tuple(Share(one, 100 // len(accounts)) for one in accounts)
    last = (Rule(name="Última", choose=way, shares=shares if way == "weight" else ()), Rule(name="Nunca"))
    return RouteContext(
        accounts=tuple(
            RouteAccount(
                account_id=one,
                gateway=f"gateway{one.int % 4}",
                label=f"Cuenta {one.int}",
                currency="ARS",
                is_enabled=True,
                priority=one.int,
                terms=AccountTerms(amount_minor_max=500_000_000, methods=("credit_card", "debit_card")),
            )
            for one in accounts
        ),
        version=1,
        policy=Policy(rules=(*others, *last), waiting_ppm_per_day=900),
        schedules=tuple(
            FeeSchedule(
                fee_schedule_id=new_id(),
                gateway=f"gateway{number % 4}",
                currency="ARS",
                rate_ppm=30_000 + 100 * number,
                valid_from=date(2026, 1, 1),
                release_days=number % 20,
                vat_basis_points=2_100,
            )
            for number in range(40)
        ),
    )


def payment(approvals: tuple[Approvals, ...]) -> RouteFacts:
    """A payment by card, of a bank that no rule knows."""
    reference = new_id()
    return RouteFacts(
        reference=reference,
        amount_minor=100_000 + reference.int % 5_000_000,
        currency="ARS",
        at=NOW,
        purpose=PaymentPurpose(
            event_id=UUID(int=99), timezone="America/Argentina/Buenos_Aires", ticket_type_ids=(UUID(int=98),), channel="shop"
        ),
        method="credit_card",
        bank="Banco X",
        instalments=1,
        approvals=approvals,
    )
