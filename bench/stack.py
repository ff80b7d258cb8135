"""The product as separate processes, each started, stopped or killed by itself: for benchmarks and for tests from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from alltickets.migrations import run as migrations
from alltickets.platform import embedded
from alltickets.supervise.simulated import mercadopago_application
from alltickets.supervise.up import SIMULATORS
from bench.plain import PLAIN

__all__ = ["Process", "Stack", "free_port", "wait_until"]

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


# Below the ports that the system gives to outgoing connections, so that none of those takes one before its server does.
PORTS = range(20_000, 30_000)
_claims: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody listens on, and that no other call returns while this process lives, in whatever process.

    Our server shares its port with whoever else binds it, unnoticed: two tests at once would then answer each other's requests. Holding the
    UDP port of the same number is the claim; it ends with the process.
    """
    for port in PORTS:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", port))
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return port
    raise RuntimeError(f"no port is free between {PORTS.start} and {PORTS.stop}")


def wait_until(condition: Callable[[], Any], what: str, seconds: float = START_SECONDS_MAX) -> Any:
    """What `condition` returns once that is true; raises TimeoutError, naming what was waited for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise TimeoutError(f"waited {seconds:g} s for {what}")


@dataclass
class Process:
    """One process of the product; its output goes to `log`."""

    name: str
    popen: "subprocess.Popen[bytes]"
    log: Path

    def stop(self) -> int:
        """Ask it to finish, and wait until it has; its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.wait()

    def kill(self) -> None:
        """kill -9, with the processes that it has started."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


@dataclass
class Stack:
    """A database of its own in `folder`, and whichever processes are started on it."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = free_port()
        self._simulator_ports = {name: free_port() for name in SIMULATORS}
        self.data_dir = self.folder / "var"
        self.data_dir.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        """Where the first `serve` listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox gateway listens."""
        return self.simulator_url("sandbox")

    def simulator_url(self, name: str) -> str:
        """Where a simulated gateway listens, once it is started."""
        return f"http://127.0.0.1:{self._simulator_ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of every process."""
        return {
            "ALLTICKETS_DATA_DIR": str(self.data_dir),
            "ALLTICKETS_PUBLIC_URL": self.url,
            **{f"ALLTICKETS_{name.upper()}_URL": self.simulator_url(name) for name in SIMULATORS},
            **mercadopago_application(),
            "ALLTICKETS_MERCADOPAGO_AUTHORIZATION_URL": self.simulator_url("mercadopago"),
            "ALLTICKETS_PAYWAY_DEVELOPER_URL": self.simulator_url("payway"),
            "ALLTICKETS_LOG_LEVEL": "warning",
            **self.settings,
        }

    def start_database(self) -> embedded.Embedded:
        """Start the database, and migrate it the first time."""
        self.database = embedded.start(self.data_dir)
        migrations.upgrade(self.database.url)
        return self.database

    def serve(
        self,
        *,
        surface: str = "all",
        port: int | None = None,
        workers: int = 1,
        app: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Start an HTTP role and wait until it is ready.

        app: a factory of the benchmarks instead of the product's. settings: variables of this process alone.
        """
        port = port or self.port
        command = ["-m", "alltickets.cli", "serve", "--surface", surface, "--port", str(port), "--workers", str(workers)]
        if app is not None:
            command = ["-m", "bench.serve", app, str(port)]
        process = self._start(f"serve-{surface}-{port}", command, settings or {})
        self._wait_for_http(process, f"http://127.0.0.1:{port}/health/ready")
        return process

    def work(self, queues: str = "all") -> Process:
        """Start a background role."""
        return self._start(f"work-{queues}", ["-m", "alltickets.cli", "work", "--queues", queues], {})

    def sandbox(self, *options: str) -> Process:
        """Start the sandbox gateway and wait until it answers. options: of its command line, besides port and data."""
        return self.simulator("sandbox", *options)

    def simulator(self, name: str, *options: str) -> Process:
        """Start a simulated gateway, likewise."""
        port = str(self._simulator_ports[name])
        process = self._start(name, ["-m", f"simulators.{name}", "--port", port, "--data", str(self.folder / name), *options], {})
        self._wait_for_http(process, f"{self.simulator_url(name)}/health")
        return process

    def stop(self) -> None:
        """Stop everything that was started, the database last."""
        for process in reversed(self.processes):
            process.stop()
        self.database.stop()

    def _start(self, name: str, arguments: list[str], settings: Mapping[str, str]) -> Process:
        log = self.folder / f"{name}-{len(self.processes)}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=Path(__file__).parents[1],
                env={**os.environ, **self.environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(name, popen, log)
        self.processes.append(process)
        return process

    def _wait_for_http(self, process: Process, url: str) -> None:
        def answers() -> bool:
            if process.popen.poll() is not None:
                raise RuntimeError(f"{process.name} ended: {process.log.read_text()[-2000:]}")
            try:
                return httpx.get(url, timeout=2, verify=PLAIN).status_code == 200
            except httpx.HTTPError:
                return False

        wait_until(answers, f"{process.name} at {url}")
