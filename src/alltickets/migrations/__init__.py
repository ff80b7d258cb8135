"""The schema's history: one Alembic chain, one revision per context to begin with, each compatible with the version now running."""
