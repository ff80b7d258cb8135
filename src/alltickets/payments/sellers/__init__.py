"""Sellers who let the platform's application act for them (OAuth), instead of entering a token of their own.

`port` says what a provider's application can do, `rules` when tokens are renewed and looked at, `store` keeps who is connected. The use
cases stand in `service/sellers.py`.
"""
