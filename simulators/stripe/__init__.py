"""Stripe as seen from outside, as far as hosted Checkout needs it: written from its published contract, not from any client of ours.

README.md beside this says what is simulated, what is left out, and how the dials are turned.
"""
