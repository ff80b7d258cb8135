"""Promotions of banks: a discount, or instalments without interest, for cards that begin with certain digits.

`rules.py` says, pure, which promotions hold for a card and what they take off; `records.py` is their SQL, with the budget that is
counted in the transaction that starts a charge; `uses.py` is what becomes of that when the charge comes to something, or to nothing.
The use cases stand in `payments/service/promotions.py`.
"""
