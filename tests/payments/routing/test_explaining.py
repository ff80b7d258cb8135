"""Decisions in sentences, and what buyers may choose from."""

from datetime import timedelta
from uuid import UUID

import msgspec

from alltickets.payments.routing.rules.book import RouteBook
from alltickets.payments.routing.rules.deciding import decide
from alltickets.payments.routing.rules.explaining import explain
from alltickets.payments.routing.rules.facts import AccountTerms, Approvals, PaymentPurpose, RouteFacts
from alltickets.payments.routing.rules.offering import chosen, offered
from alltickets.payments.routing.rules.policy import Condition, Option, Share
from tests.payments.routing.houses import EVENT, NOW, OTHER_EVENT, ZONE, A, B, C, account, book, facts, line, rule

HERE = PaymentPurpose(event_id=EVENT, timezone=ZONE)
CARD, CASH, TUESDAY = (UUID(int=number) for number in (301, 302, 303))


def told(decider: RouteBook, payment: RouteFacts) -> list[str]:
    return explain(decider, payment, decide(decider, payment))


def test_without_a_policy() -> None:
    assert told(book(version=0), facts()) == [
        "No hay una política de cobro: vale el orden de las cuentas.",
        "Cobra Cuenta 1, la primera en orden.",
    ]


def test_by_cost_with_everything_that_led_there() -> None:
    accounts = [account(A), account(B, priority=1), account(C, priority=2), account(UUID(int=4), priority=3, is_enabled=False)]
    friday = rule(Condition("weekday", "eq", "friday"), Condition("amount_minor", "gte", 500_000), use=(A, B), choose="lowest_cost")
    decider = book(rule(use=(UUID(int=4),)), friday, accounts=accounts, schedules=(line(1, 62_900), line(2, 40_000)), event_id=EVENT)

    assert [one.replace("\xa0", " ") for one in told(decider, facts())] == [
        "Rige la política del evento, versión 1.",
        "La regla 1, «Regla», se cumple, pero ninguna de sus cuentas podía cobrar.",
        "Decide la regla 2, «Regla»: el día es viernes y el importe es al menos $ 5.000,00.",
        "Cuenta 3 queda afuera: las reglas no la incluyen.",
        "Cuenta 4 queda afuera: está desactivada.",
        "Cobra Cuenta 2, la de menor costo estimado: $ 532,40 (las otras: Cuenta 1, $ 837,20)."
        " Hay comisiones sin verificar: el costo es una estimación.",
    ]


def test_by_shares_by_approval_and_by_choice() -> None:
    split = book(rule(choose="weight", shares=(Share(A, 30), Share(B, 70))))
    rates = book(rule(choose="approval_rate", explore_percent=0))
    none = book(accounts=[account(A, is_enabled=False)])

    assert (
        told(split, facts(number=7))[-1]
        == "Cobra Cuenta 2 por reparto: a este pago le toca el número 5359 de 10.000, y a Cuenta 2 el 70 %."
    )
    assert told(rates, facts(approvals=(Approvals(B, 92, 100),)))[-1] == (
        "Cobra Cuenta 2, la que más pagos aprueba: 90,9 % de aprobación reciente."
    )
    assert told(book(), facts(choice=(B, C)))[1] == "Quien compra eligió pagar por Cuenta 2 o Cuenta 3."
    assert told(none, facts())[-1] == "Ninguna cuenta podía cobrar este pago."


def with_options(*options: Option) -> RouteBook:
    plain = book().context
    return RouteBook(msgspec.structs.replace(plain, policy=msgspec.structs.replace(plain.policy, options=options)))


def test_without_a_policy_each_account_is_an_option() -> None:
    accounts = [account(B, priority=1), account(A), account(C, priority=2, terms=AccountTerms(event_ids=(OTHER_EVENT,)))]
    plain = book(accounts=accounts, version=0)

    assert [(one.option_id, one.label) for one in offered(plain, "ARS", HERE, NOW)] == [(A, "Cuenta 1"), (B, "Cuenta 2")]
    assert offered(plain, "USD", HERE, NOW) == []


def test_a_policy_shows_its_options_while_somebody_stands_behind_them() -> None:
    shown = with_options(
        Option(option_id=CARD, label="Tarjeta", method="credit_card", accounts=(A, UUID(int=77))),
        Option(option_id=TUESDAY, label="Martes", accounts=(A,), conditions=(Condition("weekday", "eq", "tuesday"),)),
        Option(option_id=CASH, label="Efectivo", method="cash", accounts=(B, C)),
    )

    friday, tuesday = (offered(shown, "ARS", HERE, NOW + timedelta(days=days)) for days in (0, 4))

    assert [(one.label, one.account_ids) for one in friday] == [("Tarjeta", (A,)), ("Efectivo", (B, C))]
    assert [one.label for one in tuesday] == ["Tarjeta", "Martes", "Efectivo"]
    assert [one.label for one in offered(shown, "ARS", HERE, NOW, [A])] == ["Efectivo"]
    assert offered(book(), "ARS", HERE, NOW) == []


def test_what_is_not_offered_now_cannot_be_chosen_and_an_account_always_can() -> None:
    shown = with_options(Option(option_id=TUESDAY, label="Martes", accounts=(A,), conditions=(Condition("weekday", "eq", "tuesday"),)))

    assert chosen(shown, TUESDAY, "ARS", HERE, NOW) is None
    assert chosen(shown, UUID(int=77), "ARS", HERE, NOW) is None
    by_account = chosen(shown, B, "ARS", HERE, NOW)
    assert by_account is not None
    assert by_account.account_ids == (B,)
