"""The simulated MercadoPago in a process of its own, with a seller, a buyer and an operator at it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from bench.plain import PLAIN
from bench.stack import free_port, wait_until
from simulators.mercadopago.credentials import APPLICATION, Keys, new_user

__all__ = ["VISA", "MercadoPagoProcess", "Seller", "running_mercadopago"]

ROOT = Path(__file__).parents[1]
VISA = "4509 9535 6623 3704"
WEBHOOK_SECRET = Keys().webhook_secret_of(APPLICATION)


@dataclass(frozen=True)
class Seller:
    """A user of MercadoPago who sells."""

    user: int
    token: str
    webhook_secret: str = WEBHOOK_SECRET

    @staticmethod
    def fresh() -> "Seller":
        return Seller.of(new_user())

    @staticmethod
    def of(user: int) -> "Seller":
        return Seller(user, Keys().token_of(user))

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


class MercadoPagoProcess:
    """A running simulator, used from outside as everybody uses it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=10, trust_env=False, verify=PLAIN)

    def pay(self, link: str, cardholder: str = "APRO", **fields: Any) -> httpx.Response:
        """What a buyer does on the hosted page; follows nothing."""
        [(_, preference)] = parse_qsl(urlsplit(link).query)
        typed = {"pref_id": preference, "card_number": VISA, "cardholder": cardholder}
        response = self.http.post("/checkout/v1/payment", data={**typed, **{name: str(value) for name, value in fields.items()}})
        assert response.status_code == 303, response.text
        return response

    def payments(self, seller: Seller, reference: object) -> list[dict[str, Any]]:
        """What there is under a reference, oldest first."""
        query = {"sort": "date_created", "criteria": "asc", "external_reference": str(reference)}
        found: list[dict[str, Any]] = self.get(seller, "/v1/payments/search", query)["results"]
        return found

    def get(self, seller: Seller, path: str, query: Mapping[str, str] | None = None) -> Any:
        """A question of the seller's."""
        response = self.http.get(path, params=query, headers=seller.headers)
        assert response.status_code == 200, response.text
        return response.json()

    def change(self, payment_id: object, status: str, detail: str, **more: int) -> None:
        """What becomes of a payment later."""
        response = self.http.post(f"/admin/payments/{payment_id}", json={"status": status, "status_detail": detail, **more})
        assert response.status_code == 200, response.text

    def misbehave(self, **faults: Any) -> None:
        """Set the faults of the API; without any, all is well again."""
        response = self.http.put("/admin/faults", json=faults) if faults else self.http.delete("/admin/faults")
        assert response.status_code == 200, response.text

    def agree(self, link: str, seller: "Seller", *, answer: str = "allow") -> str:
        """What a seller does on the page where an application asks for their leave; where they are sent back to."""
        page = self.http.get(link)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.text))
        typed = {name: unescape(value) for name, value in hidden.items()}
        response = self.http.post("/authorization", data={**typed, "user_id": str(seller.user), "answer": answer})
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def take_back(self, seller: "Seller", *, told: str | None = None) -> None:
        """The seller takes the leave of the application back. `told`: where it hears of that."""
        one = {"application": APPLICATION, "user_id": seller.user, "notification_url": told}
        response = self.http.post("/admin/deauthorize", json=one)
        assert response.status_code == 200, response.text

    def has(self, seller: "Seller", available_minor: int | None) -> None:
        """So much the seller has that refunds can come from; None: enough."""
        balance = {"user_id": seller.user, "available_minor": available_minor}
        assert self.http.put("/admin/balance", json=balance).status_code == 200

    def makes_reports(self, **making: Any) -> None:
        """How long it takes to make reports from now on."""
        assert self.http.put("/admin/reports", json=making).status_code == 200

    def take_down(self, *operations: str) -> None:
        """Let only these fail, until `misbehave` is called."""
        assert self.http.put("/admin/outage", json={"down": operations}).status_code == 200

    def notices(self, reference: object) -> list[dict[str, Any]]:
        """What became of the notices of a reference, newest first."""
        found: list[dict[str, Any]] = self.http.get("/admin/callbacks", params={"reference": str(reference)}).json()["callbacks"]
        return found


@contextmanager
def running_mercadopago(data: Path, *options: str) -> Iterator[MercadoPagoProcess]:
    """Start it on a free port; it is stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.mercadopago", "--port", str(port), "--data", str(data), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    running = MercadoPagoProcess(f"http://127.0.0.1:{port}")

    def answers() -> bool:
        assert process.poll() is None, "the simulator ended at its start"
        try:
            return running.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the simulated MercadoPago", 30)
        yield running
    finally:
        running.http.close()
        process.terminate()
        process.wait(timeout=20)
