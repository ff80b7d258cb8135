"""`alltickets organizers`."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from alltickets.identity.interface import EnsuredOrganizer, NewOrganizer

__all__ = ["organizers"]


@click.group()
def organizers() -> None:
    """Organizers of this installation."""


@organizers.command()
@click.option("--name", required=True, help="The organizer's name, as buyers see it.")
@click.option("--slug", help="Its short name in addresses; made from the name if not given.")
@click.option("--owner-name", required=True, help="The first owner's name.")
@click.option("--owner-mail", required=True, help="The first owner's mail address, with which they sign in.")
@click.option("--password-stdin", is_flag=True, help="Read the owner's password from standard input instead of asking.")
@click.option("--country", default="AR", show_default=True, help="ISO 3166 code.")
@click.option("--currency", default="ARS", show_default=True, help="ISO 4217 code.")
@click.option("--timezone", default="America/Argentina/Buenos_Aires", show_default=True, help="IANA name.")
@click.option("--locale", default="es-AR", show_default=True, help="Language of its pages and mails.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def create(
    name: str,
    slug: str | None,
    owner_name: str,
    owner_mail: str,
    password_stdin: bool,
    country: str,
    currency: str,
    timezone: str,
    locale: str,
    as_json: bool,
) -> None:
    """Make an organizer and its first owner. One whose slug stands already is left as it is."""
    import json

    from alltickets.identity.interface import NewOrganizer

    password = sys.stdin.readline().rstrip("\n") if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    wish = NewOrganizer(
        name=name,
        owner_name=owner_name,
        owner_mail=owner_mail,
        owner_password=password,
        slug=slug,
        country=country,
        currency=currency,
        timezone=timezone,
        locale=locale,
    )
    ensured = asyncio.run(_ensure(wish))
    if as_json:
        click.echo(json.dumps({"organizer_id": str(ensured.organizer_id), "was_created": ensured.was_created}))
    elif ensured.was_created:
        click.echo(f"Made {name}: {ensured.organizer_id}. {owner_mail} signs in with that password.")
    else:
        click.echo(f"An organizer with this slug stands already ({ensured.organizer_id}); nothing was changed. Another one needs --slug.")


async def _ensure(wish: "NewOrganizer") -> "EnsuredOrganizer":
    from alltickets.main import build_contexts
    from alltickets.platform.settings import Settings

    contexts = build_contexts(Settings.from_environment())
    await contexts.database.open()
    try:
        return await contexts.identity.organizers.ensure(wish, by="command line")
    finally:
        contexts.identity.close()
        await contexts.database.close()
