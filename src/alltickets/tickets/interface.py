"""What others may use of tickets. Functions that take `tx` join the caller's transaction."""

from alltickets.tickets.keys import EventKey, EventKeys
from alltickets.tickets.pdf.render import tickets_pdf
from alltickets.tickets.pdf.sheet import PrintedOrder, PrintedTicket
from alltickets.tickets.queries import read_of_order, read_states, read_ticket
from alltickets.tickets.rules import (
    HolderCorrection,
    IssueTicket,
    NoSuchTicket,
    ReplacedTooOften,
    Revocation,
    ShownTicket,
    Ticket,
    TicketIsRevoked,
    TicketState,
    TicketStatus,
)
from alltickets.tickets.service import Tickets, correct_holder, issue, reissue, revoke, revoke_of_orders
from alltickets.tickets.svg import svg_of
from alltickets.tickets.token import SignedToken, Token, Unreadable, read_code, short_event, short_id

__all__ = [
    "EventKey",
    "EventKeys",
    "HolderCorrection",
    "IssueTicket",
    "NoSuchTicket",
    "PrintedOrder",
    "PrintedTicket",
    "ReplacedTooOften",
    "Revocation",
    "ShownTicket",
    "SignedToken",
    "Ticket",
    "TicketIsRevoked",
    "TicketState",
    "TicketStatus",
    "Tickets",
    "Token",
    "Unreadable",
    "correct_holder",
    "issue",
    "read_code",
    "read_of_order",
    "read_states",
    "read_ticket",
    "reissue",
    "revoke",
    "revoke_of_orders",
    "short_event",
    "short_id",
    "svg_of",
    "tickets_pdf",
]
