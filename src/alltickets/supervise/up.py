"""`up`: start everything, keep it running until a signal comes, stop it in order."""

import contextlib
import fcntl
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import alltickets
from alltickets.kernel.errors import Trouble
from alltickets.migrations import run as migrations
from alltickets.platform import embedded, logs
from alltickets.platform.ports import require_free
from alltickets.platform.settings import Settings
from alltickets.supervise.parts import Part, Stopping, say
from alltickets.supervise.simulated import mercadopago_application

__all__ = ["Wish", "up"]

POLL_SECONDS = 0.2
# What a part gets beyond ALLTICKETS_SHUTDOWN_SECONDS, within which it ends by itself.
STOP_MARGIN_SECONDS = 5.0
READY_SECONDS_MAX = 60.0
DATABASE_PAUSE_SECONDS = 10.0
SEED_STOP_SECONDS = 5.0
SIMULATORS = ("sandbox", "stripe", "payway", "mercadopago")
"""The gateways that a demo simulates, each a folder of `simulators/`; the web is told of each by ALLTICKETS_<NAME>_URL."""


@dataclass(frozen=True)
class Wish:
    """What is to run. The simulated gateways of a demo listen on the ports after the web's, in the order of `SIMULATORS`."""

    host: str
    port: int
    workers: int
    is_demo: bool


class Interrupted(Exception):
    """A signal came before everything ran."""


def up(settings: Settings, wish: Wish) -> None:
    """Run everything until a signal comes. Raises `Trouble` if it cannot be started; nothing is left running then."""
    logs.set_up(settings.log_format, settings.log_level)
    for port in (wish.port, *(_simulator_port(wish, name) for name in _simulators(wish))):
        require_free(wish.host, port, f"choose another with --port (make demo PORT={wish.port + 100})")
    if wish.is_demo and not (_root() / "simulators").is_dir():
        raise Trouble("The demo's gateways come with the source: run this in a clone of it, or leave out --demo.")
    with _only_one(settings.data_dir):
        stopping = Stopping()
        database = None
        parts: list[Part] = []
        try:
            if settings.database_url is None:
                database = embedded.start(settings.data_dir)
            environment = _environment(settings, wish, database)
            _migrate(environment, stopping)
            parts = _parts(environment, settings.data_dir, wish)
            for part in parts:
                part.start()
            _keep(parts, database, environment, wish, stopping)
        except Interrupted:
            say("stopped before everything ran")
        finally:
            _stop(parts, database, settings, stopping)


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder, so that two of these do not work on the same data."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "up.lock").open("a")
    except OSError as fault:
        raise Trouble(
            f"The data folder {data_dir.absolute()} cannot be written ({fault.strerror}):"
            " mend that, or set ALLTICKETS_DATA_DIR to another folder."
        ) from fault
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise Trouble(
                f"`alltickets up` runs on the data in {data_dir.absolute()} already: stop it, or set ALLTICKETS_DATA_DIR to another folder."
            ) from fault
        yield


def _environment(settings: Settings, wish: Wish, database: embedded.Embedded | None) -> dict[str, str]:
    """What the parts are told: the caller's environment, and where everything is."""
    told = {
        "ALLTICKETS_DATA_DIR": str(settings.data_dir.absolute()),
        "ALLTICKETS_PUBLIC_URL": os.environ.get("ALLTICKETS_PUBLIC_URL") or _address(wish.host, wish.port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(_root()), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    for name in _simulators(wish):
        told[f"ALLTICKETS_{name.upper()}_URL"] = _address(wish.host, _simulator_port(wish, name))
    if wish.is_demo:
        told |= {**mercadopago_application(), "ALLTICKETS_MERCADOPAGO_AUTHORIZATION_URL": told["ALLTICKETS_MERCADOPAGO_URL"]}
        # The demo's site is one for trying; nothing of a demo reaches the other host either.
        told["ALLTICKETS_PAYWAY_DEVELOPER_URL"] = told["ALLTICKETS_PAYWAY_URL"]
    if database is not None:
        told["ALLTICKETS_DATABASE_URL"] = database.url
    return {**os.environ, **told}


def _migrate(environment: Mapping[str, str], stopping: Stopping) -> None:
    """Bring the database to the newest revision. Raises `Interrupted` if a signal came before."""
    if stopping.asked.is_set():
        raise Interrupted
    applied = migrations.upgrade(environment.get("ALLTICKETS_DATABASE_DIRECT_URL") or environment["ALLTICKETS_DATABASE_URL"])
    if applied:
        say(f"the database was migrated: {', '.join(applied)}")


def _parts(environment: Mapping[str, str], data_dir: Path, wish: Wish) -> list[Part]:
    """What runs, in the order of its start: each leans on those before it."""
    web = ["serve", "--surface", "all", "--host", wish.host, "--port", str(wish.port), "--workers", str(wish.workers)]
    return [
        *(_simulator(name, environment, data_dir, wish) for name in _simulators(wish)),
        Part("work", "alltickets.cli", ["work", "--queues", "events,sweeps"], environment),
        Part("jobs", "alltickets.cli", ["work", "--queues", "jobs"], environment),
        Part("web", "alltickets.cli", web, environment),
    ]


def _simulators(wish: Wish) -> tuple[str, ...]:
    return SIMULATORS if wish.is_demo else ()


def _simulator_port(wish: Wish, name: str) -> int:
    return wish.port + 1 + SIMULATORS.index(name)


def _simulator(name: str, environment: Mapping[str, str], data_dir: Path, wish: Wish) -> Part:
    listening = ["--host", wish.host, "--port", str(_simulator_port(wish, name)), "--data", str(data_dir.absolute() / name)]
    # The shop is to be seen first.
    return Part(name, f"simulators.{name}", listening, environment, niceness=10)


def _keep(parts: list[Part], database: embedded.Embedded | None, environment: Mapping[str, str], wish: Wish, stopping: Stopping) -> None:
    """Keep everything running until a signal comes, and meanwhile say where to look."""
    with contextlib.closing(_welcome(environment, wish)) as welcome:
        while not stopping.asked.wait(POLL_SECONDS):
            for part in parts:
                part.look_after()
            if database is not None and not database.is_running():
                say("the database has ended; starting it again")
                try:
                    embedded.start(database.home.parent)
                except embedded.DatabaseNotStarted as fault:
                    say(f"{fault} Trying again in {DATABASE_PAUSE_SECONDS:g} s.")
                    stopping.asked.wait(DATABASE_PAUSE_SECONDS)
            next(welcome, None)


def _welcome(environment: Mapping[str, str], wish: Wish) -> Generator[None, None, None]:
    """Say where to look once the web answers, and then fill in a demo's data; a step at a time.

    The data is filled in at every start: what is there is found again, and an event that is over is followed by its next edition.
    """
    web = _address(wish.host, wish.port)
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not _is_ready(web):
        if time.monotonic() > deadline:
            say(f"{web} is not ready yet; the lines above say why")
            deadline += READY_SECONDS_MAX
        yield
    say(f"everything runs: {web}/   its data is in {environment['ALLTICKETS_DATA_DIR']}")
    say("Ctrl-C stops all of it, the data is kept")
    if not wish.is_demo:
        return
    seeding = Part("demo", "alltickets.cli", ["seed", "demo"], environment)
    seeding.start()
    try:
        while seeding.exit_code is None:
            yield
    finally:
        seeding.stop(SEED_STOP_SECONDS, threading.Event())
    if seeding.exit_code != 0:
        say("the demo's data was not filled in, for the reason above; the next start goes on with it")


def _stop(parts: list[Part], database: embedded.Embedded | None, settings: Settings, stopping: Stopping) -> None:
    if parts:
        say("stopping; what was accepted is finished (Ctrl-C again stops at once)")
    for part in reversed(parts):
        part.stop(settings.shutdown_seconds + STOP_MARGIN_SECONDS, stopping.forced)
    if database is not None:
        database.stop()
        say("everything is stopped, the data is kept")


def _is_ready(web: str) -> bool:
    try:
        # The machine's proxy is not asked about ourselves.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{web}/health/ready", timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _address(host: str, port: int) -> str:
    """How this machine reaches what listens on `host`."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{reached}:{port}"


def _root() -> Path:
    """The clone that this runs from."""
    return Path(alltickets.__file__).parents[2]
