"""A real PgBouncer in transaction mode, in front of the embedded PostgreSQL."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.stack import free_port, wait_until

__all__ = ["Pooler", "find_program", "pooling"]

SERVER_CONNECTIONS_MAX = 4
"""Fewer than the processes keep open: what one of them left behind in a session would be another's."""
_CONFIGURATION = """\
[databases]
alltickets = host={host} port=5432 user={user} dbname={dbname} pool_size={connections}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
max_client_conn = 200
auth_type = any
stats_users = alltickets
"""


@dataclass(frozen=True)
class Pooler:
    """A PgBouncer that runs; `url` reaches the database through it."""

    port: int

    @property
    def url(self) -> str:
        """Of the product's database."""
        return self._url("alltickets")

    def transactions(self) -> int:
        """How many transactions it has handed on so far."""
        with psycopg.connect(self._url("pgbouncer"), autocommit=True, row_factory=psycopg.rows.dict_row) as console:
            stats = console.execute("SHOW STATS_TOTALS").fetchall()
        return sum(int(row["xact_count"]) for row in stats if row["database"] == "alltickets")

    def is_answering(self) -> bool:
        """Whether a statement comes through to PostgreSQL."""
        try:
            with psycopg.connect(self.url, prepare_threshold=None, connect_timeout=2) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    def _url(self, database: str) -> str:
        return f"postgresql://alltickets@127.0.0.1:{self.port}/{database}"


def find_program() -> str | None:
    """Where PgBouncer is; Debian puts it where only root looks."""
    return shutil.which("pgbouncer", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


@contextlib.contextmanager
def pooling(program: str, folder: Path, database_url: str) -> Iterator[Pooler]:
    """A pooler for a database behind a socket, until the block ends. It runs as whoever owns the socket's folder: as root it refuses to."""
    database = conninfo_to_dict(database_url)
    pooler = Pooler(free_port())
    owner = Path(str(database["host"])).stat()
    configuration, log = folder / "pgbouncer.ini", folder / "pgbouncer.log"
    configuration.write_text(
        _CONFIGURATION.format(
            host=database["host"], user=database["user"], dbname=database["dbname"], port=pooler.port, connections=SERVER_CONNECTIONS_MAX
        )
    )
    configuration.chmod(0o644)
    is_other = owner.st_uid != os.geteuid()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, configuration],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=owner.st_uid if is_other else None,
            group=owner.st_gid if is_other else None,
            extra_groups=[] if is_other else None,
        )
    try:
        wait_until(lambda: process.poll() is not None or pooler.is_answering(), "PgBouncer")
        assert process.poll() is None, log.read_text()
        yield pooler
    finally:
        process.terminate()
        process.wait()
