"""`alltickets seed`."""

import click

__all__ = ["seed"]


@click.group()
def seed() -> None:
    """Fill the database with made-up data."""


@seed.command()
def demo() -> None:
    """The demo's organizers and events: always the same, and no second time what is there."""
    from alltickets import demo as demo_data
    from alltickets.platform.settings import Settings

    click.echo(demo_data.seed(Settings.from_environment()).text())
