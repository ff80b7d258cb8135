"""The waiting list of what is sold out: signing up on the event's page, and leaving by the link of a mail. Both are plain forms."""

from uuid import UUID

from alltickets.catalog.interface import EventNotFound
from alltickets.marketing.interface import PLACES_MAX, Wish, WishInvalid
from alltickets.storefront.event.pages import EventPages
from alltickets.storefront.pages import NO_STORE, Page, PageAnswer, PageRequest, html, redirect
from alltickets.storefront.sources import Sources
from alltickets.storefront.templates import Templates

__all__ = ["waiting_pages"]

NOBODY_KNOWS = (("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex"))
_NO_OFFER = UUID(int=0), UUID(int=0)


def waiting_pages(sources: Sources, events: EventPages, templates: Templates) -> list[Page]:
    """What the form of the event's page answers: the same whoever is on the list already. And the way out."""
    waiting_list = sources.waiting_list

    async def join(request: PageRequest) -> PageAnswer:
        event = await sources.catalog.snapshot_by_slug(request.params["slug"])
        if event is None or not event.is_public:
            raise EventNotFound(request.params["slug"])
        said = {name: request.form.get(name, "").strip()[:254] for name in ("mail", "offer", "quantity")}
        fault = ""
        try:
            await waiting_list.join(event.event_id, _wish_of(said, request.language.tag), address=request.address)
        except WishInvalid as invalid:
            fault = invalid.field
        body = templates.render(
            "waiting/page.html",
            request.language,
            # The page to which the other languages lead: this one is the answer to a form.
            path=f"/e/{event.slug}",
            view=await events.view(event),
            event=event,
            wish=said,
            fault=fault,
            places_max=PLACES_MAX,
        )
        return html(body, status=422 if fault else 200)

    async def look(request: PageRequest) -> PageAnswer:
        return redirect(request.language.path(f"/e/{request.params['slug']}#waiting"))

    async def ask(request: PageRequest) -> PageAnswer:
        # Looking is not leaving: mail programs open links by themselves.
        waiting_list.check_token(request.params["token"])
        return _left(request, has_left=False)

    async def leave(request: PageRequest) -> PageAnswer:
        await waiting_list.leave(request.params["token"])
        return _left(request, has_left=True)

    def _left(request: PageRequest, *, has_left: bool) -> PageAnswer:
        body = templates.render("waiting/leave.html", request.language, path=request.path, has_left=has_left)
        return PageAnswer(200, body, headers=NOBODY_KNOWS)

    form, out = "/e/{slug}/waiting-list", "/waiting-list/{token}"
    why = "the link of the mail entitles"
    return [
        Page(name="showWaitingForm", path=form, handle=look, cache=NO_STORE),
        Page(name="joinWaitingList", path=form, handle=join, cache=NO_STORE, method="POST"),
        Page(name="askToLeaveWaitingList", path=out, handle=ask, cache=NO_STORE, why_anyone=why),
        Page(name="leaveWaitingList", path=out, handle=leave, cache=NO_STORE, method="POST", why_anyone=why),
    ]


def _wish_of(said: dict[str, str], locale: str) -> Wish:
    """What somebody typed, as a wish; what cannot be read is no offer, and no place."""
    performance, _, ticket_type = said["offer"].partition(".")
    try:
        offer = UUID(performance), UUID(ticket_type)
    except ValueError:
        offer = _NO_OFFER
    quantity = int(said["quantity"]) if said["quantity"].isascii() and said["quantity"].isdecimal() else 0
    return Wish(said["mail"], offer, quantity, locale)
