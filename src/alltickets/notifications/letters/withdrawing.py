"""Letters about a withdrawal: to its buyer, and to the organizer who has to answer. Pure."""

from alltickets.notifications.letters.letter import Letter, Link
from alltickets.notifications.letters.pieces import Facts, footer_of, order_letter, order_part, organizer_name, title_of, typed
from alltickets.notifications.letters.words import Words
from alltickets.orders.interface import Withdrawal

__all__ = ["withdrawal_accepted", "withdrawal_asked", "withdrawal_declined", "withdrawal_notice"]

REASON_CHARACTERS_MAX = 500


def withdrawal_asked(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    return order_letter(
        facts,
        words,
        subject=words.say("You withdraw from your purchase for {event}", event=title_of(facts.shown.event)),
        heading=words.say("Your request has the code {code}", code=asked.code),
        paragraphs=(
            words.say(
                "You want to withdraw from order {number}. Keep the code of your request: {code}.", number=order.number, code=asked.code
            ),
            *_lateness(facts, words),
            words.say("{organizer} answers within 24 hours, and we write to you then.", organizer=organizer_name(facts)),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
        notes=(words.say("If it was not you who asked for this, write to the organizer: somebody else has the link of your order."),),
    )


def withdrawal_notice(facts: Facts, words: Words) -> Letter:
    """To the organizer: without the order's link, which is its buyer's."""
    asked, order = _withdrawal(facts), facts.shown.order
    return Letter(
        locale=words.locale,
        subject=words.say("A buyer withdraws from order {number}", number=order.number),
        heading=words.say("A buyer withdraws from order {number}", number=order.number),
        paragraphs=(
            words.say("The code of the request is {code}. Its buyer has it too.", code=asked.code),
            *_lateness(facts, words),
            words.say("Answer within 24 hours: accept it, and the money goes back, or decline it and say why."),
        ),
        parts=(order_part(facts, words),),
        organizer=organizer_name(facts),
        footer=footer_of(facts, words),
    )


def _lateness(facts: Facts, words: Words) -> tuple[str, ...]:
    if _withdrawal(facts).is_in_time:
        return ()
    return (words.say("It came later than ten days after the purchase, or less than 24 hours before the event."),)


def withdrawal_accepted(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    paragraphs = [
        words.say(
            "{organizer} accepted your request {code} for order {number}.",
            organizer=organizer_name(facts),
            code=asked.code,
            number=order.number,
        ),
        words.say("Its tickets are no longer valid."),
    ]
    if 0 < order.refunded_minor < order.paid.minor:
        paragraphs.append(words.say("The rest of your money goes back by the means you paid with. You do not have to do anything."))
    elif order.total_minor > 0:
        amount = words.money(order.paid)
        paragraphs.append(words.say("You get {amount} back by the means you paid with. You do not have to do anything.", amount=amount))
    return order_letter(
        facts,
        words,
        subject=words.say("Your withdrawal was accepted: {event}", event=title_of(facts.shown.event)),
        heading=words.say("Your withdrawal was accepted"),
        paragraphs=tuple(paragraphs),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def withdrawal_declined(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    return order_letter(
        facts,
        words,
        subject=words.say("Your withdrawal was not accepted: {event}", event=title_of(facts.shown.event)),
        heading=words.say("Your withdrawal was not accepted"),
        paragraphs=(
            words.say(
                "{organizer} did not accept your request {code} for order {number}.",
                organizer=organizer_name(facts),
                code=asked.code,
                number=order.number,
            ),
            words.say("What it says: {reason}", reason=typed(asked.reason or "", REASON_CHARACTERS_MAX)),
            words.say("If you do not agree, you may turn to the consumer authority with the code of your request."),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _withdrawal(facts: Facts) -> Withdrawal:
    assert facts.shown.withdrawal is not None, "it is about a withdrawal"
    return facts.shown.withdrawal
