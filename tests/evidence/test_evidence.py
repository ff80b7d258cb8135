"""Evidence for a dispute: a buyer who came in is shown with door, device and moment, and it goes to gateways that take it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from litestar import Litestar

from alltickets.access.interface import Access
from alltickets.access.schemas import CheckpointPut, ScanRequest
from alltickets.evidence.routes import organizer_router
from alltickets.evidence.service import Evidence
from alltickets.identity.interface import Authorization, DeviceActor, Role
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.notifications.records import QueuedMail, insert_mails
from alltickets.notifications.rules import MailKind, MailState
from alltickets.orders.records import Order
from alltickets.payments.gateways.sandbox import Sandbox, SandboxGateway
from alltickets.payments.port import Capabilities, DisputeAnswer
from alltickets.payments.service import Payments
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from alltickets.tickets.interface import EventKeys
from bench.plain import PLAIN
from tests.conftest import SettableClock
from tests.identity.conftest import CountingHasher, House, join, make_house, make_identity, open_browser
from tests.orders.box_office import BoxOffice
from tests.payments.test_routes import _answer

BASE = "/api/organizer/payments/disputes"


class TakingGateway(SandboxGateway):
    """The sandbox, if it took evidence."""

    taken: list[DisputeAnswer]

    async def answer_dispute(self, answer: DisputeAnswer) -> None:
        self.taken.append(answer)


class TakingSandbox(Sandbox):
    """Its provider, which keeps what was handed in."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9", httpx.AsyncClient(verify=PLAIN))
        self.taken: list[DisputeAnswer] = []

    def connect(self, settings: Any, credentials: Any) -> SandboxGateway:
        plain = super().connect(settings, credentials)
        can: Capabilities = plain.capabilities
        gateway = TakingGateway(self._base_url, self._client, settings["merchant"], credentials["secret"], can)
        gateway.capabilities = Capabilities(**{**{name: getattr(can, name) for name in can.__struct_fields__}, "disputes": "answered"})
        gateway.taken = self.taken
        return gateway


class Case:
    """Ana bought two tickets, came in with one, and her bank asks for the money."""

    def __init__(self, box: BoxOffice, house: House, identity: Any, key_ring: KeyRing) -> None:
        self.box, self.house, self.identity = box, house, identity
        self.provider = TakingSandbox()
        self.taking = Payments(box.database, box.clock, key_ring, [self.provider], public_url="http://127.0.0.1:9")
        self.access = Access(box.database, box.clock, EventKeys(box.database, box.clock, key_ring), box.process.catalog)
        self.order: Order
        self.dispute_id: UUID

    def app(self, payments: Payments) -> Litestar:
        evidence = Evidence(self.box.database, self.box.process.catalog, payments, self.box.process.tickets)
        authorization = Authorization(self.identity.authenticator, self.identity.cookie)
        handlers: list[Any] = [organizer_router(evidence)]
        return Litestar(route_handlers=handlers, plugins=[authorization], exception_handlers={Refusal: _answer}, openapi_config=None)

    async def happen(self) -> None:
        box = self.box
        self.order = await box.paid(quantity=2)
        door = new_id()
        opens = CheckpointPut("Puerta A", opens_at=box.clock() - timedelta(hours=1), closes_at=box.clock() + timedelta(days=40))
        await self.access.put_checkpoint(self.house.actor, box.event_id, door, opens)
        device = (await self.identity.devices.create(self.house.actor, "Teléfono de Eva", event_id=None)).device
        scanner = DeviceActor(box.organizer_id, device.device_id, None, device.name)
        [first, _] = await box.tickets(self.order)
        await self.access.scan(scanner, ScanRequest(scan_id=new_id(), checkpoint_id=door, code=first.code or ""))
        async with box.database.transaction(box.organizer_id) as tx:
            await insert_mails(tx, [self.mail()])
        paid = await box.payment_of(self.order)
        await box.report(replace(paid, sequence=5, status="charged_back"))
        await box.catch_up()
        [dispute] = (await box.process.payments.disputes.page(box.organizer_id, in_state=None, cursor=None, size=5)).items
        self.dispute_id = dispute.dispute_id

    def mail(self) -> QueuedMail:
        return QueuedMail(
            mail_id=new_id(),
            order_id=self.order.order_id,
            kind=MailKind.CONFIRMATION,
            occasion="",
            amount_minor=None,
            recipient=self.order.buyer.mail,
            recipient_key=self.order.buyer.mail,
            state=MailState.SENT,
            queued_at=self.box.clock(),
            settled_at=self.box.clock(),
        )


@pytest_asyncio.fixture
async def case(database: Database, clock: SettableClock, key_ring: KeyRing) -> AsyncIterator[Case]:
    identity = make_identity(database, clock, CountingHasher())
    house = await make_house(identity)
    box = await BoxOffice.build(database, clock, key_ring, house.actor.organizer_id).open()
    case = Case(box, house, identity, key_ring)
    await case.happen()
    yield case
    identity.close()


async def test_what_is_known_of_the_order_is_shown_to_whoever_keeps_the_money_and_printed_where_no_gateway_takes_it(case: Case) -> None:
    path = f"{BASE}/{case.dispute_id}/evidence"
    app = case.app(case.box.process.payments)
    manager, finance = [await join(case.identity, case.house, role) for role in (Role.MANAGER, Role.FINANCE)]
    stranger = await make_house(case.identity)
    async with open_browser(app, token=finance.token) as browser:
        shown = (await browser.get(path)).json()
        printed = await browser.get(f"{path}.pdf")
        answered = await browser.post(path, json={"statement": "Vino.\nTenemos la lectura."})
        again = (await browser.get(path)).json()
    async with open_browser(app, token=manager.token) as browser:
        refused = [await browser.get(path), await browser.get(f"{path}.pdf"), await browser.post(path, json={})]
    async with open_browser(app, token=stranger.owner.token) as browser:
        hidden = [await browser.get(path), await browser.get(f"{path}.pdf"), await browser.post(path, json={})]

    one, other = shown["tickets"]
    assert (shown["how"], shown["order"]["number"], shown["buyer"]["name"]) == ("told", case.order.number, "Ana Paz")
    assert [(entry["checkpoint"], entry["device"]) for entry in one["admissions"]] == [("Puerta A", "Teléfono de Eva")]
    assert (other["admissions"], other["holder_name"]) == ([], "Ana Paz")
    assert [(mail["kind"], mail["recipient"], mail["sent_at"] is None) for mail in shown["mails"]] == [
        ("confirmation", "ana@example.com", False)
    ]
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    assert answered.json()["is_handed_in"] is False
    assert answered.json()["document_url"] == f"{path}.pdf"
    assert again["statement"] == "Vino.\nTenemos la lectura."
    assert [answer.status_code for answer in refused] == [403] * 3
    assert [answer.status_code for answer in hidden] == [404] * 3


async def test_a_gateway_that_takes_evidence_gets_it_in_words_and_as_a_document_once(case: Case) -> None:
    path = f"{BASE}/{case.dispute_id}/evidence"
    async with open_browser(case.app(case.taking), token=case.house.owner.token) as browser:
        answered = await browser.post(path, json={"statement": "Vino."})

    [answer] = case.provider.taken
    assert (answered.status_code, answered.json()["is_handed_in"]) == (200, True)
    assert "ingresó por Puerta A (Teléfono de Eva)" in answer.evidence.admissions
    assert "a nombre de Ana Paz" in answer.evidence.tickets
    assert "ana@example.com" in answer.evidence.tickets
    assert (answer.evidence.statement, answer.evidence.buyer_name) == ("Vino.", "Ana Paz")
    assert answer.evidence.document.startswith(b"%PDF-")
    details = await case.taking.disputes.read(case.box.organizer_id, case.dispute_id)
    assert [(one.status, one.statement) for one in details.answers] == [("accepted", "Vino.")]
