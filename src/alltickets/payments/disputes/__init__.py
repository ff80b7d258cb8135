"""Disputes: a buyer's bank asks for money back. Each is a thing of its own, followed from the first word of it to its end."""
