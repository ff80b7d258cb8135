"""Machinery without a word of ticketing: database, outbox, jobs, coalescer, HTTP, secrets, telemetry. Imports only the kernel."""
