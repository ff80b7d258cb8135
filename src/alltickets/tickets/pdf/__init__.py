"""The ticket on paper: facts in, PDF out. Pure, but for `Press`, which renders off the event loop.

sheet.py has the facts; words.py what is said in each language; text.py makes any text printable; render.py fills ticket.typ, which sets it.
"""
