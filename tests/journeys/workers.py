"""Workers that begin at once: forked from a process that has imported everything. What each runs is `alltickets work`."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil

from bench.stack import Process, Stack

__all__ = ["Workers"]


@dataclass
class Workers:
    """Of a stack: its own one stands still while others work, one after the other, each ended as the test wants."""

    stack: Stack
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["alltickets.worker"])
        self._running: list[ForkServerProcess] = []

    @property
    def _own(self) -> list[Process]:
        return [one for one in self.stack.processes if one.name.startswith("work") and one.popen.poll() is None]

    def stand_still(self) -> None:
        """Have the stack's own worker stop where it is."""
        for one in self._own:
            psutil.Process(one.popen.pid).send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End those that were begun here, and have the stack's own one go on."""
        for worker in self._running:
            self.kill(worker)
        for one in self._own:
            psutil.Process(one.popen.pid).send_signal(signal.SIGCONT)

    def begin(self, *queues: str) -> ForkServerProcess:
        """A worker for these queues."""
        log = self.stack.folder / f"forked-{len(self._running)}.log"
        worker = self._context.Process(target=_work, args=({**self.stack.environment, **self.settings}, queues, log), daemon=True)
        worker.start()
        self._running.append(worker)
        return worker

    def kill(self, worker: ForkServerProcess) -> None:
        """kill -9."""
        worker.kill()
        worker.join()


def _work(environment: Mapping[str, str], queues: tuple[str, ...], log: Path) -> None:
    from alltickets.platform.settings import Settings
    from alltickets.worker import run

    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.update(environment)
    run(Settings.from_environment(), queues)
