"""The sandbox gateway in a process of its own, and a merchant that talks to it from outside."""

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from bench.plain import PLAIN
from bench.stack import free_port
from simulators.sandbox.credentials import secret_of, sign_link

__all__ = ["Merchant", "SandboxProcess", "wait_until"]

ROOT = Path(__file__).parents[2]
Found = TypeVar("Found")

# Made once: a client makes one of its own otherwise, which takes longer than most of these tests.


def wait_until(look: Callable[[], Found | None], seconds: float = 8.0) -> Found:
    """What `look` finds, as soon as it finds something true. Fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.01)
    return found


class SandboxProcess:
    """`python -m simulators.sandbox`; can be killed and started again on the same port and data."""

    def __init__(self, data: Path, options: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [sys.executable, "-m", "simulators.sandbox", "--port", str(self.port), "--data", str(data), *options]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it answers."""
        self.process = process = subprocess.Popen(self._command, cwd=ROOT)

        def answers() -> bool:
            assert process.poll() is None, "the gateway ended instead of starting"
            try:
                return httpx.get(f"{self.url}/health", trust_env=False, verify=PLAIN).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers, seconds=20)

    def kill(self) -> None:
        """As the power cord does."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(5)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(5)


class Merchant:
    """A merchant nobody had before; `receiver_url` is where its callbacks go."""

    def __init__(self, gateway_url: str, receiver_url: str) -> None:
        self.id = f"sbx_{secrets.token_hex(8)}"
        self.secret = secret_of(self.id)
        self.receiver_url = receiver_url
        proof = {"authorization": f"Bearer {self.secret}", "x-merchant": self.id}
        self.http = httpx.Client(base_url=gateway_url, timeout=5, trust_env=False, verify=PLAIN)
        self.api = httpx.Client(base_url=gateway_url, timeout=5, trust_env=False, verify=PLAIN, headers=proof)

    def close(self) -> None:
        """Let its connections go."""
        self.http.close()
        self.api.close()

    def terms(self, **changes: Any) -> dict[str, Any]:
        """A charge that is all right, but for what the test changes."""
        return {
            "merchant": self.id,
            "reference": f"order-{secrets.token_hex(4)}",
            "amount_minor": 1_250_000,
            "currency": "ARS",
            "description": "Noche de Otoño, 2 entradas Campo",
            "return_url": "http://127.0.0.1:9/gracias?paso=3",
            "callback_url": self.receiver_url,
            "expires_at": int(time.time()) + 900,
        } | changes

    def link(self, **changes: Any) -> dict[str, str]:
        """The fields of a signed payment link."""
        fields = {name: str(value) for name, value in self.terms(**changes).items()}
        return fields | {"signature": sign_link(self.secret, fields)}

    def show(self, fields: dict[str, str]) -> httpx.Response:
        """Open the hosted page."""
        return self.http.get(f"/pay?{urlencode(fields)}")

    def act(self, fields: dict[str, str], action: str, **dials: Any) -> httpx.Response:
        """Press one of the page's buttons."""
        return self.http.post("/pay", data=fields | {"action": action} | {name: str(value) for name, value in dials.items()})

    def pay(self, action: str = "approve", *, link: dict[str, str] | None = None, **dials: Any) -> dict[str, Any]:
        """Press a button on a new link's page; the payment as the API tells it."""
        answer = self.act(link or self.link(), action, **dials)
        assert answer.status_code == 303, answer.text
        return self.payment(dict(parse_qsl(urlsplit(answer.headers["location"]).query))["payment"])

    def payment(self, payment_id: str) -> dict[str, Any]:
        """The payment as the API tells it."""
        answer = self.api.get(f"/v1/payments/{payment_id}")
        assert answer.status_code == 200, answer.text
        payment: dict[str, Any] = answer.json()
        return payment

    def refund(self, payment_id: str, amount_minor: object, key: str | None = None) -> httpx.Response:
        """Give back, under a key of its own unless the test names one."""
        headers = {"idempotency-key": key or secrets.token_hex(8)}
        return self.api.post(f"/v1/payments/{payment_id}/refunds", json={"amount_minor": amount_minor}, headers=headers)

    def change(self, payment_id: str, status: str) -> httpx.Response:
        """What happens at the gateway later."""
        return self.http.post(f"/admin/payments/{payment_id}", json={"status": status})

    def callbacks(self, payment_id: str, **narrowed: str) -> list[dict[str, Any]]:
        """What the gateway says that it sent, oldest first."""
        reports: list[dict[str, Any]] = self.http.get("/admin/callbacks", params={"payment": payment_id, **narrowed}).json()["callbacks"]
        return reports[::-1]
