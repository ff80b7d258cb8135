"""The simulated Stripe as a process of its own, and a buyer, an account and an operator at it."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.plain import PLAIN
from bench.stack import free_port
from simulators.stripe.keys import Account, new_account, secret_key, webhook_secret

ROOT = Path(__file__).parents[2]

APPROVED, DECLINED, ASKS = "4242424242424242", "4000000000000002", "4000002500003155"


@dataclass(frozen=True)
class StripeAccount:
    """An account at Stripe, in test mode."""

    id: str
    key: str

    @staticmethod
    def fresh() -> "StripeAccount":
        account = new_account()
        return StripeAccount(account, secret_key(account))

    def webhook_secret(self, number: int = 1) -> str:
        """The secret of its n-th endpoint."""
        return webhook_secret(Account(self.id, is_live=False), number)


class StripeProcess:
    """A running simulator, used from outside as everybody uses it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=PLAIN)

    def close(self) -> None:
        self.http.close()

    def pay(self, page: str, card: str = APPROVED, **dials: Any) -> httpx.Response:
        """What a buyer does on the hosted page; follows nothing."""
        fields = {"card_number": card, "card_expiry": "12/34", "card_cvc": "123", "email": "ana@example.com"}
        return self.http.post(page, data={**fields, **{name: str(value) for name, value in dials.items()}})

    def confirm(self, page: str, outcome: str = "complete") -> httpx.Response:
        """What the buyer does at their bank, where a card asks for it."""
        return self.http.post(f"{page}/bank", data={"outcome": outcome})

    def admin(self, path: str, **wish: Any) -> dict[str, Any]:
        """What the operator makes happen."""
        response = self.http.post(f"/admin/{path}", json=wish)
        assert response.status_code == 200, response.text
        changed: dict[str, Any] = response.json()
        return changed

    def misbehave(self, **faults: Any) -> None:
        """Set the faults of the API; without any, all is well again."""
        response = self.http.put("/admin/faults", json=faults)
        assert response.status_code == 200, response.text

    def behave(self, **behaviour: Any) -> None:
        """Turn the other dials; without any, they are as at the start."""
        response = self.http.put("/admin/behaviour", json=behaviour)
        assert response.status_code == 200, response.text

    def call(self, account: StripeAccount, method: str, path: str, **params: Any) -> dict[str, Any]:
        """A call of the API; its answer."""
        sent = {"params": params} if method == "GET" else {"data": params}
        response = self.http.request(method, f"/v1{path}", auth=(account.key, ""), **sent)  # type: ignore[arg-type]
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def callbacks(self, **narrowed: str) -> list[dict[str, Any]]:
        """What became of notices, newest first."""
        reports: list[dict[str, Any]] = self.http.get("/admin/callbacks", params=narrowed).json()["callbacks"]
        return reports


@contextmanager
def running_stripe(data: Path, options: Sequence[str] = ()) -> Iterator[StripeProcess]:
    """Start it on a free port; it is stopped at the end."""
    port = free_port()
    command = [sys.executable, "-m", "simulators.stripe", "--port", str(port), "--data", str(data), *options]
    process = subprocess.Popen(command, cwd=ROOT)
    stripe = StripeProcess(f"http://127.0.0.1:{port}")
    try:
        _wait_until_up(stripe, process)
        yield stripe
    finally:
        stripe.close()
        process.terminate()
        process.wait(timeout=20)


def _wait_until_up(stripe: StripeProcess, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while True:
        assert process.poll() is None, "the simulated Stripe ended at its start"
        try:
            if stripe.http.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the simulated Stripe does not answer"
            time.sleep(0.05)
