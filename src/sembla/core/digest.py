"""What a file holds, as a checksum."""

import hashlib
from pathlib import Path

__all__ = ["file_sha256"]

_BLOCK = 1 << 20  # bytes read at a time


def file_sha256(path: Path) -> str:
    """SHA-256 of a file of any size, 64 hexadecimal digits. Raises `OSError` for one that cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
