"""What mended copies hold: what was there before the fault, exactly or but for some pixels of the borders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.doctor.support import COLOURS, label_maps, make_set, photos, read
from tests.data.doctor.test_faults import SEEDS, once_jpeg, palette, shifted

from sembla.data.doctor import examine, repair

REVERSIBLE = ("from 1", "tens", "greys", "every second", "instances", "three channels", "alpha", "exif")


@pytest.mark.parametrize("name", REVERSIBLE)
def test_mending_brings_back_what_was_there(tmp_path: Path, name: str) -> None:
    """Faults that lose nothing are undone exactly, in photos and in maps."""
    root = make_set(tmp_path / "set")
    right = {path.relative_to(root): read(path) for path in (*label_maps(root), *photos(root))}
    SEEDS[name].plant(root)
    repair(root, tmp_path / "mended", examine(root))
    assert all(np.array_equal(read(tmp_path / "mended" / path), pixels) for path, pixels in right.items())
    assert all(Image.open(path).getexif().get(0x0112, 1) == 1 for path in photos(tmp_path / "mended"))


def test_colours_become_ids_one_to_one(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    right = {path.name: read(path) for path in label_maps(root)}
    palette(root)
    repair(root, tmp_path / "mended", examine(root))
    seen = {
        (int(a), int(b)) for path in label_maps(tmp_path / "mended") for a, b in _both(read(path), right[path.name])
    }
    assert len(seen) == len({a for a, _ in seen}) == len({b for _, b in seen}) == len(COLOURS)


def _both(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The distinct pairs of values at the same place, (n, 2)."""
    return np.unique(np.stack([first.ravel(), second.ravel()], 1), axis=0)


def small(ids: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(ids).resize((96, 96), Image.Resampling.NEAREST))


@pytest.mark.parametrize(
    ("name", "least"), [("soft", 0.9), ("blurred", 0.9), pytest.param("jpeg", 0.97, marks=pytest.mark.slow)]
)
def test_soft_maps_come_back_but_for_some_border_pixels(tmp_path: Path, name: str, least: float) -> None:
    root = make_set(tmp_path / "set", side=256)
    right = {path.stem: read(path) for path in label_maps(root)}
    SEEDS[name].plant(root)
    if name != "jpeg":  # these seeds bring the maps to 96 px
        right = {stem: small(ids) for stem, ids in right.items()}
    repair(root, tmp_path / "mended", examine(root))
    for path in label_maps(tmp_path / "mended")[:4]:
        ids, true = read(path), right[path.stem]
        ids = small(ids) if ids.shape != true.shape else ids
        table = np.bincount(ids.ravel().astype(int) * 256 + true.ravel(), minlength=65536).reshape(256, 256)
        assert table.max(1).sum() / true.size > least


def test_shifted_pairs_are_brought_together(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    right = {path.name: read(path) for path in label_maps(root)}
    shifted(root)
    repair(root, tmp_path / "mended", examine(root))
    mended = label_maps(tmp_path / "mended")
    assert len(mended) == len(right) - 1
    assert all(np.array_equal(read(path), right[path.name]) for path in mended)


def test_a_shift_of_maps_that_were_jpegs_is_seen_when_they_are_mended(tmp_path: Path) -> None:
    """Before, their many false classes would explain any photo."""
    root = make_set(tmp_path / "set", side=256)
    shifted(root)
    once_jpeg(root)
    report = examine(root)
    assert [fault.code for fault in report.faults] == ["jpeg_noise"]
    repair(root, tmp_path / "mended", report)
    assert [fault.code for fault in examine(tmp_path / "mended").faults] == ["shifted"]
