"""What a figure is compared with in the same run: the bare server, and other ways to do the same work."""

from collections.abc import Callable

from bench.load import Load, run_wrk
from bench.stack import Stack, free_port

__all__ = ["echo", "with_app"]

ECHO_SECONDS = 3


def echo(stack: Stack, connections: int) -> Load:
    """The bare server: requests as large as a hold's in, a constant out."""
    return with_app(stack, "bench.apps:echo_factory", lambda url: run_wrk(url, "echo.lua", seconds=ECHO_SECONDS, connections=connections))


def with_app(stack: Stack, factory: str, load: Callable[[str], Load]) -> Load:
    """Serve another application beside the product, idle meanwhile, and load that."""
    port = free_port()
    process = stack.serve(port=port, app=factory)
    try:
        return load(f"http://127.0.0.1:{port}")
    finally:
        process.stop()
