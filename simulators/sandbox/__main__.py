"""`python -m simulators.sandbox --port 8101 --data DIR`: the gateway in a process of its own."""

import asyncio
import logging
import signal
import socket
import sqlite3
from pathlib import Path

import click
from granian.constants import Interfaces
from granian.server.embed import Server

from simulators.sandbox.app import create_app
from simulators.sandbox.credentials import DEFAULT_MASTER_KEY
from simulators.sandbox.gateway import Gateway
from simulators.sandbox.settings import Settings


def _seconds(_context: click.Context, _option: click.Parameter, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise click.BadParameter("give seconds separated by commas, for example 1,3,10,30") from None


@click.command()
@click.option("--port", default=8101, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Directory for the gateway's state; made if absent.")
@click.option("--master-key", default=DEFAULT_MASTER_KEY, help="What merchants' secrets are derived from.")
@click.option("--public-url", help="How buyers reach the gateway.  [default: http://HOST:PORT]")
@click.option("--allow-host", "allowed_hosts", multiple=True, help="A host besides loopback that callbacks and redirects may go to.")
@click.option("--callback-answer-seconds", default=5.0, show_default=True, help="How long a callback waits for its answer.")
@click.option("--callback-retry-seconds", default="1,3,10,30", show_default=True, callback=_seconds, help="Waits between tries.")
def main(
    port: int,
    host: str,
    data: Path,
    master_key: str,
    public_url: str | None,
    allowed_hosts: tuple[str, ...],
    callback_answer_seconds: float,
    callback_retry_seconds: tuple[float, ...],
) -> None:
    """A test payment gateway with a hosted page. No real money moves here."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings(
        data=data,
        public_url=(public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}").rstrip("/"),
        master_key=master_key,
        allowed_hosts=frozenset(name.lower() for name in allowed_hosts),
        callback_answer_seconds=callback_answer_seconds,
        callback_retry_seconds=callback_retry_seconds,
    )
    _require_free(host, port)
    try:
        data.mkdir(parents=True, exist_ok=True)
        gateway = Gateway(settings)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"Cannot keep state in {data}: {error}. Give a directory that can be written to with --data.") from None
    click.echo(f"Sandbox gateway: {settings.public_url}/merchants/new  (administration: {settings.public_url}/admin)")
    asyncio.run(_serve(gateway, host, port))


def _require_free(host: str, port: int) -> None:
    """Say plainly that the port is taken, which the server itself would not."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another one with --port.") from None


async def _serve(gateway: Gateway, host: str, port: int) -> None:
    # One process, one event loop: the state needs no locks, and killing the process kills all of it.
    server = Server(create_app(gateway), host, port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)

    def stop() -> None:
        gateway.closing.set()
        server.stop()  # type: ignore[no-untyped-call]

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    await server.serve()


if __name__ == "__main__":
    main(prog_name="python -m simulators.sandbox")
