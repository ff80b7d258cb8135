"""ALLTICKETS: sells tickets and lets people in, without ever selling a place twice."""

from importlib.metadata import version

VERSION = version("alltickets")
