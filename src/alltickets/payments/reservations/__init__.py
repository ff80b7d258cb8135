"""Money that a gateway has reserved and not taken: whether it is taken or given back, decided once.

`rules` decides, `store` writes it down before the gateway is called. The use case stands in `service/reservations.py`.
"""
