"""The process itself: what survives a restart, how it ends, and what it says when it cannot start."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.stack import free_port
from simulators.sandbox.credentials import secret_of
from tests.simulators.conftest import Mailbox
from tests.simulators.sandbox import ROOT, Merchant, SandboxProcess, wait_until


@pytest.fixture
def patron(own_sandbox: SandboxProcess, mailbox: Mailbox) -> Iterator[Merchant]:
    """A merchant of the gateway that the test may kill."""
    merchant = Merchant(own_sandbox.url, mailbox.url)
    yield merchant
    merchant.close()


def start_and_fail(*options: str) -> str:
    """Start a gateway that must not start; what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "simulators.sandbox", *options], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_restart_forgets_nothing(own_sandbox: SandboxProcess, patron: Merchant, mailbox: Mailbox) -> None:
    payment = patron.pay("approve")
    refund = patron.refund(payment["id"], 100, key="same").json()
    later = patron.pay("approve_later", delay_seconds=1)
    session = patron.api.post("/v1/sessions", json=patron.terms(), headers={"idempotency-key": "one"}).json()
    patron.http.put("/admin/faults", json={"callbacks": {"delay_ms": 10}})

    own_sandbox.kill()
    own_sandbox.start()

    assert patron.payment(payment["id"])["refunded_minor"] == 100
    assert patron.refund(payment["id"], 100, key="same").json() == refund
    assert patron.api.get(f"/v1/sessions/{session['id']}").json() == session
    assert patron.http.get("/admin/faults").json()["callbacks"]["delay_ms"] == 10
    wait_until(lambda: patron.payment(later["id"])["status"] == "approved")
    everything = {(payment["id"], 1), (payment["id"], 2), (later["id"], 1), (later["id"], 2)}
    wait_until(lambda: {(one.payment["id"], one.payment["sequence"]) for one in mailbox.received()} == everything)


def test_a_callback_cut_off_by_a_kill_is_sent_again(own_sandbox: SandboxProcess, patron: Merchant, mailbox: Mailbox) -> None:
    is_back = threading.Event()
    mailbox.answer(lambda _: 200 if is_back.wait(10) else 500)
    payment = patron.pay("approve")
    mailbox.wait_for(1)

    own_sandbox.kill()
    is_back.set()
    own_sandbox.start()

    (report,) = wait_until(lambda: patron.callbacks(payment["id"], state="delivered"))
    assert len({one.event["id"] for one in mailbox.received()}) == 1
    assert report["tries"][-1]["answer"] == 200


def test_it_ends_at_once_even_while_an_answer_is_held_back(own_sandbox: SandboxProcess, patron: Merchant) -> None:
    patron.http.put("/admin/faults", json={"timeout_after_processing": 1})
    answers: list[httpx.Response] = []
    caller = threading.Thread(target=lambda: answers.append(patron.api.get("/v1/payments?reference=none")))
    caller.start()
    wait_until(lambda: patron.http.get("/admin/faults").json()["timeout_after_processing"] == 0)

    exit_code = own_sandbox.stop()

    caller.join(5)
    assert exit_code == 0
    assert [answer.status_code for answer in answers] == [200]


def test_a_busy_port_is_said_plainly(sandbox: SandboxProcess, tmp_path: Path) -> None:
    said = start_and_fail("--port", str(sandbox.port), "--data", str(tmp_path))

    assert f"Cannot listen on 127.0.0.1:{sandbox.port}" in said


def test_a_directory_that_cannot_be_used_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    said = start_and_fail("--port", str(free_port()), "--data", str(tmp_path / "file"))

    assert "Cannot keep state" in said


def test_other_hosts_are_reached_only_when_allowed(tmp_path: Path, mailbox: Mailbox) -> None:
    sandbox = SandboxProcess(tmp_path, ("--allow-host", "shop.example", "--master-key", "another key"))
    sandbox.start()
    merchant = Merchant(sandbox.url, mailbox.url)
    try:
        refused_by_key = merchant.show(merchant.link())
        merchant.secret = secret_of(merchant.id, "another key")
        allowed = merchant.show(merchant.link(return_url="https://shop.example/thanks"))
        refused = merchant.show(merchant.link(return_url="https://other.example/thanks"))
    finally:
        merchant.close()
        sandbox.stop()

    assert (refused_by_key.status_code, allowed.status_code, refused.status_code) == (403, 200, 400)
