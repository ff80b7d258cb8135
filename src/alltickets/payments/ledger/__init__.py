"""The ledger: an organizer's books, double entry and append-only.

A *fact* (a charge was captured, a refund was ordered) makes one *posting* under one key. A posting is a few *moves*, each of an amount
above zero from one account to another, so that what is posted is balanced by construction. Balances are a rollup of the moves, kept in
the same transaction. Facts come from the event log (`facts.py`), what they do to the books is pure (`rules.py`), and `checking.py`
proves from the tables of payments that the books say the same. docs/ledger.md has the accounts, and a posting for each fact.
"""
