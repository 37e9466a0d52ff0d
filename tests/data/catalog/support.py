"""Pictures and maps, and files of them in the layouts of others."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, zoom

from sembla.core.types import LabelMap, Picture
from sembla.data.records import SPLITS, Kind, Record

DATA = Path(__file__).parents[4] / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")


def photo(seed: int = 0, size: tuple[int, int] = (48, 64)) -> Picture:
    """Smooth noise, (H, W, 3)."""
    noise = np.random.default_rng(seed).normal(size=(*size, 3))
    return np.asarray(np.clip(128 + 300 * gaussian_filter(noise, (2, 2, 0)), 0, 255), np.uint8)


def blocks(ids: int | NDArray[np.integer], seed: int = 0, size: tuple[int, int] = (48, 64)) -> LabelMap:
    """Blocks of 8x8 pixels with random ones of the ids, (H, W); each id is there if there are blocks enough."""
    values = np.arange(ids) if isinstance(ids, int) else ids
    coarse = np.random.default_rng(seed).permutation(np.resize(values, size[0] * size[1] // 64))
    return np.asarray(zoom(coarse.reshape(size[0] // 8, size[1] // 8), 8, order=0), np.uint8)


def save(path: Path, pixels: NDArray[np.generic], *, quality: int = 95) -> Path:
    """Write an array as a picture, the quality that of JPEG; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=quality)
    return path


def same(read: NDArray[np.generic] | None, expected: NDArray[np.generic]) -> bool:
    """Whether a map was read, and is as expected."""
    return read is not None and np.array_equal(read, expected)


def only(kind: Kind, root: Path) -> Record:
    """The one record of a folder."""
    (record,) = kind.records(root)
    return record


def check_records(kind: Kind, records: list[Record]) -> None:
    """Records have unique names, known splits and files that exist, and come ordered."""
    assert len({record.name for record in records}) == len(records)
    order = [([*SPLITS, ""].index(record.split), record.name) for record in records]
    assert order == sorted(order), kind.name
    for record in records:
        assert record.files
        for path in record.files.values():
            assert path.exists()
            assert not record.name.endswith((".png", ".jpg", ".bmp"))


def check_sample(kind: Kind, record: Record) -> None:
    """What is read is of one size, and its ids are those of the kind's label set."""
    sample = kind.read(record)
    assert sample.picture.dtype == np.uint8
    assert sample.picture.ndim == 3
    for plane in (sample.labels, sample.instances):
        assert plane is None or plane.shape == sample.picture.shape[:2]
    if kind.label_set is not None:
        assert sample.labels is not None
        assert sample.labels.dtype == np.uint8
        known = [*range(kind.label_set.count), *([] if kind.label_set.ignore is None else [kind.label_set.ignore])]
        assert set(np.unique(sample.labels)) <= set(known)
