"""Tickets: what a buyer owns after paying, the signed code that proves it, and the ticket on paper.

It owns issued tickets and, per event, the Ed25519 key pairs that sign their codes. It publishes `TicketsIssued`, `TicketRevoked`,
`TicketReissued` and `EventKeyReplaced`, and listens to nobody: orders issues tickets in the transaction that marks an order paid.
"""
