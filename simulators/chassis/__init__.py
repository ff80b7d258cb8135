"""What every simulated gateway stands on, whatever its API: memory, faults, idempotency, notices on their way out, a process.

Nothing here knows a provider. What one says, refuses and signs stands in its own folder beside this one, written from its contract.
"""
