"""`alltickets up`."""

import click

__all__ = ["up"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65500), help="Port of the web; a demo's gateways come next."
)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web processes.")
@click.option("--demo", is_flag=True, help="Fill in demo data and run simulated payment gateways beside.")
def up(host: str, port: int, workers: int, demo: bool) -> None:
    """Run all of it: database, web, workers. Ctrl-C stops it, data kept.

    The database is the embedded PostgreSQL unless ALLTICKETS_DATABASE_URL is set.
    """
    from alltickets.platform.settings import Settings
    from alltickets.supervise import up as supervisor

    supervisor.up(Settings.from_environment(), supervisor.Wish(host=host, port=port, workers=workers, is_demo=demo))
