"""A process tied to the one that started it: a killed parent leaves no child behind.

`python -m alltickets.supervise.tether MODULE …` runs a module as a program, tied.
"""

import os
import runpy
import signal
import sys
import threading
import time

__all__ = ["end_with_parent"]

CHECK_SECONDS = 1.0


def end_with_parent() -> None:
    """From now on, when the parent is gone, end as SIGTERM ends this process."""
    threading.Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    # An orphan gets another parent, on every system; a signal at the parent's death is to be had on Linux only.
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
