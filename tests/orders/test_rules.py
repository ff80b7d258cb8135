"""What may be chosen together, who the holders are, and how an order moves: plain values, no database."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.catalog.interface import (
    AccessCodeNeeded,
    EventNotFound,
    EventSnapshot,
    NotOnSale,
    PerformanceNotFound,
    QuestionKind,
    QuestionSnapshot,
    TicketTypeNotFound,
)
from alltickets.catalog.rules.snapshot import SeatRow
from alltickets.catalog.rules.states import EventStatus, Visibility
from alltickets.inventory.interface import seat_id_of
from alltickets.kernel.ids import new_id
from alltickets.orders.refusals import HoldersInvalid, LimitExceeded, SelectionInvalid
from alltickets.orders.rules import (
    PLACES_MAX,
    Buyer,
    Holder,
    OrderStatus,
    Place,
    buyer_key,
    check_holders,
    check_selection,
    draws_of,
    may_move,
    order_number,
    parts_of,
    places_of,
    unit_prices,
)
from alltickets.payments.interface import Part
from alltickets.pricing.interface import SelectedLine
from alltickets.pricing.rules.quoting import PriceList, make_book, quote
from alltickets.pricing.rules.units import ChargePolicy
from tests.catalog.events import NOW, make_event, make_performance, make_question, make_sector, make_ticket_type
from tests.pricing.prices import IVA, make_phase, make_policy, policies

FIELD, HALL = make_sector(), msgspec.structs.replace(make_sector(name="Platea"), rows=(SeatRow("A", 1, 20),))
FRIDAY, SATURDAY = make_performance(), make_performance(starts_at=NOW + timedelta(days=31))
GENERAL = make_ticket_type(FIELD)
EARLY = make_ticket_type(FIELD, name="Preventa", quantity_max=100)
SEATED = make_ticket_type(HALL, name="Platea")
FEW = msgspec.structs.replace(make_ticket_type(FIELD, name="Socios"), per_order_max=None, per_buyer_max=4)
SECRET = make_ticket_type(FIELD, name="Amigos", visibility=Visibility.CODE, codes=("AMIGOS",))
LATER = make_ticket_type(FIELD, name="Puerta", sales_from=NOW + timedelta(days=1))
EVENT = make_event(performances=[FRIDAY, SATURDAY], sectors=[FIELD, HALL], ticket_types=[GENERAL, EARLY, SEATED, FEW, SECRET, LATER])
ANA = Buyer("Ana Paz", "ana@example.com", "30111222")


def line(ticket_type: UUID = GENERAL.ticket_type_id, quantity: int = 1, *seats: str, at: UUID = FRIDAY.performance_id) -> SelectedLine:
    return SelectedLine(at, ticket_type, len(seats) or quantity, seats)


def check(*lines: SelectedLine, event: EventSnapshot = EVENT, code: str | None = None) -> None:
    check_selection(event, lines, code=code, now=NOW)


def faults_of(*lines: SelectedLine) -> list[tuple[str, str]]:
    with pytest.raises(SelectionInvalid) as refused:
        check(*lines)
    return [(fault.where, fault.code) for fault in refused.value.faults]


class TestSelection:
    def test_lines_of_several_types_and_performances_make_one_purchase(self) -> None:
        check(line(quantity=9), line(EARLY.ticket_type_id), line(SEATED.ticket_type_id, 2, "A1", "A2"), line(at=SATURDAY.performance_id))

    @pytest.mark.parametrize(
        ("refused", "why"),
        [
            (line(at=new_id()), PerformanceNotFound),
            (line(new_id()), TicketTypeNotFound),
            (line(SECRET.ticket_type_id), AccessCodeNeeded),
            (line(LATER.ticket_type_id), NotOnSale),
        ],
    )
    def test_a_line_that_is_not_sold_now_refuses_the_whole(self, refused: SelectedLine, why: type[Exception]) -> None:
        with pytest.raises(why):
            check(line(), refused)

    def test_a_code_opens_what_is_sold_by_code(self) -> None:
        check(line(SECRET.ticket_type_id), code=" amigos ")

    def test_a_draft_is_no_event_to_a_shopper(self) -> None:
        with pytest.raises(EventNotFound):
            check(line(), event=msgspec.structs.replace(EVENT, status=EventStatus.DRAFT))

    def test_a_ticket_type_of_a_performance_stands_in_one_line(self) -> None:
        assert faults_of(line(), line(quantity=2)) == [("lines", "line_twice")]
        check(line(), line(at=SATURDAY.performance_id))

    def test_places_have_a_limit_whatever_the_event_allows(self) -> None:
        unlimited = msgspec.structs.replace(GENERAL, per_order_max=None)
        event = msgspec.structs.replace(EVENT, ticket_types={**EVENT.ticket_types, GENERAL.ticket_type_id: unlimited})
        half = PLACES_MAX // 2

        check(line(quantity=half), line(quantity=half, at=SATURDAY.performance_id), event=event)
        with pytest.raises(SelectionInvalid) as refused:
            check(line(quantity=half), line(quantity=half + 1, at=SATURDAY.performance_id), event=event)

        assert [fault.code for fault in refused.value.faults] == ["too_many"]

    @pytest.mark.parametrize(
        ("chosen", "code"),
        [
            (line(SEATED.ticket_type_id, 2), "seats_missing"),
            (SelectedLine(FRIDAY.performance_id, SEATED.ticket_type_id, 2, ("A1",)), "seats_missing"),
            (line(SEATED.ticket_type_id, 2, "A1", "A1"), "seats_missing"),
            (line(GENERAL.ticket_type_id, 1, "A1"), "seats_unnumbered"),
        ],
    )
    def test_seats_are_named_one_by_one_where_there_are_any(self, chosen: SelectedLine, code: str) -> None:
        assert faults_of(line(EARLY.ticket_type_id), chosen) == [("lines/1/seats", code)]

    def test_every_fault_is_told_at_once(self) -> None:
        found = faults_of(line(SEATED.ticket_type_id, 60), line(SEATED.ticket_type_id, 60))

        assert found == [
            ("lines", "line_twice"),
            ("lines", "too_many"),
            ("lines/0/seats", "seats_missing"),
            ("lines/1/seats", "seats_missing"),
        ]

    @pytest.mark.parametrize(("ticket_type", "limit"), [(GENERAL.ticket_type_id, 10), (FEW.ticket_type_id, 4)])
    def test_one_order_has_at_most_what_an_order_and_a_buyer_may_have_over_all_performances(self, ticket_type: UUID, limit: int) -> None:
        check(line(ticket_type, limit - 1), line(ticket_type, at=SATURDAY.performance_id))

        with pytest.raises(LimitExceeded) as refused:
            check(line(ticket_type, limit), line(ticket_type, at=SATURDAY.performance_id))

        assert (refused.value.scope, refused.value.ticket_type, refused.value.limit) == ("order", str(ticket_type), limit)


def pools(ticket_type: UUID, at: UUID = FRIDAY.performance_id) -> tuple[UUID, ...]:
    return EVENT.offers[at, ticket_type]


class TestDraws:
    def test_a_limited_type_draws_from_its_own_pool_too(self) -> None:
        sector, own = pools(EARLY.ticket_type_id)

        assert draws_of(EVENT, [line(EARLY.ticket_type_id, 3)]) == ({sector: 3, own: 3}, ())

    def test_lines_of_one_sector_add_up(self) -> None:
        sector, own = pools(EARLY.ticket_type_id)

        assert draws_of(EVENT, [line(EARLY.ticket_type_id, 3), line(quantity=2)]) == ({sector: 5, own: 3}, ())

    def test_seats_are_those_of_the_sectors_pool_at_the_performance(self) -> None:
        [friday] = pools(SEATED.ticket_type_id)
        [saturday] = pools(SEATED.ticket_type_id, SATURDAY.performance_id)
        lines = [line(SEATED.ticket_type_id, 2, "A2", "A1"), line(SEATED.ticket_type_id, 1, "A1", at=SATURDAY.performance_id)]

        draws, seats = draws_of(EVENT, lines)

        assert draws == {friday: 2, saturday: 1}
        assert seats == (seat_id_of(friday, "A2"), seat_id_of(friday, "A1"), seat_id_of(saturday, "A1"))


offers = st.sampled_from([(at, one) for at in EVENT.performances for one in EVENT.ticket_types if one != SEATED.ticket_type_id])
selections = st.dictionaries(offers, st.integers(1, 12), min_size=1, max_size=6).map(
    lambda chosen: [SelectedLine(at, one, quantity) for (at, one), quantity in chosen.items()]
)
bounds = st.lists(st.integers(1, 30), max_size=3)


@given(selections, bounds, st.integers(0, 30))
def test_every_place_has_its_price_and_together_they_are_the_total(lines: Sequence[SelectedLine], ends: list[int], taken: int) -> None:
    phases = tuple(make_phase(100 * number, until_taken=end) for number, end in enumerate(sorted(ends), 1))
    book = make_book(EVENT, PriceList(1, None, dict.fromkeys(EVENT.ticket_types, phases)))
    levels = {pool_id: taken for pools in EVENT.offers.values() for pool_id in pools}
    priced = quote(book, lines, levels, "AMIGOS", NOW)

    places, prices = places_of(lines), unit_prices(priced)

    assert len(places) == len(prices)
    assert sum(price.minor for price in prices) == priced.totals.total.minor
    assert Counter((place.performance_id, place.ticket_type_id) for place in places) == {
        (one.performance_id, one.ticket_type_id): one.quantity for one in lines
    }
    # Within a line the cheaper part comes first, as its parts do.
    start = 0
    for one in priced.lines:
        of_line = prices[start : start + one.quantity]
        assert of_line == [part.unit.final for part in one.parts for _ in range(part.quantity)]
        start += one.quantity


def test_a_total_is_the_organizers_the_service_charge_and_the_tax_inside_it() -> None:
    # 10 % of 10,000.00 on top, IVA inside it; what IVA is inside the price is the organizer's to pay.
    policy = make_policy(price_taxes=(IVA,))
    ticket_type = make_ticket_type(FIELD, price_minor=10_000_00)
    event = make_event(performances=[FRIDAY], sectors=[FIELD], ticket_types=[ticket_type])
    book = make_book(event, PriceList(1, policy, {}))

    priced = quote(book, [line(ticket_type.ticket_type_id, 2)], {}, None, NOW)

    assert parts_of(priced) == (Part("proceeds", 20_000_00), Part("charge", 1_652_90), Part("charge_tax", 347_10))


@given(selections, policies)
def test_the_parts_of_a_payment_are_its_total(lines: Sequence[SelectedLine], policy: ChargePolicy) -> None:
    priced = quote(make_book(EVENT, PriceList(1, policy, {})), lines, {}, "AMIGOS", NOW)

    parts = parts_of(priced)

    assert sum(part.minor for part in parts) == priced.totals.total.minor
    assert all(part.minor > 0 for part in parts)


@given(selections)
def test_draws_take_as_many_places_of_each_sector_as_the_lines_say(lines: Sequence[SelectedLine]) -> None:
    draws, _ = draws_of(EVENT, lines)

    expected: Counter[UUID] = Counter()
    for one in lines:
        for pool_id in EVENT.offers[one.performance_id, one.ticket_type_id]:
            expected[pool_id] += one.quantity
    assert draws == expected


def test_places_come_line_by_line_and_in_the_order_of_the_seats() -> None:
    lines = [line(SEATED.ticket_type_id, 2, "A2", "A1"), line(quantity=2)]

    assert places_of(lines) == [
        Place(FRIDAY.performance_id, SEATED.ticket_type_id, "A2"),
        Place(FRIDAY.performance_id, SEATED.ticket_type_id, "A1"),
        Place(FRIDAY.performance_id, GENERAL.ticket_type_id, None),
        Place(FRIDAY.performance_id, GENERAL.ticket_type_id, None),
    ]


def question(key: str, kind: QuestionKind, *, required: bool = True, options: tuple[str, ...] = ()) -> QuestionSnapshot:
    return QuestionSnapshot(new_id(), key, key.title(), kind, required, options, frozenset())


def asking(*questions: QuestionSnapshot) -> EventSnapshot:
    return msgspec.structs.replace(EVENT, questions=questions)


def holder_faults(event: EventSnapshot, buyer: Buyer, *holders: Holder, places: int | None = None) -> list[tuple[str, str]]:
    wanted = places_of([line(quantity=places or len(holders) or 1)])
    try:
        check_holders(event, wanted, buyer, holders)
    except HoldersInvalid as refused:
        return [(fault.where, fault.code) for fault in refused.faults]
    return []


class TestHolders:
    def test_without_holders_everyone_is_the_buyer(self) -> None:
        buyer, holders = check_holders(EVENT, places_of([line(quantity=3)]), ANA, [])

        assert buyer == ANA
        assert holders == [Holder("Ana Paz", "ana@example.com", "30111222")] * 3

    def test_what_is_kept_is_tidy(self) -> None:
        buyer, [holder] = check_holders(
            EVENT,
            places_of([line()]),
            Buyer(" Ana Paz ", " ana@example.com ", "30.111.222", "+54 11 5555-0000"),
            [Holder(" Eva Luz ", " eva@example.com ", "3 111 222")],
        )

        assert buyer == Buyer("Ana Paz", "ana@example.com", "30111222", "+54 11 5555-0000")
        assert holder == Holder("Eva Luz", "eva@example.com", "3111222")

    @pytest.mark.parametrize("document", ["30111222", "30.111.222", "3.111.222", " 3111222 ", "30 111 222"])
    def test_a_dni_is_read_however_it_is_written(self, document: str) -> None:
        assert holder_faults(EVENT, msgspec.structs.replace(ANA, document=document)) == []

    @pytest.mark.parametrize("document", ["", "30111", "301112223", "A3011122", "30-111-222", "٣٠١١١٢٢٢a"])
    def test_what_is_no_dni_is_refused(self, document: str) -> None:
        assert holder_faults(EVENT, msgspec.structs.replace(ANA, document=document)) == [("buyer/document", "document")]

    @pytest.mark.parametrize("mail", ["ana", "ana@example", "@example.com", "ana@ex ample.com", "a@b@example.com", "ana@example..com", ""])
    def test_what_is_no_mail_address_is_refused(self, mail: str) -> None:
        assert holder_faults(EVENT, msgspec.structs.replace(ANA, mail=mail)) == [("buyer/mail", "mail")]

    def test_each_place_needs_a_holder(self) -> None:
        assert holder_faults(EVENT, ANA, Holder("Eva Luz"), places=2) == [("holders", "count")]

    def test_every_fault_is_told_at_once_with_its_path(self) -> None:
        event = asking(question("dni", QuestionKind.DOCUMENT), question("menu", QuestionKind.CHOICE, options=("a", "b")))
        buyer = Buyer(" ", "ana", "1", "x")
        good = Holder("Eva Luz", answers={"dni": "30.111.222", "menu": "a"})
        bad = Holder(" ", "eva", "2", {"dni": "x", "shoe": "38", "age": "7"})

        assert holder_faults(event, buyer, good, bad) == [
            ("buyer/name", "required"),
            ("buyer/mail", "mail"),
            ("buyer/document", "document"),
            ("buyer/phone", "phone"),
            ("holders/1/name", "required"),
            ("holders/1/mail", "mail"),
            ("holders/1/document", "document"),
            ("holders/1/answers/age", "unknown"),
            ("holders/1/answers/shoe", "unknown"),
            ("holders/1/answers/dni", "document"),
            ("holders/1/answers/menu", "required"),
        ]

    def test_a_fault_of_the_buyer_is_not_told_again_for_each_ticket(self) -> None:
        event = asking(question("dni", QuestionKind.DOCUMENT))

        assert holder_faults(event, Buyer("", "ana@example.com"), places=2) == [
            ("buyer/name", "required"),
            ("holders/0/answers/dni", "required"),
            ("holders/1/answers/dni", "required"),
        ]

    @pytest.mark.parametrize(
        ("kind", "good", "bad"),
        [
            (QuestionKind.TEXT, ["anything"], []),
            (QuestionKind.CHOICE, ["S", "M"], ["L", "s"]),
            (QuestionKind.DOCUMENT, ["30.111.222"], ["30"]),
            (QuestionKind.MAIL, ["eva@example.com"], ["eva"]),
            (QuestionKind.PHONE, ["+54 (11) 5555-0000", "5555.0000"], ["call me", "12"]),
            (QuestionKind.CHECKBOX, ["yes"], ["no", "true"]),
        ],
    )
    def test_an_answer_fits_its_question(self, kind: QuestionKind, good: Sequence[str], bad: Sequence[str]) -> None:
        event = asking(question("it", kind, options=("S", "M")))

        assert [holder_faults(event, ANA, Holder("Eva Luz", answers={"it": f" {answer} "})) for answer in good] == [[]] * len(good)
        for answer in bad:
            assert holder_faults(event, ANA, Holder("Eva Luz", answers={"it": answer})) == [("holders/0/answers/it", kind.value)]

    @pytest.mark.parametrize("kind", QuestionKind)
    def test_only_a_required_question_must_be_answered(self, kind: QuestionKind) -> None:
        for holder in (Holder("Eva Luz"), Holder("Eva Luz", answers={"it": "  "})):
            assert holder_faults(asking(question("it", kind)), ANA, holder) == [("holders/0/answers/it", "required")]
            assert holder_faults(asking(question("it", kind, required=False)), ANA, holder) == []

    def test_a_checkbox_that_is_not_required_may_say_no(self) -> None:
        event = asking(question("it", QuestionKind.CHECKBOX, required=False))

        assert holder_faults(event, ANA, Holder("Eva Luz", answers={"it": "no"})) == []
        assert holder_faults(event, ANA, Holder("Eva Luz", answers={"it": "perhaps"})) == [("holders/0/answers/it", "checkbox")]

    def test_only_holders_of_its_ticket_types_are_asked(self) -> None:
        event = asking(make_question(ticket_type_ids=[EARLY.ticket_type_id]))
        places = places_of([line(), line(EARLY.ticket_type_id)])
        dni = {"dni": "30111222"}

        check_holders(event, places, ANA, [Holder("Eva Luz"), Holder("Leo Sol", answers=dni)])
        with pytest.raises(HoldersInvalid) as refused:
            check_holders(event, places, ANA, [Holder("Eva Luz", answers=dni), Holder("Leo Sol")])

        assert [(fault.where, fault.code) for fault in refused.value.faults] == [
            ("holders/0/answers/dni", "unknown"),
            ("holders/1/answers/dni", "required"),
        ]


def test_a_buyer_is_counted_by_document_and_without_one_by_mail_whatever_its_case() -> None:
    assert buyer_key(ANA) == "document:30111222"
    assert buyer_key(Buyer("Ana", "Ana@Example.com")) == buyer_key(Buyer("Eva", "ana@example.COM")) == "mail:ana@example.com"


ALLOWED = """
awaiting_payment  paid expired cancelled
expired           paid
paid              cancelled refunded
cancelled         refunded
refunded
"""


def test_an_order_moves_only_as_the_table_says() -> None:
    table = {before: set(after) for before, *after in map(str.split, ALLOWED.strip().splitlines())}

    assert table.keys() == set(OrderStatus)
    assert {before: {after for after in OrderStatus if may_move(before, after)} for before in OrderStatus} == table


def test_the_number_is_the_last_forty_bits_of_the_id() -> None:
    assert order_number(UUID(int=0)) == "0000-0000"
    assert order_number(UUID(int=(7 << 100) | 0b00001_00010_11111_01010_00000_10010_10100_11011)) == "12ZA-0JMV"


@given(st.uuids(), st.uuids())
def test_a_number_reads_well_and_differs_where_the_ids_ends_do(one: UUID, other: UUID) -> None:
    number = order_number(one)

    assert len(number) == 9
    assert number[4] == "-"
    assert not set(number) & set("ILOU")
    assert (number == order_number(other)) == (one.int % 2**40 == other.int % 2**40)
