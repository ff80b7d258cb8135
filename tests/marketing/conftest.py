"""Waiting lists on the real database: a box office with ten places, and the post that those who wait get."""

import psycopg
import pytest

from tests.notifications.conftest import closed_post, no_jobs, post

__all__ = ["closed_post", "fresh_tries", "no_jobs", "post"]


@pytest.fixture(autouse=True)
def fresh_tries(database_url: str) -> None:
    """Nobody has tried anything yet: the same people sign up in each test."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DELETE FROM identity.tries WHERE scope LIKE 'waiting.%'")
