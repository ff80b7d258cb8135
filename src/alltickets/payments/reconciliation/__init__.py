"""Reconciliation: what a gateway's settlement report says of each payment, held against what we know of it.

`lines` is a report's line in our words, `layouts` says where each provider writes what, `reading` reads a file by a layout line by line,
`rules` compares a line with our charge and proposes what to do; the use cases stand in `payments/service/reconciliation.py`.
"""
