"""Payway (Decidir) as a merchant sees it from outside: card tokens, payments, refunds, batch close, and dials for what goes wrong.

Its contract stands in README.md beside this file. `python -m simulators.payway --port 8103 --data DIR` runs it.
"""
