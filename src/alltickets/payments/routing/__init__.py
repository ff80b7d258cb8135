"""Routing: which of an organizer's accounts a payment is started on, and why.

`rules/` decides, pure: a policy and the accounts as they stand are compiled once into a book, and `decide(book, facts)` gives the same
answer for the same input wherever it is asked. `router.py` is what a checkout uses: it keeps books, and writes each decision with its
input, so that it can be explained and replayed. `records.py` is its SQL. The use cases of organizers stand in `payments/service/`.
"""
