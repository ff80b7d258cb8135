"""What those are told who wait for places: facts in, a letter in the reader's language out. Pure."""

from urllib.parse import urlsplit

from alltickets.marketing.interface import Call
from alltickets.notifications.letters.letter import Letter, Link, Part
from alltickets.notifications.letters.pieces import ORGANIZER_CHARACTERS_MAX, typed, when_and_where
from alltickets.notifications.letters.words import Words

__all__ = ["waiting_letter"]


def waiting_letter(call: Call, organizer: str, words: Words) -> Letter:
    """There are places again of what somebody waits for."""
    event, entry = call.event, call.entry
    title = typed(event.title)
    ticket_type = event.ticket_types[entry.ticket_type_id]
    facts = (
        *when_and_where(event, entry.performance_id, words),
        (words.say("Ticket"), typed(ticket_type.name)),
        (words.say("You want"), words.count("{number} ticket", "{number} tickets", entry.quantity)),
    )
    return Letter(
        locale=words.locale,
        subject=words.say("There are tickets again for {event}", event=title),
        heading=words.say("There are tickets again"),
        paragraphs=(
            words.say("You asked us to tell you, and it is your turn."),
            words.say("They are not kept for you: whoever buys first has them. If you are too late, you can sign up again."),
        ),
        parts=(Part(title=title, facts=facts),),
        link=Link(words.say("Buy tickets"), call.event_url),
        organizer=typed(organizer, ORGANIZER_CHARACTERS_MAX),
        footer=words.say(
            "You get this mail because you are on the waiting list of this event at {site}.", site=urlsplit(call.event_url).netloc
        ),
        leave=Link(words.say("Leave the list"), call.leave_url),
    )
