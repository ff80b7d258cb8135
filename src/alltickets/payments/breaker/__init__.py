"""The circuit breaker of each account: an account whose gateway fails is left out until probes find it well.

`rules` decides, from outcomes alone; `store` keeps what was decided, so that every process sees it with the accounts that it reads.
"""
