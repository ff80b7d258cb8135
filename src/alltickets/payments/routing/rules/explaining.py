"""A decision told in sentences, for the organizer: in es-AR, from what is stored with it."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from babel.numbers import format_currency

from alltickets.kernel.money import exponent_of
from alltickets.payments.routing.rules.book import AccountEntry, RouteBook
from alltickets.payments.routing.rules.conditions import DATE, seen_of
from alltickets.payments.routing.rules.decision import Approach, Decision, Exclusion
from alltickets.payments.routing.rules.facts import RouteFacts
from alltickets.payments.routing.rules.policy import Condition, Field, Op, Rule

__all__ = ["explain"]

LOCALE = "es_AR"
AMOUNT = "¤\xa0#,##0.00"


def explain(book: RouteBook, facts: RouteFacts, decision: Decision) -> list[str]:
    """Why this account: the policy, the rule, what became of each account, and the choice. A sentence each."""
    entries = {entry.state.account_id: entry for entry in book.accounts}
    said = [_policy(book)]
    if facts.stood_in_for in entries and facts.choice is not None:
        others = _either([entries[one].state.label for one in facts.choice if one in entries and one != facts.stood_in_for])
        label = entries[facts.stood_in_for].state.label
        said.append(f"Quien compra eligió pagar por {label}, que no puede cobrar este pago; en su lugar puede hacerlo {others}.")
    elif facts.choice is not None:
        said.append(f"Quien compra eligió pagar por {_either([entries[one].state.label for one in facts.choice if one in entries])}.")
    for number in decision.passed_over:
        rule = book.context.policy.rules[number]
        said.append(f"La regla {number + 1}, «{rule.name}», se cumple, pero ninguna de sus cuentas podía cobrar.")
    if decision.rule is not None and decision.approach != "none":
        rule = book.context.policy.rules[decision.rule]
        said.append(f"Decide la regla {decision.rule + 1}, «{rule.name}»: {_conditions(rule, facts.currency)}.")
    elif book.context.version and decision.account_id is not None:
        said.append("Ninguna regla decide: vale el orden de las cuentas.")
    said += [
        f"{entries[one.account_id].state.label} queda afuera: {_EXCLUDED[one.excluded]}."
        for one in decision.candidates
        if one.excluded is not None
    ]
    said.append(_choice(entries, facts, decision))
    return said


def _policy(book: RouteBook) -> str:
    context = book.context
    if not context.version:
        return "No hay una política de cobro: vale el orden de las cuentas."
    return f"Rige la política {'del evento' if context.event_id is not None else 'de la productora'}, versión {context.version}."


def _conditions(rule: Rule, currency: str) -> str:
    if not rule.conditions:
        return "vale siempre"
    joined = " y " if rule.match == "all" else " o "
    return joined.join(_condition(one, currency) for one in rule.conditions)


def _condition(condition: Condition, currency: str) -> str:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    words = [_money(int(one), currency) if condition.field == "amount_minor" else _WORDS.get(str(one), str(one)) for one in values]
    told = " y ".join(words) if condition.op == "between" else _either(words)
    return f"{_FIELDS[condition.field]} {_OPS[condition.op]} {told}"


def _choice(entries: Mapping[UUID, AccountEntry], facts: RouteFacts, decision: Decision) -> str:
    if decision.account_id is None:
        return "Ninguna cuenta podía cobrar este pago."
    label = entries[decision.account_id].state.label
    scores = {one.account_id: one.score for one in decision.candidates if one.score is not None}
    own = scores.get(decision.account_id)
    if decision.approach == "weight":
        return f"Cobra {label} por reparto: a este pago le toca el número {decision.bucket} de 10.000, y a {label} el {own} %."
    if decision.approach == "lowest_cost" and own is not None:
        others = [
            f"{entries[one].state.label}, {_money(score, facts.currency)}" for one, score in scores.items() if one != decision.account_id
        ]
        than = f" (las otras: {'; '.join(others)})" if others else ""
        return f"Cobra {label}, la de menor costo estimado: {_money(own, facts.currency)}{than}.{_doubt(entries, facts, decision)}"
    if decision.approach in ("approval_rate", "exploration") and own is not None:
        percent = f"{own / 10_000:.1f}".replace(".", ",")
        return f"Cobra {label}, {_APPROACHES[decision.approach]}: {percent} % de aprobación reciente."
    return f"Cobra {label}, la primera en orden."


def _doubt(entries: Mapping[UUID, AccountEntry], facts: RouteFacts, decision: Decision) -> str:
    """That the tables which were compared are guesses, where they are."""
    on = seen_of(facts)[DATE]
    lines = [entries[one.account_id].line(facts, on) for one in decision.candidates if one.score is not None]
    return "" if all(line is None or line.is_verified for line in lines) else " Hay comisiones sin verificar: el costo es una estimación."


def _money(minor: int, currency: str) -> str:
    return format_currency(Decimal(minor).scaleb(-exponent_of(currency)), currency, AMOUNT, locale=LOCALE)


def _either(words: list[str]) -> str:
    return " o ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


_EXCLUDED: dict[Exclusion, str] = {
    "switched_off": "está desactivada",
    "test_account": "es una cuenta de prueba",
    "breaker_open": "no responde en este momento",
    "currency": "cobra en otra moneda",
    "dates": "no cobra en esa fecha",
    "event": "no cobra para ese evento",
    "not_chosen": "quien compra eligió otra opción",
    "amount": "no cobra ese importe",
    "method": "no cobra por ese medio",
    "instalments": "no llega a esa cantidad de cuotas",
    "too_late": "necesita más tiempo del que queda",
    "rule": "las reglas no la incluyen",
}
_APPROACHES: dict[Approach, str] = {"approval_rate": "la que más pagos aprueba", "exploration": "para seguir conociéndola"}
_FIELDS: dict[Field, str] = {
    "amount_minor": "el importe",
    "currency": "la moneda",
    "event_id": "el evento",
    "ticket_type_id": "el tipo de entrada",
    "method": "el medio",
    "card_bin": "el comienzo de la tarjeta",
    "bank": "el banco",
    "instalments": "la cantidad de cuotas",
    "date": "la fecha",
    "weekday": "el día",
    "hour": "la hora",
    "campaign": "la campaña",
    "channel": "el canal",
}
_OPS: dict[Op, str] = {
    "eq": "es",
    "ne": "no es",
    "in": "es",
    "not_in": "no es",
    "gt": "pasa de",
    "gte": "es al menos",
    "lt": "es menos de",
    "lte": "es como mucho",
    "between": "está entre",
    "prefix": "empieza con",
}
_WORDS = {
    "monday": "lunes",
    "tuesday": "martes",
    "wednesday": "miércoles",
    "thursday": "jueves",
    "friday": "viernes",
    "saturday": "sábado",
    "sunday": "domingo",
    "credit_card": "tarjeta de crédito",
    "debit_card": "tarjeta de débito",
    "prepaid_card": "tarjeta prepaga",
    "wallet": "billetera",
    "bank_transfer": "transferencia",
    "cash": "efectivo",
    "other": "otro",
}
