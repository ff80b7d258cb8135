"""Serve one of the benchmarks' own applications the way `alltickets serve` serves the product: `python -m bench.serve FACTORY PORT`."""

import os
import sys

from alltickets.cli.serve import serve_http
from alltickets.main import database_urls
from alltickets.platform.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
    os.environ["ALLTICKETS_DATABASE_URL"] = database_urls(settings)[0]
    serve_http(settings, "127.0.0.1", int(sys.argv[2]), 1, factory=sys.argv[1])
