"""Decoded photos, by what they show: on disk in the temporary folder, the latest few in memory."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sembla.core.errors import InputError, OutputError
from sembla.core.types import Picture

__all__ = ["PhotoStore", "UnknownPhotoError", "photo_id"]

_IN_MEMORY = 3


class UnknownPhotoError(InputError):
    """The server does not hold this photo, or no longer."""


def photo_id(picture: Picture) -> str:
    """Id of a picture (H, W, 3): 32 hexadecimal digits that say what its size and pixels are."""
    height, width = picture.shape[:2]
    content = hashlib.sha256(f"{width}x{height}:".encode())
    content.update(np.ascontiguousarray(picture).data)
    return content.hexdigest()[:32]


class PhotoStore:
    """Photos in a folder of at most `most_bytes`; those not used for longest go first. Any thread may ask."""

    def __init__(self, folder: Path, *, most_bytes: int = 2**30) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._sizes: OrderedDict[str, int] = OrderedDict()
        """Bytes of each file, least recently used first."""
        self._recent: OrderedDict[str, Picture] = OrderedDict()
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    def put(self, picture: Picture) -> str:
        """Keep a photo and return its id. Raises `OutputError` where the disk is full."""
        identity = photo_id(picture)
        with self._lock:
            if identity not in self._sizes:
                self._write_somehow(identity, picture)
            self._touch(identity, picture)
            self._drop_oldest()
        return identity

    def get(self, identity: str) -> Picture:
        """A photo (H, W, 3), read-only. Raises `UnknownPhotoError`."""
        with self._lock:
            picture = self._recent.get(identity)
            if picture is None:
                picture = self._read(identity)
            self._touch(identity, picture)
            return self._recent[identity]

    @contextmanager
    def hold(self, identity: str) -> Iterator[Picture]:
        """A photo that is not dropped while the context lasts. Raises `UnknownPhotoError`."""
        with self._lock:
            self._held[identity] = self._held.get(identity, 0) + 1
        try:
            yield self.get(identity)
        finally:
            with self._lock:
                self._held[identity] -= 1
                if not self._held[identity]:
                    del self._held[identity]
                self._drop_oldest()

    def _touch(self, identity: str, picture: Picture) -> None:
        self._sizes.move_to_end(identity)
        if identity not in self._recent:
            picture = picture.view()
            picture.flags.writeable = False
            self._recent[identity] = picture
        self._recent.move_to_end(identity)
        while len(self._recent) > _IN_MEMORY:
            self._recent.popitem(last=False)

    def _drop_oldest(self) -> None:
        newest = next(reversed(self._sizes), None)
        for identity in list(self._sizes):
            if sum(self._sizes.values()) <= self._most_bytes:
                return
            if identity != newest:
                self._drop(identity)

    def _drop(self, identity: str) -> None:
        """Forget a photo and its file, unless a job uses it."""
        if identity not in self._held:
            self._forget(identity)
            self._path(identity).unlink(missing_ok=True)

    def _forget(self, identity: str) -> None:
        self._sizes.pop(identity, None)
        self._recent.pop(identity, None)

    def _read(self, identity: str) -> Picture:
        if identity in self._sizes:
            try:
                picture: Picture = np.load(self._path(identity), allow_pickle=False)
            except (OSError, ValueError):  # somebody tidied the temporary folder
                self._forget(identity)
            else:
                return picture
        what = identity if re.fullmatch("[0-9a-f]{32}", identity) else "of this id"
        raise UnknownPhotoError(f"the photo {what} is not here (any longer); upload it again.")

    def _write_somehow(self, identity: str, picture: Picture) -> None:
        """Write a photo; where the disk is full, others make room for it. Raises `OutputError`."""
        for oldest in (*self._sizes, None):
            try:
                self._write(identity, picture)
            except OSError as error:
                if oldest is None:
                    told = f"the photo cannot be kept in {self._folder} ({error}); free some space."
                    raise OutputError(told) from error
                self._drop(oldest)
            else:
                return

    def _write(self, identity: str, picture: Picture) -> None:
        """Write beside, then rename: a file of this name is whole."""
        path = self._path(identity)
        unfinished = path.with_suffix(".unfinished")
        try:
            with unfinished.open("wb") as file:
                np.save(file, picture, allow_pickle=False)
            unfinished.replace(path)
            self._sizes[identity] = path.stat().st_size
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise

    def _path(self, identity: str) -> Path:
        return self._folder / f"{identity}.npy"
