"""Callbacks of a gateway, signed and each of another payment, stored and acknowledged through HTTP; every one is found in the database."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
import psycopg

from alltickets.kernel.ids import new_id
from bench.baseline import echo
from bench.figures import options, report, spread
from bench.load import Load, run_wrk
from bench.people import Organizer
from bench.stack import Stack
from simulators.sandbox.credentials import secret_of, sign_callback

CONNECTIONS = 64
PER_SECOND_MIN = 2_000
P99_MS_MAX = 50
SIGNED_PER_SECOND = 12_000
"""So many are signed for each second of load, so that none is sent twice."""


def main(arguments: Sequence[str]) -> int:
    """Run it: `--seconds=6 --rounds=3 --connections=64`. Exit code 1 under 2,000/s, over 50 ms at p99, or if one was not stored."""
    given = options(arguments)
    seconds, rounds = int(given.get("seconds", 6)), int(given.get("rounds", 3))
    connections = int(given.get("connections", CONNECTIONS))
    with TemporaryDirectory(prefix="alltickets-bench-") as folder:
        stack = Stack(Path(folder))
        database = stack.start_database()
        try:
            stack.serve()
            organizer = Organizer(stack.url)
            account_id = organizer.connect_sandbox()
            [account] = organizer.call("GET", "/payments/accounts")
            merchant = account["settings"]["merchant"]
            echoes, rounds_of = [], []
            for number in range(rounds):
                file = Path(folder) / f"callbacks-{number}"
                file.write_bytes(b"\n".join(_callbacks(merchant, seconds * SIGNED_PER_SECOND)))
                echoes.append(echo(stack, connections))
                rounds_of.append(_load(stack, account_id, file, seconds, connections))
            stored = _stored(database.url)
        finally:
            stack.stop()
    middle = sorted(rounds_of, key=lambda one: one.per_second)[rounds // 2]
    acknowledged = sum(one.requests - one.errors for one in rounds_of)
    bare = sorted(one.per_second for one in echoes)[rounds // 2]
    report(
        {
            "benchmark": "callbacks",
            "per_second": round(middle.per_second, 1),
            "p50_ms": middle.p50_ms,
            "p99_ms": middle.p99_ms,
            "errors": sum(one.errors for one in rounds_of),
            "acknowledged": acknowledged,
            "stored": stored,
            "connections": connections,
            "spread": spread([one.per_second for one in rounds_of]),
            "echo_per_second": round(bare, 1),
            "ratio_to_echo": round(middle.per_second / bare, 3),
        },
        arguments,
    )
    is_lost = stored < acknowledged
    return 1 if is_lost or middle.per_second < PER_SECOND_MIN or middle.p99_ms >= P99_MS_MAX else 0


def _load(stack: Stack, account_id: UUID, file: Path, seconds: int, connections: int) -> Load:
    path = f"/api/payments/callbacks/sandbox/{account_id}"
    return run_wrk(stack.url, "callbacks.lua", seconds=seconds, connections=connections, arguments={"path": path, "file": file})


def _callbacks(merchant: str, count: int) -> Iterator[bytes]:
    secret, sent_at = secret_of(merchant), int(time.time())
    for _ in range(count):
        payment = {
            "id": f"pay_{new_id().hex}",
            "reference": str(new_id()),
            "status": "approved",
            "amount_minor": 1_250_000,
            "refunded_minor": 0,
            "currency": "ARS",
            "sequence": 1,
        }
        body = msgspec.json.encode({"id": f"evt_{new_id().hex}", "type": "payment.updated", "sent_at": sent_at, "payment": payment})
        yield sign_callback(secret, sent_at, body).encode() + b"\t" + body


def _stored(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM payments.callbacks").fetchone()
    assert row is not None, "a count is a row"
    return int(row[0])
