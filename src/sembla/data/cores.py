"""How many threads or processes are worth starting."""

import os

__all__ = ["cores"]


def cores() -> int:
    """How many cores this process may use; the machine may have more."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
