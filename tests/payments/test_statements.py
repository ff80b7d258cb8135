"""Bank statements: what they pay is confirmed, once for each line ever; the rest is told with what is to be done."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio

from alltickets.kernel.ids import new_id
from alltickets.payments.events import PaymentCaptured
from alltickets.payments.port import Instructions
from alltickets.payments.refusals import AccountNotFound, NoLayout, NotABankAccount
from alltickets.payments.service.statements import LINES_AT_ONCE, SHOWN_MAX, StatementResult
from alltickets.platform.database import Database
from alltickets.platform.secrets import KeyRing
from tests.conftest import SettableClock
from tests.payments.office import ASKED, TRANSFER, Office
from tests.stream import events_of


@pytest_asyncio.fixture
async def office(database: Database, clock: SettableClock, key_ring: KeyRing, organizer_id: UUID) -> AsyncIterator[Office]:
    yield await Office.open(database, clock, key_ring, organizer_id)


async def take(office: Office, *lines: str) -> StatementResult:
    return await office.payments.statements.take(office.actor, office.transfer.id, office.statement(*lines))


def outcomes(result: StatementResult) -> list[tuple[int, str]]:
    return [(line.number, line.outcome) for line in result.lines]


async def status_of(office: Office, reference: UUID) -> str:
    return (await office.payments.details(office.organizer_id, reference)).status


async def test_lines_confirm_what_they_pay_and_tell_what_they_do_not(office: Office) -> None:
    paid, short = office.request(), office.request()
    first, second = await office.start(paid), await office.start(short)
    lines = [
        office.line(first),
        office.line(second, amount="23.000,00"),
        office.line("Alquiler noviembre"),
        office.line("Sueldos", amount="-9.000,00"),
        office.line(first),
        office.line("x", amount="doce"),
    ]

    result = await take(office, *lines)

    assert outcomes(result) == [(2, "matched"), (3, "other_amount"), (4, "unknown"), (6, "paid_again")]
    assert [(fault.number, fault.reason) for fault in result.faults] == [(7, "“doce” is no amount with a decimal comma.")]
    assert [await status_of(office, one.reference) for one in (paid, short)] == ["paid", "open"]
    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 1
    details = await office.payments.details(office.organizer_id, paid.reference)
    assert [(refund.amount_minor, refund.reason) for refund in details.refunds] == [(ASKED.minor, "paid twice")]
    assert await office.audited() == ["statement.imported"]


async def test_a_statement_imported_again_changes_nothing(office: Office) -> None:
    one = office.request()
    lines = [office.line(await office.start(one)), office.line("Alquiler"), office.line("Alquiler")]
    await take(office, *lines)

    again = await take(office, *lines)
    longer = await take(office, office.line("Comisión"), *lines)

    assert outcomes(again) == [(2, "duplicate"), (3, "duplicate"), (4, "duplicate")]
    assert outcomes(longer) == [(2, "unknown"), (3, "duplicate"), (4, "duplicate"), (5, "duplicate")]
    assert len((await office.payments.details(office.organizer_id, one.reference)).charges) == 1


async def test_a_preview_says_what_an_import_would_do_and_does_nothing(office: Office) -> None:
    one = office.request()
    started = await office.start(one)
    body = office.statement(office.line(started), office.line(started))

    preview = await office.payments.statements.preview(office.organizer_id, office.transfer.id, body)

    assert outcomes(preview) == [(2, "matched"), (3, "paid_again")]
    assert await status_of(office, one.reference) == "open"
    assert outcomes(await office.payments.statements.take(office.actor, office.transfer.id, body)) == outcomes(preview)


async def test_the_line_of_what_a_person_has_confirmed_is_the_same_money(office: Office) -> None:
    one = office.request()
    started = await office.start(one)
    await office.confirm(started)

    result = await take(office, office.line(started), office.line(started))

    assert outcomes(result) == [(2, "recorded"), (3, "paid_again")]
    details = await office.payments.details(office.organizer_id, one.reference)
    assert sorted(charge.is_surplus for charge in details.charges) == [False, True]


async def test_what_a_statement_has_confirmed_a_person_need_not(office: Office) -> None:
    started = await office.start()
    await take(office, office.line(started))

    await office.confirm(started)

    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 1


async def test_two_who_import_the_same_statement_at_once_import_it_once(office: Office) -> None:
    requests = [office.request() for _ in range(8)]
    lines = [office.line(await office.start(one)) for one in requests] + [office.line(f"Otra {number}") for number in range(20)]

    results = await asyncio.gather(take(office, *lines), take(office, *reversed(lines)), take(office, *lines))

    assert sum(result.counts["matched"] for result in results) == 8
    assert sum(result.counts["unknown"] for result in results) == 20
    assert sum(result.counts["paid_again"] for result in results) == 0
    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 8


async def test_a_person_and_a_statement_that_say_the_same_at_once_say_it_once(office: Office) -> None:
    requests = [office.request() for _ in range(6)]
    started = [await office.start(one) for one in requests]

    await asyncio.gather(take(office, *(office.line(one) for one in started)), *(office.confirm(one) for one in started))

    assert len(await events_of(office.database, office.organizer_id, PaymentCaptured)) == 6
    details = [await office.payments.details(office.organizer_id, one.reference) for one in requests]
    assert [len(one.charges) for one in details] == [1] * 6
    assert outcomes(await take(office, *(office.line(one) for one in started))) == [(number, "duplicate") for number in range(2, 8)]


async def test_a_long_statement_is_taken_in_parts_and_shown_in_part(office: Office) -> None:
    one = office.request()
    started = await office.start(one)
    others = [office.line(f"Otra {number}") for number in range(LINES_AT_ONCE + 50)]

    result = await take(office, *others, office.line(started))
    listed = await office.payments.statements.page(office.organizer_id, office.transfer.id, outcome="matched", cursor=None, size=10)
    page = await office.payments.statements.page(office.organizer_id, office.transfer.id, outcome=None, cursor=None, size=200)
    rest = await office.payments.statements.page(office.organizer_id, office.transfer.id, outcome=None, cursor=page.next, size=200)

    assert (result.counts["unknown"], result.counts["matched"], len(result.lines)) == (LINES_AT_ONCE + 50, 1, SHOWN_MAX)
    assert isinstance(started.step, Instructions)
    assert [(line.number, line.code) for line in listed.items] == [(LINES_AT_ONCE + 52, started.step.code)]
    assert len({line.line_key for line in (*page.items, *rest.items)}) == LINES_AT_ONCE + 51


async def test_codes_of_another_account_are_nobodys(office: Office) -> None:
    other = await office.connect("transfer", {**TRANSFER, "alias": "otra.cuenta"})

    result = await take(office, office.line(await office.start(option_id=other.id)))

    assert outcomes(result) == [(2, "unknown")]


async def test_only_accounts_for_transfers_have_statements_and_they_are_described_first(office: Office) -> None:
    statements, other = office.payments.statements, await office.connect("transfer", TRANSFER)

    for account_id, refusal in ((office.cash.id, NotABankAccount), (new_id(), AccountNotFound), (other.id, NoLayout)):
        with pytest.raises(refusal):
            await statements.take(office.actor, account_id, b"")
        with pytest.raises(refusal):
            await statements.preview(office.organizer_id, account_id, b"")
