"""What each kind of mail says: facts in, a letter in the reader's language out. Pure."""

from collections.abc import Iterable

from alltickets.notifications.letters.changing import address_changed, code_replaced, holder_corrected, holder_replaced
from alltickets.notifications.letters.letter import Letter, Link, Part
from alltickets.notifications.letters.paying import payment_instructed
from alltickets.notifications.letters.pieces import (
    Facts,
    footer_of,
    order_letter,
    order_part,
    organizer_name,
    performance_parts,
    title_of,
    total_of,
)
from alltickets.notifications.letters.withdrawing import withdrawal_accepted, withdrawal_asked, withdrawal_declined, withdrawal_notice
from alltickets.notifications.letters.words import Words
from alltickets.notifications.rules import MailKind
from alltickets.orders.interface import OrderStatus

__all__ = ["letter_about", "recovery_letter"]


def letter_about(kind: MailKind, facts: Facts, words: Words) -> Letter:
    """The letter of this kind about an order."""
    assert kind in _LETTERS, f"{kind} is not about one order"
    return _LETTERS[kind](facts, words)


def _confirmation(facts: Facts, words: Words) -> Letter:
    shown = facts.shown
    number = len(shown.tickets)
    shows = words.count(
        "Show its code at the door: open it on your phone.",
        "Show the code of each ticket at the door: open them on your phone.",
        number,
    )
    carried = words.count("It is attached to this mail, too.", "They are attached to this mail, too.", number)
    return order_letter(
        facts,
        words,
        subject=words.count("Your ticket for {event}", "Your tickets for {event}", number, event=title_of(shown.event)),
        heading=words.count("Your ticket is here", "Your {number} tickets are here", number),
        paragraphs=(
            words.say("Your order {number} is confirmed.", number=shown.order.number),
            f"{shows} {carried}" if facts.has_attachments else shows,
        ),
        parts=tuple(performance_parts(facts, words)),
        total=total_of(shown.order, words),
        link=Link(words.count("See my ticket", "See my tickets", number), facts.url),
        notes=(words.say("This link is yours: whoever has it can see and use your tickets. Do not share it."),),
    )


def _payment_pending(facts: Facts, words: Words) -> Letter:
    return order_letter(
        facts,
        words,
        subject=words.say("We are waiting for your payment for {event}", event=title_of(facts.shown.event)),
        heading=words.say("Your payment is being processed"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} is not confirmed yet.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say("Do not pay again. We will send you your tickets as soon as the payment arrives."),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _payment_rejected(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    is_open = order.status == OrderStatus.AWAITING_PAYMENT and facts.now < order.pay_until
    until = words.time(order.pay_until, facts.shown.event.timezone)
    return order_letter(
        facts,
        words,
        subject=words.say("Your payment for {event} was not completed", event=title_of(facts.shown.event)),
        heading=words.say("Your payment was not completed"),
        paragraphs=(
            words.say(
                "The payment of {amount} for order {number} was rejected, and we charged you nothing.",
                amount=words.money(facts.amount),
                number=order.number,
            ),
            words.say("Your places are kept until {time}. You can try again, with the same means of payment or another.", time=until)
            if is_open
            else words.say("The time to pay is over and your places went back on sale. If you still want to go, choose them again."),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("Try again") if is_open else words.say("See my order"), facts.url),
    )


def _order_expired(facts: Facts, words: Words) -> Letter:
    return order_letter(
        facts,
        words,
        subject=words.say("The time to pay for {event} is over", event=title_of(facts.shown.event)),
        heading=words.say("The time to pay is over"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} did not arrive in time, and your places went back on sale.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say(
                "If it arrives later, you get the same places if they are still free. If they are not, we return all of your money."
                " Do not pay again."
            ),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _money_returning(facts: Facts, words: Words) -> Letter:
    return order_letter(
        facts,
        words,
        subject=words.say("We are returning your payment for {event}", event=title_of(facts.shown.event)),
        heading=words.say("We are returning your payment"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} arrived when your places were no longer available, so there are no tickets.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say("We are returning all of it by the means you paid with. You do not have to do anything."),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _paid_twice(facts: Facts, words: Words) -> Letter:
    amount, number = words.money(facts.amount), facts.shown.order.number
    return order_letter(
        facts,
        words,
        subject=words.say("You paid twice for {event}: we are returning {amount}", event=title_of(facts.shown.event), amount=amount),
        heading=words.say("You paid twice, and we are returning the second payment"),
        paragraphs=(
            words.say("Another payment of {amount} arrived for your order {number}, which was paid already.", amount=amount, number=number),
            words.say("We are returning it by the means you paid it with. You do not have to do anything."),
            words.say("Your bank or card may take some days to show it."),
        ),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _cancelled(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    was_paid = order.paid_at is not None
    is_money_back = was_paid and order.total_minor > 0
    paragraphs = [words.say("{organizer} cancelled your order {number}.", organizer=organizer_name(facts), number=order.number)]
    if was_paid:
        paragraphs.append(words.say("Its tickets are no longer valid."))
    if is_money_back and 0 < order.refunded_minor < order.paid.minor:
        paragraphs.append(words.say("The rest of your money goes back by the means you paid with. You do not have to do anything."))
    elif is_money_back:
        amount = words.money(facts.amount)
        paragraphs.append(words.say("You get {amount} back by the means you paid with. You do not have to do anything.", amount=amount))
    return order_letter(
        facts,
        words,
        subject=words.say("Your order for {event} was cancelled", event=title_of(facts.shown.event)),
        heading=words.say("Your order was cancelled"),
        paragraphs=tuple(paragraphs),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _refunded(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    amount = words.money(facts.amount)
    paragraphs = [
        words.say("We returned {amount} of your order {number} by the means you paid with.", amount=amount, number=order.number),
        words.say("Your bank or card may take some days to show it."),
    ]
    if order.status == OrderStatus.PAID and order.returned_numbers:
        paragraphs.append(words.say("The tickets that were given back are no longer valid; the others of the order stay valid."))
    elif order.status == OrderStatus.PAID:
        paragraphs.append(words.say("Your tickets stay valid."))
    elif order.paid_at is not None:
        paragraphs.append(words.say("Its tickets are no longer valid."))
    return order_letter(
        facts,
        words,
        subject=words.say("We returned {amount} to you", amount=amount),
        heading=words.say("We returned {amount} to you", amount=amount),
        paragraphs=tuple(paragraphs),
        parts=(order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def recovery_letter(orders: Iterable[Facts], words: Words) -> Letter:
    """The letter with the links of somebody's orders, of which there is at least one."""
    listed = list(orders)
    parts = []
    for facts in listed:
        part = order_part(facts, words)
        parts.append(Part(title=part.title, facts=part.facts, link=Link(words.say("See my order"), facts.url)))
    first = listed[0]
    return Letter(
        locale=words.locale,
        subject=words.say("Your orders at {organizer}", organizer=organizer_name(first)),
        heading=words.say("Here are your orders"),
        paragraphs=(words.say("You asked for the links of your orders. If it was not you, you do not have to do anything."),),
        parts=tuple(parts),
        notes=(words.say("These links are yours: whoever has one can see and use its tickets. Do not share them."),),
        organizer=organizer_name(first),
        footer=footer_of(first, words),
    )


_LETTERS = {
    MailKind.CONFIRMATION: _confirmation,
    MailKind.PAYMENT_INSTRUCTED: payment_instructed,
    MailKind.PAYMENT_PENDING: _payment_pending,
    MailKind.PAYMENT_REJECTED: _payment_rejected,
    MailKind.ORDER_EXPIRED: _order_expired,
    MailKind.MONEY_RETURNING: _money_returning,
    MailKind.PAID_TWICE: _paid_twice,
    MailKind.CANCELLED: _cancelled,
    MailKind.REFUNDED: _refunded,
    MailKind.WITHDRAWAL_ASKED: withdrawal_asked,
    MailKind.WITHDRAWAL_NOTICE: withdrawal_notice,
    MailKind.WITHDRAWAL_ACCEPTED: withdrawal_accepted,
    MailKind.WITHDRAWAL_DECLINED: withdrawal_declined,
    MailKind.HOLDER_CORRECTED: holder_corrected,
    MailKind.HOLDER_REPLACED: holder_replaced,
    MailKind.CODE_REPLACED: code_replaced,
    MailKind.ADDRESS_CHANGED: address_changed,
}
