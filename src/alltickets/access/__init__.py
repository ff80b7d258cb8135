"""Access: who goes in, once.

It owns checkpoints, scans and redemptions. The unique index on a redemption decides who entered. It publishes `TicketAdmitted` and
`AdmissionRefused`, and listens to nobody: it asks tickets and catalog for what it needs of theirs.
"""
