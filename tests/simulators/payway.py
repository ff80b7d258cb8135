"""The Payway simulator in a process of its own, a site at it, and the browser that makes tokens of cards."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.plain import PLAIN
from bench.stack import free_port
from simulators.payway.sites import key_of

__all__ = ["AMEX", "MASTERCARD", "VISA", "VISA_DEBIT", "VISA_REFUSED", "VISA_WITHOUT_FUNDS", "PaywayProcess", "Site", "running_payway"]

ROOT = Path(__file__).parents[2]
VISA = "4507990000004905"
VISA_REFUSED = "4546400044997331"
VISA_WITHOUT_FUNDS = "4258210000474094"
VISA_DEBIT = "4517721004856075"
MASTERCARD = "5299910010000015"
AMEX = "373953192351004"


class PaywayProcess:
    """A running simulator, used from outside as everybody uses it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=PLAIN)

    def misbehave(self, **faults: Any) -> None:
        """Set the faults of every simulator; without any, all is well again."""
        assert self.http.put("/admin/faults", json=faults).status_code == 200

    def turn(self, **dials: Any) -> None:
        """Set the dials of this one; without any, all is well again."""
        assert self.http.put("/admin/dials", json=dials).status_code == 200


class Site:
    """A merchant that nobody had before."""

    def __init__(self, payway: PaywayProcess, **settings: Any) -> None:
        self.payway = payway
        self.id = f"{secrets.randbelow(10**8):08d}"
        self.public_key, self.private_key = key_of(self.id, "public"), key_of(self.id, "private")
        self.headers = {"apikey": self.private_key}
        if settings:
            assert payway.http.put(f"/admin/sites/{self.id}", json=settings).status_code == 200

    def make_token(self, number: str = VISA, **changes: Any) -> httpx.Response:
        """What the buyer's browser does."""
        card = {
            "card_number": number,
            "card_expiration_month": "12",
            "card_expiration_year": "40",
            "security_code": "1234" if number == AMEX else "123",
            "card_holder_name": "JUAN PEREZ",
            "card_holder_identification": {"type": "dni", "number": "29123456"},
        } | changes
        return self.payway.http.post("/api/v2/tokens", json=card, headers={"apikey": self.public_key})

    def order(self, number: str = VISA, *, method: int = 1, **changes: Any) -> dict[str, Any]:
        """A charge that is all right, but for what the test changes."""
        return {
            "site_transaction_id": secrets.token_hex(16),
            "token": self.make_token(number).json()["id"],
            "payment_method_id": method,
            "bin": number[:6],
            "amount": 1_250_000,
            "currency": "ARS",
            "installments": 1,
            "payment_type": "single",
            "sub_payments": [],
        } | changes

    def call(self, method: str, path: str, body: object = None, **query: Any) -> httpx.Response:
        """A call with the private key."""
        return self.payway.http.request(method, f"/api/v2{path}", json=body, params=query, headers=self.headers)

    def charge(self, number: str = VISA, *, method: int = 1, **changes: Any) -> dict[str, Any]:
        """A payment that was asked for, approved or not."""
        answer = self.call("POST", "/payments", self.order(number, method=method, **changes))
        assert answer.status_code in (201, 402), answer.text
        payment: dict[str, Any] = answer.json()
        return payment

    def find(self, reference: str) -> list[dict[str, Any]]:
        """Every payment of a reference."""
        found: list[dict[str, Any]] = self.call("GET", "/payments", siteOperationId=reference).json()["results"]
        return found

    def status(self, payment_id: int) -> str:
        """How the payment stands."""
        return str(self.call("GET", f"/payments/{payment_id}").json()["status"])

    def close(self) -> None:
        """The nightly close of its batches."""
        assert self.payway.http.post(f"/admin/sites/{self.id}/close").status_code == 200

    def act(self, payment_id: int, act: str) -> httpx.Response:
        """What happens at the gateway later."""
        return self.payway.http.post(f"/admin/payments/{payment_id}", json={"act": act})


@contextmanager
def running_payway(data: Path) -> Iterator[PaywayProcess]:
    """Start the simulator on a free port; it is stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.payway", "--port", str(port), "--data", str(data)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    payway = PaywayProcess(f"http://127.0.0.1:{port}")
    try:
        _wait_until_up(payway, process)
        yield payway
    finally:
        payway.http.close()
        process.terminate()
        process.wait(timeout=20)


def _wait_until_up(payway: PaywayProcess, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, "the simulator ended at its start"
        try:
            if payway.http.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the simulator does not answer"
            time.sleep(0.05)
