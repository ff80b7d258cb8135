"""`alltickets work`."""

import click

__all__ = ["work"]

QUEUES = ("events", "jobs", "sweeps")


def _parse_queues(_ctx: click.Context, _parameter: click.Parameter, value: str) -> frozenset[str]:
    queues = frozenset(QUEUES) if value == "all" else frozenset(part.strip() for part in value.split(","))
    if not queues <= set(QUEUES):
        raise click.BadParameter(f"must be all, or some of {', '.join(QUEUES)} with commas between")
    return queues


@click.command()
@click.option("--queues", default="all", show_default=True, callback=_parse_queues, help="all, or some of events,jobs,sweeps.")
def work(queues: frozenset[str]) -> None:
    """Work in the background: follow the event log, run jobs, sweep. Any number of these may run.

    SIGTERM or Ctrl-C lets it finish what it has begun.
    """
    from alltickets import worker
    from alltickets.platform.settings import Settings

    worker.run(Settings.from_environment(), queues)
