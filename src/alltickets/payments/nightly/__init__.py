"""The nightly look: every account's gateway is asked about everything that is open, or was until lately.

`rules` says when and how fast, `store` keeps how far an account's round has come. The use case stands in `service/nightly.py`.
"""
