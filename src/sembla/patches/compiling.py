"""Compiled kernels: numba with a cache that survives the process, also where site-packages is read-only."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "cached", "kernel", "parallel_kernel", "plain", "prange"]

Array = NDArray[Any]
"""An array as a kernel sees it: its element type is part of the compiled signature."""

prange: type[range] = numba.prange
"""`range` whose iterations a `parallel_kernel` spreads over the threads."""

Function = TypeVar("Function", bound=Callable[..., Any])

Element = TypeVar("Element", bound=np.generic)

_KERNELS: list[Any] = []


def _ensure_cache_folder() -> None:
    """Give numba a folder to cache in where neither the package's nor the user's can be written."""
    if numba.config.CACHE_DIR:
        return
    package = Path(__file__).parent
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    existing = next((folder for folder in (home, *home.parents) if folder.exists()), home)
    if not os.access(package, os.W_OK) and not os.access(existing, os.W_OK):
        numba.config.CACHE_DIR = str(Path(tempfile.gettempdir()) / f"sembla-kernels-{os.getuid()}")


_ensure_cache_folder()


def kernel(function: Function) -> Function:
    """Compile a function on its first call; the machine code is cached on disk."""
    return _compile(function, parallel=False)


def parallel_kernel(function: Function) -> Function:
    """Like `kernel`, with `numba.prange` loops spread over the threads.

    A parallel kernel must give the same result whatever the thread count: each iteration
    writes only what no other iteration reads.
    """
    return _compile(function, parallel=True)


def _compile(function: Function, *, parallel: bool) -> Function:
    compiled = numba.njit(function, parallel=parallel, cache=True, nogil=True)
    _KERNELS.append(compiled)
    return cast(Function, compiled)


def plain(array: NDArray[Element]) -> NDArray[Element]:
    """Return the array, or a copy if it is read-only or not contiguous: each kind would be compiled for anew."""
    return np.require(array, requirements=["C", "W"])


def cached() -> bool:
    """Tell whether every kernel defined so far has machine code on disk (of whatever version)."""
    for compiled in _KERNELS:
        function = compiled.py_func
        module = Path(function.__code__.co_filename).stem
        folder = Path(compiled.stats.cache_path)
        if not any(folder.glob(f"{module}.{function.__name__}-*.nbi")):
            return False
    return True
