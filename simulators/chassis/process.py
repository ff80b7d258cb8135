"""A gateway in a process of its own: the options that all of them take, and serving until told to stop."""

import asyncio
import signal
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click
from granian.constants import Interfaces
from granian.server.embed import Server

from simulators.chassis.settings import Settings

__all__ = ["Start", "run", "with_options"]


class Simulator(Protocol):
    """`closing` is set when the process is about to end, so that held answers let go."""

    closing: asyncio.Event


Gateway = TypeVar("Gateway", bound=Simulator)
Command = Callable[..., None]


@dataclass(frozen=True)
class Start:
    """Where to listen, and with what settings."""

    host: str
    port: int
    settings: Settings


def with_options(*, port: int) -> Callable[[Command], Command]:
    """The options of every gateway on a click command, which gets them as `start`; `port` is the one it listens on unless told."""

    def decorate(command: Command) -> Command:
        def called(**given: Any) -> None:
            command(start=_start(**{name: given.pop(name) for name in _NAMES}), **given)

        called.__doc__ = command.__doc__
        called.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
        for option in reversed([click.option("--port", default=port, show_default=True, type=click.IntRange(1, 65_535)), *_OPTIONS]):
            option(called)
        return called

    return decorate


def run(name: str, start: Start, open_gateway: Callable[[Settings], Gateway], create_app: Callable[[Gateway], Any]) -> None:
    """Open the gateway's memory and serve it until SIGTERM or SIGINT."""
    _require_free(start.host, start.port)
    settings = start.settings
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        gateway = open_gateway(settings)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(
            f"Cannot keep state in {settings.data}: {error}. Give a directory that can be written to with --data."
        ) from None
    click.echo(f"{name}: {settings.public_url}  (administration: {settings.public_url}/admin)")
    asyncio.run(_serve(gateway, create_app(gateway), start))


def _seconds(_context: click.Context, _option: click.Parameter, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter("give seconds separated by commas, for example 1,3,10,30") from None


_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
    click.option("--data", required=True, type=click.Path(path_type=Path), help="Directory for the gateway's state; made if absent."),
    click.option("--public-url", help="How buyers reach the gateway.  [default: http://HOST:PORT]"),
    click.option("--allow-host", "allowed_hosts", multiple=True, help="A host besides loopback that callbacks and redirects may go to."),
    click.option("--callback-answer-seconds", default=5.0, show_default=True, help="How long a callback waits for its answer."),
    click.option("--callback-retry-seconds", default="1,3,10,30", show_default=True, callback=_seconds, help="Waits between tries."),
)
_NAMES = ("host", "port", "data", "public_url", "allowed_hosts", "callback_answer_seconds", "callback_retry_seconds")


def _start(
    *,
    host: str,
    port: int,
    data: Path,
    public_url: str | None,
    allowed_hosts: tuple[str, ...],
    callback_answer_seconds: float,
    callback_retry_seconds: tuple[float, ...],
) -> Start:
    settings = Settings(
        data=data,
        public_url=(public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/"),
        allowed_hosts=frozenset(name.lower() for name in allowed_hosts),
        callback_answer_seconds=callback_answer_seconds,
        callback_retry_seconds=callback_retry_seconds,
    )
    return Start(host, port, settings)


def _require_free(host: str, port: int) -> None:
    """Say plainly that the port is taken, which the server itself would not."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another one with --port.") from None


async def _serve(gateway: Simulator, app: Any, start: Start) -> None:
    # One process, one event loop: the state needs no locks, and killing the process kills all of it.
    server = Server(app, start.host, start.port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)

    def stop() -> None:
        gateway.closing.set()
        server.stop()  # type: ignore[no-untyped-call]

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.serve()
