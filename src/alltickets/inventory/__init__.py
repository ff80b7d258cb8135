"""Inventory: the only place that counts stock.

It owns pools (counted stock), seats (a stock of one) and holds (a claim on both until an instant). It publishes `PoolsOpened`,
`CapacityChanged` and `HoldsExpired`, and listens to the catalog's `StockPlanned` to open pools. A place is free, held or sold, and
never are more taken than there are.
"""
