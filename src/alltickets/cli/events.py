"""`alltickets events`: the event log, for operators."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from uuid import UUID

import click

from alltickets.kernel.errors import Trouble

if TYPE_CHECKING:
    from alltickets.main import Contexts
    from alltickets.platform.outbox import Lag, Parked, Subscription

__all__ = ["events"]


@click.group()
def events() -> None:
    """The event log: how far behind its readers are, and what they could not digest."""


@events.command()
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def lag(as_json: bool) -> None:
    """Print how far each subscription is behind the log."""
    found = asyncio.run(_lags())
    if as_json:
        click.echo(
            json.dumps([{"subscription": one.subscription, "events": one.events, "oldest_seconds": one.oldest_seconds} for one in found])
        )
        return
    for one in found:
        click.echo(f"{one.subscription:30} {one.events:>10} events behind, the oldest {one.oldest_seconds:.1f} s old")


@events.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, faults with their tracebacks.")
def dead(limit: int, as_json: bool) -> None:
    """List the events that a subscription could not digest, oldest first."""
    found = asyncio.run(_dead_letters(limit))
    if as_json:
        names = ("organizer_id", "subscription", "position", "type", "fault", "parked_at")
        click.echo(json.dumps([{name: getattr(one, name) for name in names} for one in found], default=str))
        return
    for one in found:
        cause = one.fault.strip().rpartition("\n")[2]
        click.echo(f"{one.parked_at:%Y-%m-%d %H:%M:%S}  {one.subscription} {one.organizer_id} {one.position}  {one.type}: {cause}")
    click.echo(f"{len(found)} dead letters." if found else "No dead letters.", err=True)


@events.command()
@click.argument("subscription")
@click.argument("organizer_id", type=click.UUID)
@click.argument("position", type=click.IntRange(min=1))
def replay(subscription: str, organizer_id: UUID, position: int) -> None:
    """Hand one dead letter to its subscription again, as `events dead` lists it."""
    if asyncio.run(_replay(subscription, organizer_id, position)):
        click.echo("Replayed.")
    else:
        raise Trouble("There is no such dead letter, or it was replayed before; `alltickets events dead` lists those there are.")


async def _lags() -> "list[Lag]":
    from alltickets.platform.outbox import lags

    async with _log_readers() as (contexts, subscriptions):
        return await lags(contexts.database, list(subscriptions))


async def _dead_letters(limit: int) -> "list[Parked]":
    from alltickets.platform.outbox import dead_letters

    async with _log_readers() as (contexts, _):
        return await dead_letters(contexts.database, limit=limit)


async def _replay(name: str, organizer_id: UUID, position: int) -> bool:
    from alltickets.platform import outbox

    async with _log_readers() as (contexts, subscriptions):
        if name not in subscriptions:
            raise Trouble(f"No subscription is called {name!r}; there are {', '.join(subscriptions)}.")
        try:
            return await outbox.replay(contexts.database, subscriptions[name], organizer_id, position)
        except Exception as fault:
            if isinstance(fault, Trouble):
                raise
            raise Trouble(f"It failed again and stays where it is ({type(fault).__name__}: {fault}).") from fault


@contextlib.asynccontextmanager
async def _log_readers() -> "AsyncIterator[tuple[Contexts, dict[str, Subscription]]]":
    """The contexts with an open database, and every subscription by its name."""
    from alltickets.main import build_contexts, subscriptions_of
    from alltickets.platform.settings import Settings

    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    try:
        yield contexts, {subscription.name: subscription for subscription in subscriptions_of(contexts)}
    finally:
        contexts.identity.close()
        await contexts.database.close()
