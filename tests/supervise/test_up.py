"""`alltickets up` as a whole: a real database, web and worker, killed one after the other."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from alltickets.platform import embedded
from bench.plain import PLAIN
from tests.waiting import until


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="alltickets-tests-") as folder:
        yield Path(folder)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def up(data_dir: Path, port: int, **streams: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "alltickets.cli", "up", "--port", str(port)]
    environment = {**os.environ, "ALLTICKETS_DATA_DIR": str(data_dir)}
    return subprocess.Popen(command, env=environment, text=True, process_group=0, **streams)  # type: ignore[call-overload,no-any-return]


def part_of(supervisor: "subprocess.Popen[str]", word: str) -> psutil.Process:
    [found] = [child for child in psutil.Process(supervisor.pid).children() if word in child.cmdline()]
    return found


def is_ready(port: int) -> Callable[[], bool]:
    def ask() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5, verify=PLAIN).status_code == 200
        except httpx.TransportError:
            return False

    return ask


async def test_everything_runs_is_kept_running_and_stops(data_dir: Path, port: int) -> None:
    supervisor = up(data_dir, port)
    try:
        await until(is_ready(port), seconds=60)

        web, worker, jobs = (part_of(supervisor, word) for word in ("serve", "events,sweeps", "jobs"))
        await until(lambda: jobs.nice() > web.nice(), seconds=10)
        web.kill()
        worker.kill()
        database = int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(database, signal.SIGKILL)

        await until(lambda: not web.is_running() and not worker.is_running(), seconds=10)
        await until(lambda: embedded.running_url(data_dir) is not None, seconds=30)
        await until(is_ready(port), seconds=60)
        assert part_of(supervisor, "serve").pid != web.pid
        assert part_of(supervisor, "events,sweeps").pid != worker.pid

        children = psutil.Process(supervisor.pid).children(recursive=True)
        os.killpg(supervisor.pid, signal.SIGINT)
        assert supervisor.wait(timeout=60) == 0
        assert [child for child in children if child.is_running()] == []
        assert embedded.running_url(data_dir) is None
        assert (data_dir / "postgres" / "PG_VERSION").exists()
    finally:
        supervisor.kill()
        supervisor.wait()


def test_busy_port_is_told_before_anything_starts(data_dir: Path, port: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()

        supervisor = up(data_dir, port, stderr=subprocess.PIPE)
        _, said = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 1
    assert said == f"Port {port} is in use: stop what listens there, or choose another with --port (make demo PORT={port + 100}).\n"
    assert list(data_dir.iterdir()) == []


def test_folder_that_cannot_be_written_is_told(data_dir: Path, port: int) -> None:
    (data_dir / "var").write_text("a file")

    supervisor = up(data_dir / "var", port, stderr=subprocess.PIPE)
    _, said = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 1
    assert said.startswith(f"The data folder {data_dir / 'var'} cannot be written")
