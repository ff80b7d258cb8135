"""Catalog: what an organizer offers, and where and when it takes place.

It owns venues, events with their performances, sectors, ticket types and holder questions, and the names of the pools that what is
sold draws from (inventory counts them). It publishes `StockPlanned` when there is new stock to count, and `EventPublished`,
`EventChanged`, `EventPostponed`, `EventCancelled` and `PerformanceCancelled`. It listens to nobody.
"""
