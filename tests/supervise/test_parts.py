"""Parts kept running: small programs that die, hang or leave children behind."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from alltickets.supervise.parts import Part
from tests.waiting import until


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which the modules of the test's folder are found."""
    return {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def parts() -> Iterator[list[Part]]:
    """Parts that are killed at the end of the test."""
    started: list[Part] = []
    yield started
    for part in started:
        part.stop(0, threading.Event())


def make_part(parts: list[Part], folder: Path, environment: dict[str, str], program: str) -> Part:
    (folder / "program.py").write_text(program)
    parts.append(Part("program", "program", [], environment))
    parts[-1].start()
    return parts[-1]


async def test_part_that_dies_is_started_again(parts: list[Part], tmp_path: Path, environment: dict[str, str]) -> None:
    part = make_part(parts, tmp_path, environment, "open('starts', 'a').write('x')".replace("'starts'", repr(str(tmp_path / "starts"))))

    def started_twice() -> bool:
        part.look_after()
        return (tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) >= 2

    await until(started_twice, seconds=20)


async def test_output_comes_with_the_parts_name_and_json_as_it_is(
    parts: list[Part], tmp_path: Path, environment: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    part = make_part(parts, tmp_path, environment, "print('hello'); print('{\"event\": \"started\"}')")

    await until(lambda: part.exit_code is not None, seconds=20)
    part.stop(0, threading.Event())

    assert capfd.readouterr().out == 'program | hello\n{"event": "started"}\n'


async def test_part_that_will_not_end_is_killed_with_its_children(parts: list[Part], tmp_path: Path, environment: dict[str, str]) -> None:
    child = tmp_path / "child"
    program = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(child)!r}, "w").write(f"{{child.pid}}\\n")
time.sleep(600)
"""
    part = make_part(parts, tmp_path, environment, program)
    await until(lambda: child.exists() and child.read_text().endswith("\n"), seconds=20)

    part.stop(0.2, threading.Event())

    assert part.exit_code == -signal.SIGKILL
    await until(lambda: not is_alive(int(child.read_text())))


async def test_part_of_a_killed_supervisor_ends_by_itself(tmp_path: Path, environment: dict[str, str], parts: list[Part]) -> None:
    told = tmp_path / "inner"
    (tmp_path / "inner.py").write_text(f"import os, time; open({str(told)!r}, 'w').write(f'{{os.getpid()}}\\n'); time.sleep(600)")
    supervisor = """
import os, time
from alltickets.supervise.parts import Part
Part("inner", "inner", [], os.environ).start()
time.sleep(600)
"""
    part = make_part(parts, tmp_path, environment, supervisor)
    await until(lambda: told.exists() and told.read_text().endswith("\n"), seconds=20)

    part.stop(0, threading.Event())

    await until(lambda: not is_alive(int(told.read_text())), seconds=10)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
