"""`alltickets payments`: what an operator does by hand when a payment, a callback or a refund is stuck."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, get_args
from uuid import UUID

import click

from alltickets.kernel.errors import Trouble

if TYPE_CHECKING:
    from alltickets.identity.interface import Actor
    from alltickets.payments.interface import CallbackSummary, PaymentDetails, Payments, Promotion, QueryFailed

__all__ = ["lines_of", "payments"]

InState = Literal["applied", "to_fetch", "unknown", "unreadable"]

_organizer = click.argument("organizer_id", type=click.UUID)


@click.group()
def payments() -> None:
    """Payments that are stuck, and what only an operator may say: ask the gateway, apply a callback again, take up a refund, bear a share
    of a promotion, move credentials to the newest key.
    """


@payments.command()
@_organizer
@click.argument("reference", type=click.UUID)
def query(organizer_id: UUID, reference: UUID) -> None:
    """Ask the gateway about every attempt of the payment with this REFERENCE (an order's id), and print how it stands then, its refunds
    with what became of each.
    """
    details, failed = asyncio.run(_query(organizer_id, reference))
    for line in lines_of(details):
        click.echo(line)
    if failed is not None:
        raise failed


def lines_of(details: "PaymentDetails") -> Iterator[str]:
    """A payment as operators read it. Below each refund its changes: when, from which state into which, and how that was learnt."""
    yield f"{details.status}  {details.amount_minor} {details.currency} (minor units)"
    for attempt in details.attempts:
        trouble = f"  {attempt.error_kind}: {attempt.error_code}" if attempt.error_kind else ""
        review = "  waits for people" if attempt.needs_review else ""
        yield f"attempt {attempt.id}  {attempt.status}{trouble}{review}"
    for charge in details.charges:
        amount = f"{charge.amount_minor} {charge.currency}, {charge.refunded_minor} given back"
        yield f"charge  {charge.provider_payment_id}  {charge.status}  {amount}"
    for refund in details.refunds:
        review = "  waits for people" if refund.needs_review else ""
        part = f"  part of {refund.part_of}" if refund.part_of else ""
        again = f"  again for {refund.retry_of}" if refund.retry_of else ""
        yield f"refund  {refund.id}  {refund.status}  {refund.amount_minor} {refund.currency}{part}{again}{review}"
        for change in details.history:
            if change.refund_id == refund.id:
                yield f"        {change.at:%Y-%m-%d %H:%M:%S} UTC  {change.status_before} → {change.status}  ({change.cause})"


@payments.command()
@_organizer
@click.option("--state", "in_state", type=click.Choice(get_args(InState)), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="So many, the newest first.")
def callbacks(organizer_id: UUID, in_state: InState | None, limit: int) -> None:
    """What gateways told an organizer, and what became of it: the ids for `replay`."""
    for one in asyncio.run(_callbacks(organizer_id, in_state, limit)):
        signed = "signed" if one.is_verified else "unsigned"
        click.echo(f"{one.callback_id}  {one.received_at:%Y-%m-%d %H:%M:%SZ}  account {one.account_id}  {signed}  {one.state}", nl=False)
        click.echo(f"  tried again {one.tries} times: {one.error}" if one.error else "")


@payments.command()
@_organizer
@click.argument("callback_id", type=click.UUID)
def replay(organizer_id: UUID, callback_id: UUID) -> None:
    """Apply a stored callback again, whatever was made of it before; twice is once."""
    applied = asyncio.run(_replay(organizer_id, callback_id))
    click.echo(f"The callback is {applied.state.replace('_', ' ')}." + (f" {applied.error}" if applied.error else ""))


@payments.command()
@_organizer
@click.argument("refund_id", type=click.UUID)
def retry(organizer_id: UUID, refund_id: UUID) -> None:
    """Take up a refund that waits for people: what the gateway refused is made again, about anything else it is asked first."""
    if not asyncio.run(_retry(organizer_id, refund_id)):
        raise Trouble("There is no such refund, or it is being sent, or is over, or its money is gone: see `alltickets payments query`.")
    click.echo("Taken up. `alltickets payments query` shows how it stands.")


@payments.command("agree-promotion")
@_organizer
@click.argument("promotion_id", type=click.UUID)
@click.option("--revision", type=click.IntRange(1), required=True, help="Of the terms that you have read: they may have changed since.")
@click.option("--budget-minor", type=click.IntRange(0), required=True, help="In total at most, in minor units: 1000000 is ARS 10,000.00.")
def agree_promotion(organizer_id: UUID, promotion_id: UUID, revision: int, budget_minor: int) -> None:
    """Have the platform bear the share that a promotion's terms give it. Its organizer cannot say that for it.

    Again with another budget it takes the place of the former one; with what is spent already, nothing more is borne.
    """
    agreed = asyncio.run(_agree(organizer_id, promotion_id, revision, budget_minor))
    share = f"{agreed.terms.platform_basis_points / 100:g} % of what «{agreed.terms.name}» takes off"
    spent = agreed.agreement.spent_minor if agreed.agreement is not None else 0
    click.echo(f"The platform bears {share}, up to {budget_minor} {agreed.terms.currency} (minor units), {spent} of it spent.")


@payments.command()
@_organizer
@click.argument("account_id", type=click.UUID)
@click.option("--from", "valid_from", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day, which begins at midnight UTC.")
@click.option("--takes", type=click.Choice(["service_charge", "nothing"]), required=True, help="What the platform takes of each sale.")
def split(organizer_id: UUID, account_id: UUID, valid_from: datetime, takes: str) -> None:
    """State by contract what the gateway pays to the platform of what is sold at ACCOUNT_ID, and the rest to the organizer."""
    for line in asyncio.run(_split(organizer_id, account_id, valid_from.date(), takes)):
        click.echo(line)


@payments.command("rotate-keys")
def rotate_keys() -> None:
    """Move the credentials of all accounts to the newest key of ALLTICKETS_KEY_RING; workers do it by themselves too."""
    click.echo(f"{asyncio.run(_rotate())} accounts moved.")


async def _query(organizer_id: UUID, reference: UUID) -> "tuple[PaymentDetails, QueryFailed | None]":
    """How the payment stands, and why that may be old."""
    from alltickets.payments.interface import QueryFailed

    async with _opened() as opened:
        try:
            return await opened.query(_operator(organizer_id), reference), None
        except QueryFailed as failed:
            return await opened.details(organizer_id, reference), failed


async def _callbacks(organizer_id: UUID, in_state: InState | None, limit: int) -> "list[CallbackSummary]":
    async with _opened() as opened:
        return (await opened.inbox.page(organizer_id, in_state=in_state, cursor=None, size=limit)).items


async def _replay(organizer_id: UUID, callback_id: UUID) -> "CallbackSummary":
    async with _opened() as opened:
        return await opened.inbox.replay(_operator(organizer_id), callback_id)


async def _retry(organizer_id: UUID, refund_id: UUID) -> bool:
    async with _opened() as opened:
        return await opened.refunds.retry(organizer_id, refund_id, actor=_operator(organizer_id))


async def _agree(organizer_id: UUID, promotion_id: UUID, revision: int, budget_minor: int) -> "Promotion":
    async with _opened() as opened:
        return await opened.promotions.agree(_operator(organizer_id), promotion_id, revision, budget_minor=budget_minor)


async def _split(organizer_id: UUID, account_id: UUID, valid_from: date, takes: str) -> list[str]:
    import msgspec

    from alltickets.payments.interface import SplitContract

    contract = msgspec.convert({"valid_from": valid_from, "takes": takes}, SplitContract)
    async with _opened() as opened:
        agreed = await opened.accounts.agree_split(_operator(organizer_id), account_id, contract)
    return [f"{agreed.label}, from {one['valid_from']}: {one['takes'].replace('_', ' ')}" for one in agreed.split_contracts]


async def _rotate() -> int:
    async with _opened() as opened:
        moved = 0
        while some := await opened.accounts.reseal():
            moved += some
        return moved


def _operator(organizer_id: UUID) -> "Actor":
    """Who acts, as the organizer's audit log tells it."""
    from alltickets.identity.interface import Actor

    return Actor.system(organizer_id, "operator")


@contextlib.asynccontextmanager
async def _opened() -> "AsyncIterator[Payments]":
    """Payments with an open database and a client for gateways."""
    from alltickets.main import build_contexts
    from alltickets.platform.settings import Settings

    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    try:
        yield contexts.payments
    finally:
        await contexts.http.aclose()
        contexts.identity.close()
        await contexts.database.close()
