"""Measured work: `alltickets bench NAME`. Real HTTP, real database, durable commits; docs/performance.md keeps the figures."""
