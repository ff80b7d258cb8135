"""A running sandbox gateway, a merchant of its own for each test, and a server for its callbacks."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mercadopago import MercadoPagoProcess, running_mercadopago
from tests.simulators.payway import PaywayProcess, running_payway
from tests.simulators.receiver import Received, Receiver
from tests.simulators.sandbox import Merchant, SandboxProcess

QUICK_RETRIES = ("--callback-retry-seconds", "0.05,0.05,0.05,0.05", "--callback-answer-seconds", "1")


class Mailbox:
    """The callbacks of one test."""

    def __init__(self, receiver: Receiver, path: str) -> None:
        self._receiver = receiver
        self._path = path
        self.url = receiver.url(path)

    def wait_for(self, count: int) -> list[Received]:
        """What came, once there are at least so many."""
        return self._receiver.wait_for(self._path, count)

    def received(self) -> list[Received]:
        """What came until now."""
        return self._receiver.received(self._path)

    def answer(self, status_of: Callable[[int], int]) -> None:
        """How to answer the n-th one."""
        self._receiver.answer(self._path, status_of)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The gateway that most tests share; it gives up callbacks in a fraction of a second instead of a minute."""
    sandbox = SandboxProcess(tmp_path_factory.mktemp("sandbox"), QUICK_RETRIES)
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def mercadopago_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MercadoPagoProcess]:
    """The simulated MercadoPago that all tests share."""
    with running_mercadopago(tmp_path_factory.mktemp("mercadopago"), *QUICK_RETRIES) as running:
        yield running


@pytest.fixture
def mercadopago(mercadopago_process: MercadoPagoProcess) -> Iterator[MercadoPagoProcess]:
    """It, well behaved again after the test."""
    yield mercadopago_process
    mercadopago_process.misbehave()


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    """A gateway that the test may kill."""
    sandbox = SandboxProcess(tmp_path / "state", QUICK_RETRIES)
    sandbox.start()
    yield sandbox
    sandbox.kill()


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """The merchants' server."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def mailbox(receiver: Receiver, request: pytest.FixtureRequest) -> Mailbox:
    """Where this test's callbacks arrive."""
    return Mailbox(receiver, f"/{request.node.name.encode().hex()}")


@pytest.fixture
def merchant(sandbox: SandboxProcess, mailbox: Mailbox) -> Iterator[Merchant]:
    """A merchant of the shared gateway."""
    merchant = Merchant(sandbox.url, mailbox.url)
    yield merchant
    merchant.close()


@pytest.fixture
def stranger(sandbox: SandboxProcess, mailbox: Mailbox) -> Iterator[Merchant]:
    """Another merchant."""
    merchant = Merchant(sandbox.url, mailbox.url)
    yield merchant
    merchant.close()


@pytest.fixture
def faults(sandbox: SandboxProcess, merchant: Merchant) -> Iterator[Callable[..., None]]:
    """Set the shared gateway's faults; they are cleared after the test."""

    def set_faults(**faults: object) -> None:
        assert merchant.http.put("/admin/faults", json=faults).status_code == 200

    yield set_faults
    merchant.http.delete("/admin/faults")


@pytest.fixture(scope="session")
def payway_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaywayProcess]:
    """The Payway simulator that all of its tests share; each has a site of its own."""
    with running_payway(tmp_path_factory.mktemp("payway")) as payway:
        yield payway


@pytest.fixture
def payway(payway_process: PaywayProcess) -> Iterator[PaywayProcess]:
    """Well behaved at the end of each test."""
    yield payway_process
    payway_process.misbehave()
    payway_process.turn()
