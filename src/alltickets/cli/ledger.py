"""`alltickets ledger`: the books, for operators."""

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import click

if TYPE_CHECKING:
    from alltickets.kernel.money import Money
    from alltickets.payments.interface import Ledger, Posting, Verification

__all__ = ["ledger"]

TELL_SECONDS = 2.0
PATIENCE_SECONDS = 3.0
"""For the ledger to read on; longer than its deliveries are apart."""
Row = dict[str, str]
COLUMNS = ("organizer", "of", "account", "currency", "is", "should_be")


def _three_letters(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isupper():
        raise click.BadParameter("three capital letters, as ARS")
    return value


_of_organizer = click.option("--organizer", "organizer_id", type=click.UUID, required=True, help="Whose books.")
_key = click.option("--key", required=True, help="Names it for ever, e.g. the number of the transfer: the same key again posts nothing.")
_amount = click.option("--amount-minor", type=click.IntRange(1), required=True, help="In minor units: 1000000 is ARS 10,000.00.")
_currency = click.option("--currency", default="ARS", show_default=True, callback=_three_letters, help="ISO 4217.")


@click.group()
def ledger() -> None:
    """The books: whether they are right, and what nobody but an operator can tell them."""


@ledger.command()
@click.option("--organizer", "organizer_id", type=click.UUID, help="Only this organizer's; all of them if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print each difference as a line of JSON.")
def verify(organizer_id: UUID | None, as_json: bool) -> None:
    """Prove that balances are the sum of what was posted, and that the books say of each charge what payments say.

    Works while everything runs: events that the ledger has not read are waited for. Exit code 1 if anything differs.
    """
    sys.exit(1 if asyncio.run(_verify(organizer_id, _print_lines if as_json else _print_table)) else 0)


@ledger.command()
@click.option("--organizer", "organizer_id", type=click.UUID, required=True, help="Whose balances.")
def rebuild(organizer_id: UUID) -> None:
    """Make an organizer's balances the sum of what was posted again. Works while everything runs; postings are never touched."""
    mended = asyncio.run(_rebuild(organizer_id))
    for one in mended:
        click.echo(one)
    click.echo(f"{len(mended)} balances mended." if mended else "Nothing to do: the balances are the sum of what was posted.", err=True)


@ledger.command()
@_of_organizer
@_key
@_amount
@_currency
def payout(organizer_id: UUID, key: str, amount_minor: int, currency: str) -> None:
    """Post that the organizer was paid its proceeds, by the platform or because what gateways pay out is the organizer's own."""
    from alltickets.kernel.money import Money

    amount = Money(amount_minor, currency)
    _post(organizer_id, amount, lambda books: books.payout(organizer_id, key, amount, at=datetime.now(UTC)))


@ledger.command()
@_of_organizer
@click.option("--account", "account_id", type=click.UUID, required=True, help="The gateway account.")
@_key
@_amount
@_currency
def settled(organizer_id: UUID, account_id: UUID, key: str, amount_minor: int, currency: str) -> None:
    """Post that a gateway paid out what stands at an account where no report tells: the platform's fees of divided sales, or what of a
    payout is of other sales."""
    from alltickets.kernel.money import Money

    amount = Money(amount_minor, currency)
    _post(organizer_id, amount, lambda books: books.settle(organizer_id, key, account_id, amount, at=datetime.now(UTC)))


@ledger.command("pass-on")
@_of_organizer
@_key
@_amount
@click.option("--tax-minor", type=click.IntRange(0), default=0, show_default=True, help="The tax on it, where it is invoiced.")
@_currency
def pass_on(organizer_id: UUID, key: str, amount_minor: int, tax_minor: int, currency: str) -> None:
    """Post that the organizer bears a gateway's fee, by contract."""
    from alltickets.kernel.money import Money

    fee = Money(amount_minor, currency)
    _post(organizer_id, fee, lambda books: books.pass_on(organizer_id, key, fee, tax_minor=tax_minor, at=datetime.now(UTC)))


@ledger.command()
@_of_organizer
@click.argument("key")
def reverse(organizer_id: UUID, key: str) -> None:
    """Take back what stands under KEY (as in `payout:2026-114`); once, however often. What was right is then posted under a new key.

    For payouts, fees passed on and what settlement reports told; the facts of a charge follow its payment and are not reversed.
    """
    reversal = asyncio.run(_ask(lambda books: books.reverse(organizer_id, key, at=datetime.now(UTC))))
    if reversal is None:
        raise click.ClickException(f"Nothing that can be taken back stands under {key}. `alltickets ledger verify` tells what differs.")
    click.echo(_told(reversal))


def _post(organizer_id: UUID, amount: "Money", ask: "Callable[[Ledger], Awaitable[Posting | None]]") -> None:
    stands = asyncio.run(_ask(ask))
    if stands is None:
        raise click.ClickException(f"There is no organizer {organizer_id}.")
    if (stands.minor, stands.currency) != (amount.minor, amount.currency):
        raise click.ClickException(f"The key was used before, for another amount: {_told(stands)}. Nothing was posted; use another key.")
    click.echo(_told(stands))


def _told(posting: "Posting") -> str:
    moves = ", ".join(f"{move.credit} -> {move.debit} {posting.currency} {move.minor}" for move in posting.moves)
    return f"{posting.key}: {moves}"


async def _ask(ask: "Callable[[Ledger], Awaitable[Posting | None]]") -> "Posting | None":
    async with _open_ledger() as books:
        return await ask(books)


async def _verify(only: UUID | None, show: Callable[[list[Row]], None]) -> int:
    """Verify one organizer after the other and show what differs; how much that is."""
    progress = _Progress()
    found = 0
    patience_seconds = PATIENCE_SECONDS
    async with _open_ledger() as books:
        async for organizer_id in _organizers(books, only):
            verification = await books.verify(organizer_id, progress.tell, patience_seconds=patience_seconds)
            progress.tell("organizers", 1)
            if rows := list(_rows_of(organizer_id, verification)):
                found += len(rows)
                show(rows)
            if rows and verification.unread:
                # Nobody seems to read: the others are not waited for.
                patience_seconds = 0.0
                click.echo(
                    f"The ledger of {organizer_id} has {verification.unread} events to read: start a worker with the queue events,"
                    " look at `alltickets events dead`, and verify again.",
                    err=True,
                )
    progress.end(f"{found} differences" if found else "nothing differs")
    return found


async def _organizers(books: "Ledger", only: UUID | None) -> AsyncIterator[UUID]:
    if only is not None:
        yield only
        return
    after = None
    while organizers := await books.organizers(after):
        for after in organizers:
            yield after


async def _rebuild(organizer_id: UUID) -> list[str]:
    progress = _Progress()
    async with _open_ledger() as books:
        differences = await books.mend_balances(organizer_id, progress.tell)
    return [f"{one.account} {one.currency}: {one.kept.balance_minor} -> {one.moved.balance_minor}" for one in differences]


def _rows_of(organizer_id: UUID, verification: "Verification") -> Iterator[Row]:
    """The differences as rows of the table. A balance may be right while both its sides are not: they are shown apart."""
    for balance in verification.balances:
        kept, moved = balance.kept, balance.moved
        for side, has, should in (("debit", kept.debit_minor, moved.debit_minor), ("credit", kept.credit_minor, moved.credit_minor)):
            if has != should:
                yield _row(organizer_id, f"balance, {side}", balance.account, balance.currency, has, should)
    for charge in verification.charges:
        of = f"payment {charge.reference}, charge {charge.charge_id}"
        yield _row(organizer_id, of, charge.account, charge.currency, charge.ledger_minor, charge.payments_minor)


def _row(organizer_id: UUID, of: str, account: str, currency: str, has: int, should: int) -> Row:
    return dict(zip(COLUMNS, (str(organizer_id), of, account, currency, str(has), str(should)), strict=True))


def _print_lines(rows: list[Row]) -> None:
    for row in rows:
        click.echo(json.dumps(row))


def _print_table(rows: list[Row]) -> None:
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in COLUMNS}
    for row in ({name: name.replace("_", " ") for name in COLUMNS}, *rows):
        click.echo("  ".join(row[name].ljust(widths[name]) for name in COLUMNS).rstrip())


class _Progress:
    """Says on standard error how much was read, now and then and at the end."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._told_at = time.monotonic()

    def tell(self, what: str, count: int) -> None:
        self._counts[what] += count
        if time.monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = time.monotonic()
            click.echo(f"… {self._read()}", err=True)

    def end(self, outcome: str) -> None:
        click.echo(f"{self._read()}: {outcome}.", err=True)

    def _read(self) -> str:
        return ", ".join(f"{self._counts[what]:,} {what}" for what in ("organizers", "payments", "moves"))


@contextlib.asynccontextmanager
async def _open_ledger() -> "AsyncIterator[Ledger]":
    from alltickets.main import build_contexts
    from alltickets.platform.settings import Settings

    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    try:
        yield contexts.payments.ledger
    finally:
        contexts.identity.close()
        await contexts.database.close()
