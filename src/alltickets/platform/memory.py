"""The garbage collector, set for a server: much is allocated and freed at once, and what was built at the start stays for ever."""

import gc

__all__ = ["settle"]

# By default the youngest generation is gone through after every 700 objects, and all there is after every 70,000: in a rush that took a
# sixth of a web process. Few objects of a request are in cycles, so waiting longer costs little memory.
THRESHOLDS = (50_000, 20, 100)


def settle() -> None:
    """Call once a process is put together: what is there now is never looked at again, and collections become rare."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
