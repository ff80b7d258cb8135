"""Instalments with interest: what an organizer states of their plans, account by account, and what those make of a price. Pure."""
