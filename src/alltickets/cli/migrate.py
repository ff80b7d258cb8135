"""`alltickets migrate`."""

import click

__all__ = ["migrate"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the applied revisions as JSON.")
def migrate(as_json: bool) -> None:
    """Bring the database to the newest revision. Two at once do no harm: the second waits and finds nothing to do."""
    import json

    from alltickets.main import database_urls
    from alltickets.migrations import run
    from alltickets.platform.settings import Settings

    applied = run.upgrade(database_urls(Settings.from_environment())[1])
    if as_json:
        click.echo(json.dumps({"applied": applied}))
    else:
        click.echo(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the database is at the newest revision.")
