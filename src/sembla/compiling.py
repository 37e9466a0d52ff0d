"""Compiled kernels: numba with a cache that survives the process, also where site-packages is read-only."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Integer", "Real", "cached", "kernel", "parallel_kernel", "plain", "prange"]

Array = NDArray[Any]
"""An array as a kernel sees it: its element type is part of the compiled signature."""

Integer: TypeAlias = Any
"""A whole number as a kernel sees it: `int` or a NumPy integer, whose width is part of the compiled signature."""

Real: TypeAlias = Any
"""A real number as a kernel sees it: `float` or `np.float32`."""

prange: type[range] = numba.prange
"""`range` whose iterations a `parallel_kernel` spreads over the threads."""

Function = TypeVar("Function", bound=Callable[..., Any])

Element = TypeVar("Element", bound=np.generic)

_KERNELS: list[Any] = []


def _ensure_cache_folder() -> None:
    """Give numba a folder to cache in where neither the package's nor the user's can be written."""
    settings: Any = numba.config
    if settings.CACHE_DIR or os.access(Path(__file__).parent, os.W_OK) or _home_is_writable():
        return
    settings.CACHE_DIR = str(_temporary_folder())


def _home_is_writable() -> bool:
    """Tell whether numba can make its folder for this user, where it looks after the package's own."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())
    except RuntimeError:  # a user without a home
        return False
    existing = next((folder for folder in (home, *home.parents) if folder.exists()), home)
    return os.access(existing, os.W_OK)


def _temporary_folder() -> Path:
    """A folder for temporary files that is this user's alone: what lies there is run."""
    user = os.getuid() if hasattr(os, "getuid") else 0  # on Windows each user has a temporary folder
    folder = Path(tempfile.gettempdir()) / f"sembla-kernels-{user}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    private = status.st_uid == user and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
    if hasattr(os, "getuid") and not private:
        return Path(tempfile.mkdtemp(prefix="sembla-kernels-"))
    return folder


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
