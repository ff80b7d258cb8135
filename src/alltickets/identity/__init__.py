"""identity: organizers, the people and machines that act for them, and what each may do.

Owns organizers, accounts, memberships with roles, sessions, invitations, API keys, scanner devices and the audit log, and the one
mechanism by which every route says who may call it (`authorize`). Publishes `OrganizerSignedUp`; listens to nobody.
"""
