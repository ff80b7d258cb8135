"""The sandbox gateway as a process of its own, and a buyer and an operator at it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from alltickets.kernel.ids import new_id
from bench.plain import PLAIN
from bench.stack import free_port
from simulators.sandbox.credentials import secret_of

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Merchant:
    """An account at the sandbox."""

    id: str
    secret: str

    @staticmethod
    def fresh() -> "Merchant":
        merchant = f"sbx_{new_id().hex[-16:]}"
        return Merchant(merchant, secret_of(merchant))


class SandboxProcess:
    """A running sandbox, used from outside as everybody uses it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=PLAIN)

    def close(self) -> None:
        self._client.close()

    def pay(self, link: str, action: str = "approve", **dials: Any) -> httpx.Response:
        """What a buyer does on the hosted page; follows nothing."""
        fields = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        response = self._client.post("/pay", data={**fields, "action": action, **{name: str(value) for name, value in dials.items()}})
        assert response.status_code == 303, response.text
        return response

    def show(self, link: str) -> httpx.Response:
        """The hosted page."""
        return self._client.get(link)

    def change(self, payment_id: str, status: str) -> None:
        """What the operator makes of a payment later."""
        response = self._client.post(f"/admin/payments/{payment_id}", json={"status": status})
        assert response.status_code == 200, response.text

    def misbehave(self, **faults: Any) -> None:
        """Set the faults of the API; without any, all is well again."""
        response = self._client.put("/admin/faults", json=faults)
        assert response.status_code == 200, response.text

    def payments(self, merchant: Merchant, reference: object) -> list[dict[str, Any]]:
        """What the sandbox has under a reference."""
        headers = {"x-merchant": merchant.id, "authorization": f"Bearer {merchant.secret}"}
        response = self._client.get("/v1/payments", params={"reference": str(reference)}, headers=headers)
        assert response.status_code == 200, response.text
        payments: list[dict[str, Any]] = response.json()["payments"]
        return payments

    def callbacks(self, reference: object) -> list[dict[str, Any]]:
        """What became of the callbacks of a reference, newest first."""
        response = self._client.get("/admin/callbacks", params={"reference": str(reference)})
        callbacks: list[dict[str, Any]] = response.json()["callbacks"]
        return callbacks


@contextmanager
def running_sandbox(data: Path) -> Iterator[SandboxProcess]:
    """Start the sandbox on a free port; it is stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.sandbox", "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    sandbox = SandboxProcess(f"http://127.0.0.1:{port}")
    try:
        _wait_until_up(sandbox.url, process)
        yield sandbox
    finally:
        sandbox.close()
        process.terminate()
        process.wait(timeout=20)


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, "the sandbox ended at its start"
        try:
            if httpx.get(f"{url}/health", trust_env=False, verify=PLAIN).status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the sandbox does not answer"
            time.sleep(0.05)
