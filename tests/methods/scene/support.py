"""A small prepared set."""

import atexit
import tempfile
from functools import cache
from pathlib import Path

from tests.data.small_set import SMALL, make_source

from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared


@cache
def prepared() -> Prepared:
    """Five pairs of noise to train on and two others, 72x100, three classes and pixels without one."""
    folder = tempfile.TemporaryDirectory(prefix="sembla-test-")
    atexit.register(folder.cleanup)
    source = make_source(Path(folder.name, "source"), train=5, val=2, size=(72, 100))
    return prepare(SMALL, source, Path(folder.name, "set"), workers=1).prepared
