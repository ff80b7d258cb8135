"""The sandbox gateway against the real sandbox process: the conformance of every gateway, in both of its modes, and what is its own."""

from datetime import datetime
from uuid import UUID

import httpx
import msgspec
import pytest

from alltickets.payments.gateways.sandbox import STATUSES, Sandbox
from alltickets.payments.port import Gateway, Notice
from alltickets.payments.refusals import AccountInvalid
from bench.stack import free_port
from simulators.sandbox.credentials import sign_callback
from simulators.sandbox.rules import MOVES
from tests.payments.gateway_conformance import Bench, GatewayConformance, creation, link_of
from tests.payments.sandbox import Merchant, SandboxProcess


class SandboxBench(Bench):
    environment = "test"

    def __init__(self, sandbox: SandboxProcess, http: httpx.AsyncClient, mode: str) -> None:
        self.sandbox = sandbox
        self.merchant = Merchant.fresh()
        self.owner = self.merchant.id
        self.http = http
        self.mode = mode
        self.gateway = self.connected(sandbox.url, self.merchant.secret)

    def connected(self, url: str, secret: str) -> Gateway:
        return Sandbox(url, self.http).connect({"merchant": self.merchant.id, "mode": self.mode}, {"secret": secret})

    def buyer_does(self, link: str, action: str) -> None:
        self.sandbox.pay(link, action, lose="true")

    def holder_of(self, reference: UUID) -> str:
        assert len(self.sandbox.payments(self.merchant, reference)) == 1
        return self.merchant.id

    def refunded_minor(self, reference: UUID) -> int:
        return sum(payment["refunded_minor"] for payment in self.sandbox.payments(self.merchant, reference))

    def bank_asks(self, reference: UUID) -> None:
        [payment] = self.sandbox.payments(self.merchant, reference)
        self.sandbox.change(payment["id"], "charged_back")

    def lose_answers(self, calls: int) -> None:
        self.sandbox.misbehave(timeout_after_processing=calls)

    def impostor(self) -> Gateway:
        return self.connected(self.sandbox.url, "0" * 64)

    def unreachable(self) -> Gateway:
        return self.connected(f"http://127.0.0.1:{free_port()}", self.merchant.secret)

    def callback_of(self, reference: UUID, now: datetime) -> Notice:
        payment = self.sandbox.payments(self.merchant, reference)[-1]
        sent_at = int(now.timestamp())
        body = msgspec.json.encode({"id": "evt_1", "type": "payment.updated", "sent_at": sent_at, "payment": payment})
        return Notice(headers={"x-sandbox-signature": sign_callback(self.merchant.secret, sent_at, body)}, body=body)


class TestLinkMode(GatewayConformance):
    @pytest.fixture
    def bench(self, sandbox: SandboxProcess, http: httpx.AsyncClient) -> SandboxBench:
        return SandboxBench(sandbox, http, "link")


class TestSessionMode(GatewayConformance):
    @pytest.fixture
    def bench(self, sandbox: SandboxProcess, http: httpx.AsyncClient) -> SandboxBench:
        return SandboxBench(sandbox, http, "session")


@pytest.fixture
def bench(sandbox: SandboxProcess, http: httpx.AsyncClient) -> SandboxBench:
    return SandboxBench(sandbox, http, "link")


async def test_the_sandbox_shows_the_page_of_a_link_signed_here(bench: SandboxBench) -> None:
    link = await link_of(bench.gateway, creation())

    assert bench.sandbox.show(link).status_code == 200
    assert bench.sandbox.show(link.replace("1234567", "1")).status_code == 403


def test_every_word_of_the_sandbox_is_known() -> None:
    assert set(STATUSES) == set(MOVES) | {"partially_refunded"}


def test_an_account_lists_all_its_faults(sandbox: SandboxProcess, http: httpx.AsyncClient) -> None:
    with pytest.raises(AccountInvalid) as refused:
        Sandbox(sandbox.url, http).connect({"merchant": "me", "mode": "car", "base_url": "http://10.0.0.1"}, {"secret": "short"})

    assert len(refused.value.faults) == 4
