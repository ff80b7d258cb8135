"""The embedded PostgreSQL, started, killed and stopped for real."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from alltickets.platform import embedded
from alltickets.platform.embedded import DatabaseNotStarted, Embedded


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """One data folder for the tests of this module, each of which leaves a server that runs or none."""
    with tempfile.TemporaryDirectory(prefix="alltickets-tests-") as folder:
        yield Path(folder) / "var"
        if embedded.running_url(Path(folder) / "var") is not None:
            embedded.start(Path(folder) / "var").stop()


@pytest.fixture
def server(data_dir: Path) -> Embedded:
    return embedded.start(data_dir)


def ask(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql.encode()).fetchall()


def test_new_server_commits_durably_and_knows_utf8(server: Embedded) -> None:
    names = "fsync", "synchronous_commit", "full_page_writes", "server_encoding", "TimeZone", "listen_addresses", "jit"

    [values] = ask(server.url, "SELECT " + ", ".join(f"current_setting('{name}')" for name in names))

    assert values == ("on", "on", "on", "UTF8", "UTC", "", "off")
    assert ask(server.url, "SELECT lower('ÁÑÜ'), current_database()") == [("áñü", "alltickets")]


def test_second_start_takes_the_running_server_over(server: Embedded, data_dir: Path) -> None:
    again = embedded.start(data_dir)

    assert again == server
    assert embedded.running_url(data_dir) == server.url


def test_what_was_committed_survives_a_kill(server: Embedded, data_dir: Path) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (answer int)")
        connection.execute("INSERT INTO kept VALUES (42)")

    os.kill(server.pid, signal.SIGKILL)
    again = embedded.start(data_dir)

    assert again.pid != server.pid
    assert ask(again.url, "SELECT answer FROM kept") == [(42,)]


def test_nothing_is_started_beside_what_a_killed_server_has_left(server: Embedded, data_dir: Path) -> None:
    children = psutil.Process(server.pid).children()
    checkpointer = next(child for child in children if "checkpointer" in " ".join(child.cmdline()))
    # A process of the old server that is busy and does not notice for a while.
    checkpointer.suspend()
    os.kill(server.pid, signal.SIGKILL)
    psutil.wait_procs([child for child in children if child != checkpointer], timeout=10)
    starting = ThreadPoolExecutor(1).submit(embedded.start, data_dir)

    with pytest.raises(TimeoutError):
        starting.result(timeout=1)
    checkpointer.resume()

    assert ask(starting.result(timeout=30).url, "SELECT 1") == [(1,)]


def test_stop_leaves_nothing_running_and_may_be_repeated(server: Embedded, data_dir: Path) -> None:
    server.stop()
    server.stop()

    assert not server.is_running()
    assert embedded.running_url(data_dir) is None
    with pytest.raises(psycopg.OperationalError):
        ask(server.url, "SELECT 1")


def test_locks_that_name_another_process_by_now_are_no_hindrance(server: Embedded, data_dir: Path) -> None:
    lines = (server.home / "postmaster.pid").read_text().splitlines()
    server.stop()
    # As after a crash, when the number has gone to another process: this one.
    (server.home / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    (server.home / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{server.home}\n")

    assert embedded.running_url(data_dir) is None
    assert ask(embedded.start(data_dir).url, "SELECT 1") == [(1,)]


def test_data_of_another_major_version_is_refused(server: Embedded, data_dir: Path) -> None:
    version = server.home / "PG_VERSION"
    server.stop()
    version.write_text("16\n")

    with pytest.raises(DatabaseNotStarted, match="PostgreSQL 16's and this release has PostgreSQL 18"):
        embedded.start(data_dir)

    version.write_text("18\n")


def test_server_that_would_lose_commits_is_refused(server: Embedded, data_dir: Path) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_commit = off")
    server.stop()

    with pytest.raises(DatabaseNotStarted, match="synchronous_commit switched off"):
        embedded.start(data_dir)

    assert not server.is_running()
    (server.home / "postgresql.auto.conf").write_text("")


def test_folder_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")

    with pytest.raises(DatabaseNotStarted, match="cannot be used by this user"):
        embedded.start(tmp_path / "var")


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_full_disk_is_told(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", tmp_path], capture_output=True).returncode != 0:
        pytest.skip("may not mount")

    try:
        with pytest.raises(DatabaseNotStarted, match=r"has \d+ MB free, and a new database needs 512 MB"):
            embedded.start(tmp_path / "var")
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_long_path_with_odd_characters_works() -> None:
    with tempfile.TemporaryDirectory(prefix='it\'s "quoted", $HOME 100% ñandú ') as folder:
        data_dir = Path(folder) / ("deep" * 20)

        server = embedded.start(data_dir)

        try:
            assert ask(server.url, "SELECT 1") == [(1,)]
            assert embedded.running_url(data_dir) == server.url
        finally:
            server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL has a user of its own only when root starts it")
def test_closed_folder_lets_the_database_pass_and_nobody_else() -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert Path(folder).stat().st_mode & 0o777 == 0o700

        server = embedded.start(Path(folder) / "var")

        try:
            passed = Path(folder).stat()
            assert passed.st_mode & 0o777 == 0o710
            assert passed.st_gid == server.home.stat().st_gid
        finally:
            server.stop()


def test_socket_is_out_of_others_reach(server: Embedded) -> None:
    with psycopg.connect(server.url) as connection:
        folder = Path(connection.info.host)

    assert folder.stat().st_mode & 0o077 == 0
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(folder / ".s.PGSQL.5432"))
