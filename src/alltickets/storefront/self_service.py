"""What buyers do on an order's pages after paying: say who goes in instead, have a code replaced, look after their mail.

Plain forms that lead back to the order's page, which says what was done: they work without JavaScript, and a reload repeats nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alltickets.catalog.interface import QuestionKind
from alltickets.orders.interface import Holder, HoldersInvalid, OrderNotFound, ShownHolder, TicketChanged, TicketNotChangeable
from alltickets.storefront.pages import NO_STORE, Page, PageAnswer, PageRequest, html, redirect
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates
from alltickets.storefront.visits import PRIVATE, Visit, uuid_of, visit_of

__all__ = ["SelfServicePages"]

ANSWERS = "holder/answers/"
NAME_CHARACTERS_MAX = 200
MAIL_CHARACTERS_MAX = 254
DOCUMENT_CHARACTERS_MAX = 20
ANSWER_CHARACTERS_MAX = 1_000
# One-line inputs of browsers send none of these, and the database stores no NUL.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class _Draft:
    """What was typed about a holder, as it was typed; `faults` are codes by field. `made_on` and `serial`: the ticket that was shown."""

    values: Mapping[str, str]
    made_on: int
    serial: int
    faults: Mapping[str, str] = field(default_factory=dict)
    is_outdone: bool = False


class SelfServicePages:
    """Pages below `/o`, for whoever has the order's secret."""

    def __init__(self, sources: Sources, templates: Templates) -> None:
        self._templates = templates
        self._service = sources.orders.self_service
        self._notifications = sources.notifications
        self._organizers = sources.organizers

    def pages(self) -> list[Page]:
        """A form and what it does, for each."""
        why, ticket, mail = "the order's secret entitles", "/o/{order_id}/t/{ticket_id}", "/o/{order_id}/mail"
        return [
            Page(name="askHolder", path=f"{ticket}/holder", handle=self._ask_holder, cache=NO_STORE, why_anyone=why),
            Page(name="correctHolder", path=f"{ticket}/holder", handle=self._correct, cache=NO_STORE, method="POST", why_anyone=why),
            Page(name="askNewCode", path=f"{ticket}/new-code", handle=self._ask_code, cache=NO_STORE, why_anyone=why),
            Page(name="replaceCode", path=f"{ticket}/new-code", handle=self._replace, cache=NO_STORE, method="POST", why_anyone=why),
            Page(name="askMailAddress", path=mail, handle=self._ask_address, cache=NO_STORE, why_anyone=why),
            Page(name="correctMailAddress", path=mail, handle=self._readdress, cache=NO_STORE, method="POST", why_anyone=why),
            Page(name="resendMailOnPage", path=f"{mail}/again", handle=self._resend, cache=NO_STORE, method="POST", why_anyone=why),
        ]

    async def _ask_holder(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return _to_order(request, visit)
        shown = await self._shown(request, visit)
        return await self._holder_page(request, visit, shown, _draft_of(shown))

    async def _correct(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        shown = await self._shown(request, visit)
        draft = _typed(request.form, shown)
        faults = _too_long(draft.values)
        if not faults:
            try:
                after = await self._service.correct(
                    visit.order_id, visit.secret or "", shown.ticket.ticket_id, made_on=draft.made_on, holder=_holder_of(draft, shown)
                )
            except HoldersInvalid as refused:
                faults = {fault.where: fault.code for fault in refused.faults}
            except (TicketChanged, TicketNotChangeable):
                # What was typed stays; the page says how the ticket stands now, and another press decides on that.
                shown = await self._shown(request, visit)
                now = _Draft(draft.values, shown.ticket.corrections, shown.ticket.serial, is_outdone=True)
                return await self._holder_page(request, visit, shown, now, status=409)
            else:
                done = "holder" if after.ticket.serial > draft.serial else "data"
                return _to_order(request, visit, f"?done={done}&ticket={after.ticket.number}")
        refused_draft = _Draft(draft.values, draft.made_on, draft.serial, faults)
        return await self._holder_page(request, visit, shown, refused_draft, status=422)

    async def _ask_code(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return _to_order(request, visit)
        return await self._ticket_page("order/new_code.html", request, visit, await self._shown(request, visit))

    async def _replace(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        ticket_id = uuid_of(request.params["ticket_id"])
        try:
            ticket = await self._service.reissue(
                visit.order_id, visit.secret or "", ticket_id, serial=_number(request.form.get("serial", ""))
            )
        except TicketNotChangeable:
            return await self._ticket_page("order/new_code.html", request, visit, await self._shown(request, visit), status=409)
        return _to_order(request, visit, f"?done=code&ticket={ticket.ticket.number}")

    async def _ask_address(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        if visit.secret is None:
            return _to_order(request, visit)
        found = await self._notifications.addresses.read(visit.order_id, visit.secret)
        return self._page("order/address.html", request, visit, found=found, mail=found.mail, fault=None)

    async def _readdress(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        found = await self._notifications.addresses.read(visit.order_id, visit.secret or "")
        mail = _CONTROLS.sub("", request.form.get("mail", ""))
        fault = "long" if len(mail) > MAIL_CHARACTERS_MAX else None
        if fault is None:
            try:
                await self._notifications.addresses.correct(visit.order_id, visit.secret or "", mail, address=request.address)
            except HoldersInvalid:
                fault = "mail" if mail.strip() else "required"
            else:
                return _to_order(request, visit, "?done=address")
        return self._page("order/address.html", request, visit, status=422, found=found, mail=mail, fault=fault)

    async def _resend(self, request: PageRequest) -> PageAnswer:
        visit = visit_of(request)
        await self._notifications.queueing.resend_to_buyer(visit.order_id, visit.secret or "", address=request.address)
        return _to_order(request, visit, "?done=mail")

    async def _shown(self, request: PageRequest, visit: Visit) -> ShownHolder:
        return await self._service.holder(visit.order_id, visit.secret or "", uuid_of(request.params["ticket_id"]))

    async def _holder_page(self, request: PageRequest, visit: Visit, shown: ShownHolder, draft: _Draft, *, status: int = 200) -> PageAnswer:
        is_document_asked = any(question.kind == QuestionKind.DOCUMENT for question in shown.questions)
        return await self._ticket_page(
            "order/holder.html", request, visit, shown, status=status, draft=draft, is_document_asked=is_document_asked
        )

    async def _ticket_page(
        self, template: str, request: PageRequest, visit: Visit, shown: ShownHolder, *, status: int = 200, **context: Any
    ) -> PageAnswer:
        face = await self._organizers.face(shown.event.organizer_id)
        return self._page(template, request, visit, status=status, shown=shown, event=shown.event, face=face, **context)

    def _page(self, template: str, request: PageRequest, visit: Visit, *, status: int = 200, **context: Any) -> PageAnswer:
        body = self._templates.render(template, request.language, path=request.path, order_id=visit.order_id, **context)
        answer = html(body, status=status)
        return PageAnswer(answer.status, answer.body, headers=PRIVATE)


def _to_order(request: PageRequest, visit: Visit, query: str = "") -> PageAnswer:
    answer = redirect(request.language.path(f"/o/{visit.order_id}{query}"))
    return PageAnswer(answer.status, answer.body, headers=(*answer.headers, *PRIVATE))


def _draft_of(shown: ShownHolder) -> _Draft:
    holder = shown.holder
    values = {"holder/name": holder.name, "holder/mail": holder.mail or "", "holder/document": holder.document or ""}
    answers = {f"{ANSWERS}{key}": answer for key, answer in holder.answers.items()}
    return _Draft({**values, **answers}, shown.ticket.corrections, shown.ticket.serial)


def _typed(form: Mapping[str, str], shown: ShownHolder) -> _Draft:
    fields = ["holder/name", "holder/mail", "holder/document", *(f"{ANSWERS}{one.key}" for one in shown.questions)]
    values = {name: _CONTROLS.sub("", form.get(name, "")) for name in fields}
    return _Draft(values, _number(form.get("version", "")), _number(form.get("serial", "")))


def _holder_of(draft: _Draft, shown: ShownHolder) -> Holder:
    values, before = draft.values, shown.holder
    answers = {one.key: values[f"{ANSWERS}{one.key}"] for one in shown.questions}
    asked = [one.key for one in shown.questions if one.kind == QuestionKind.DOCUMENT]
    document: str | None = values["holder/document"]
    if asked:
        # It is asked as a question, and the page has no field of its own for it: what it said of somebody else goes with them.
        is_same = values["holder/name"].strip() == before.name and all(answers[key] == before.answers.get(key) for key in asked)
        document = before.document if is_same else None
    return Holder(values["holder/name"], values["holder/mail"].strip() or None, document or None, answers)


def _too_long(values: Mapping[str, str]) -> dict[str, str]:
    most = {"holder/name": NAME_CHARACTERS_MAX, "holder/mail": MAIL_CHARACTERS_MAX, "holder/document": DOCUMENT_CHARACTERS_MAX}
    return {name: "long" for name, value in values.items() if len(value) > most.get(name, ANSWER_CHARACTERS_MAX)}


def _number(text: str) -> int:
    """A hidden field's number. Raises `OrderNotFound` for what no page of ours has sent."""
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise OrderNotFound
    return int(text)
