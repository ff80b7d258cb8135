"""A part: a process that is kept running, and its output."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType

__all__ = ["Part", "Stopping", "say"]

# A part that dies is started again after 0.5 s, then 1 s, 2 s, …; one that lived so long starts from the beginning.
PAUSE_SECONDS_MIN = 0.5
PAUSE_SECONDS_MAX = 30.0
HEALTHY_SECONDS = 60.0


class Stopping:
    """What signals have asked for: the first to stop in order, the second to stop at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.forced = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Under nohup a hang-up is nothing to us.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        (self.forced if self.asked.is_set() else self.asked).set()


class Part:
    """A process that is kept running: `python -m module arguments`. `niceness` above 0: it gives way to the others."""

    def __init__(self, name: str, module: str, arguments: list[str], environment: Mapping[str, str], *, niceness: int = 0) -> None:
        self.name = name
        self._niceness = niceness
        self._command = [sys.executable, "-m", "alltickets.supervise.tether", module, *arguments]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._output: threading.Thread | None = None
        self._started_at = 0.0
        self._start_again_at: float | None = None
        self._pause_seconds = PAUSE_SECONDS_MIN

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None while it runs."""
        assert self._process is not None, "started"
        return self._process.poll()

    def start(self) -> None:
        """Start the process, in a group of its own: a Ctrl-C reaches the supervisor alone, which stops the parts in order."""
        self._started_at = time.monotonic()
        self._start_again_at = None
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        if self._niceness:
            os.setpriority(os.PRIO_PROCESS, self._process.pid, min(os.nice(0) + self._niceness, 19))
        self._output = threading.Thread(target=_pass_on, args=(self._process, self.name), daemon=True)
        self._output.start()

    def look_after(self) -> None:
        """Start the process again if it has died, after a pause."""
        now = time.monotonic()
        if self._start_again_at is not None:
            if now >= self._start_again_at:
                self._signal_group(signal.SIGKILL)
                self.start()
        elif self.exit_code is not None:
            if now - self._started_at > HEALTHY_SECONDS:
                self._pause_seconds = PAUSE_SECONDS_MIN
            say(f"{self.name} {_ending(self.exit_code)}; starting it again in {self._pause_seconds:g} s")
            # What it has left behind (a web server's processes) would keep its port.
            self._signal_group(signal.SIGTERM)
            self._start_again_at = now + self._pause_seconds
            self._pause_seconds = min(2 * self._pause_seconds, PAUSE_SECONDS_MAX)

    def stop(self, timeout_seconds: float, forced: threading.Event) -> None:
        """Ask the process to end, and end it when the time is over or `forced` is set."""
        if self._process is None:
            return
        self._process.terminate()
        deadline = time.monotonic() + timeout_seconds
        while self._process.poll() is None and time.monotonic() < deadline and not forced.is_set():
            time.sleep(0.02)
        if self._process.poll() is None:
            say(f"killing {self.name}" if forced.is_set() else f"{self.name} did not end in {timeout_seconds:g} s; killing it")
        self._signal_group(signal.SIGKILL)
        self._process.wait()
        if self._output is not None:
            self._output.join(timeout=1)

    def _signal_group(self, number: signal.Signals) -> None:
        """Signal the process and all that it started."""
        assert self._process is not None, "started"
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def say(text: str) -> None:
    """Write lines of the supervisor's own."""
    for line in text.splitlines():
        _write(b"up", line.encode())


def _pass_on(process: subprocess.Popen[bytes], name: str) -> None:
    """Write what a process says, line by line; lines of JSON as they are, others with its name in front."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"{"):
            _write_all(line)
        else:
            _write(name.encode(), line.rstrip(b"\n"))


def _write(name: bytes, line: bytes) -> None:
    _write_all(b"%-8s| %s\n" % (name, line))


def _write_all(line: bytes) -> None:
    # Where nobody reads any more, everything goes on in silence.
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), line)


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
