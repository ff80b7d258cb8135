"""Which payment a line pays: by its code, with the amount and the day agreeing, and nobody's where more than one could be meant."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from alltickets.kernel.ids import new_id
from alltickets.payments.awaited import AwaitedPayment
from alltickets.payments.codes import nearly_codes_in
from alltickets.payments.statements.matching import Judgement, judge
from alltickets.payments.statements.reading import Line

GIVEN_OUT = datetime(2026, 11, 27, 15, tzinfo=UTC)
THAT_DAY = GIVEN_OUT.date()
ANA, LEO = "JGGJ26D", "CK8DTMF"


def awaited(code: str, *, minor: int = 24_000_00) -> AwaitedPayment:
    return AwaitedPayment(new_id(), new_id(), code, "7KQ2-M9XA", new_id(), minor, "ARS", "awaiting_buyer", GIVEN_OUT, GIVEN_OUT)


def line(description: str, *, minor: int = 24_000_00, day: date = THAT_DAY) -> Line:
    return Line(2, day, minor, description, "key")


def judged(one: Line, *payments: AwaitedPayment, shown: dict[UUID, bool] | None = None) -> Judgement:
    return judge(one, {payment.code: payment for payment in payments}, shown or {})


def test_a_code_with_its_amount_is_matched() -> None:
    payment = awaited(ANA)

    assert judged(line("TRANSF jgg j26d PEREZ"), payment, awaited(LEO)) == Judgement("matched", payment)
    assert judged(line("TRANSF jgg j26d PEREZ"), payment).act == "confirm"


def test_another_amount_is_left_to_people() -> None:
    payment = awaited(ANA)

    assert judged(line(ANA, minor=23_999_99), payment) == Judgement("other_amount", payment)
    assert judged(line(ANA, minor=23_999_99), payment).act == "settle_by_hand"


def test_two_codes_in_one_line_are_guessed_at_by_nobody() -> None:
    assert judged(line(f"{ANA} {LEO}"), awaited(ANA), awaited(LEO, minor=1)) == Judgement("ambiguous")


def test_a_code_of_nobodys_is_unknown() -> None:
    assert judged(line(ANA), awaited(LEO)).outcome == "unknown"
    assert judged(line("Alquiler noviembre"), awaited(LEO)).outcome == "unknown"


def test_one_wrong_character_is_mended_where_the_amount_agrees() -> None:
    payment = awaited(ANA)

    assert judged(line("JGGJ26F"), payment) == Judgement("matched", payment, is_mended=True)
    assert judged(line("GJG-J26D"), payment) == Judgement("matched", payment, is_mended=True)
    assert judged(line("JGGJ26F", minor=1), payment).outcome == "unknown"


def test_a_mistyped_code_that_may_be_either_of_two_is_guessed_at_by_nobody() -> None:
    one, other = sorted(nearly_codes_in("JGGJ26F"))[:2]

    assert judged(line("JGGJ26F"), awaited(one), awaited(other)) == Judgement("ambiguous")
    assert judged(line("JGGJ26F"), awaited(one), awaited(other, minor=1)).awaited is not None


def test_money_that_a_person_has_confirmed_is_the_same_money() -> None:
    payment = awaited(ANA)

    assert judged(line(ANA), payment, shown={payment.attempt_id: False}) == Judgement("recorded", payment)
    assert judged(line(ANA), payment, shown={payment.attempt_id: True}) == Judgement("paid_again", payment)
    assert judged(line("JGGJ26F"), payment, shown={payment.attempt_id: True}) == Judgement("ambiguous")


def test_nobody_writes_a_code_before_it_was_given_out() -> None:
    payment = awaited(ANA)

    assert judged(line(ANA, day=date(2026, 11, 26)), payment).outcome == "matched"
    assert judged(line(ANA, day=date(2026, 11, 25)), payment).outcome == "unknown"
    assert judged(line(ANA, day=date(2026, 11, 25)), replace(payment, created_at=datetime(2026, 11, 25, tzinfo=UTC))).outcome == "matched"
