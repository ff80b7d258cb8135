"""MercadoPago in Argentina as it looks from outside: Checkout Pro, payments, refunds, chargebacks, notices, OAuth, the settlement report.

Written from its published contract, never from our client. What is simulated, and what is assumed, stands in README.md beside this file.
`python -m simulators.mercadopago --port 8102 --data DIR` runs it.
"""
