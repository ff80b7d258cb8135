"""The Chromium of this machine, for benchmarks and journeys."""

import os
import shutil

__all__ = ["CHROMIUM_FLAGS", "chromium"]

# First the one that has no window around the page: the same engine, for two thirds of the work that a journey costs.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It runs as root where tests do, without a screen, and calls nobody.
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Its path: CHROMIUM, or one that the system has. Raises RuntimeError, saying what to install."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        path = shutil.which(name) if name else None
        if path is not None:
            return path
    raise RuntimeError("No Chromium here. `make browser` fetches Debian's for root; otherwise install one, or name it: CHROMIUM=/path")
