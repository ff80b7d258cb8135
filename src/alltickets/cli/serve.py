"""`alltickets serve`."""

import functools
import importlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from alltickets.platform.settings import Settings

__all__ = ["serve", "serve_http"]

# What the kernel queues and what one process takes in at once: an on-sale opens with thousands of connections in the same second.
BACKLOG = 4096


@click.command()
@click.option(
    "--surface", default="all", show_default=True, type=click.Choice(["all", "shop", "organizer", "gate"]), help="What is served."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes; one keeps one core busy.")
def serve(surface: str, host: str, port: int, workers: int) -> None:
    """Serve HTTP. Any number of these may run, behind one proxy or several.

    SIGTERM or Ctrl-C stops accepting and finishes what was accepted, within ALLTICKETS_SHUTDOWN_SECONDS.
    """
    from alltickets.platform.ports import require_free
    from alltickets.platform.settings import Settings

    settings = Settings.from_environment()
    require_free(host, port, "choose another with --port")
    if workers > 1:
        _share_metrics(settings.data_dir / "metrics" / str(port))

    # Only now: the metrics' library looks at its variable when it is imported.
    from alltickets.main import database_urls

    # The processes that answer read their settings from the environment themselves.
    os.environ["ALLTICKETS_SURFACE"] = surface
    os.environ["ALLTICKETS_DATABASE_URL"] = database_urls(settings)[0]
    serve_http(settings, host, port, workers)


def serve_http(settings: "Settings", host: str, port: int, workers: int, *, factory: str = "alltickets.main:application") -> None:
    """Run the HTTP server until it is told to stop; each of its processes calls `factory` for its application."""
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.log import LogLevels

    from alltickets.cli.server import Server
    from alltickets.platform import logs

    logs.set_up(settings.log_format, settings.log_level)
    Server(
        factory,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=settings.shutdown_seconds,
        log_level=LogLevels.warning,
        # Its messages go where ours go and look like ours.
        log_dictconfig={"loggers": {"_granian": {"handlers": [], "propagate": True}}},
    ).serve(target_loader=functools.partial(_load, factory), wrap_loader=False)


def _load(factory: str) -> Any:
    """The application, in a process that answers: it ends with the one that started it, so that nothing keeps the port."""
    from alltickets.supervise.tether import end_with_parent

    end_with_parent()
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)()


def _share_metrics(folder: Path) -> None:
    """Have the processes of this server keep their figures in an empty folder, so that each can tell those of all."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder.absolute())
