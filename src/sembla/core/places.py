"""Where files of a user lie that are not theirs to look after."""

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(part: str) -> Path:
    """The user's folder for what can be fetched or made again, of a part of Sembla. It need not be there."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "sembla" / part
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "sembla" / part
