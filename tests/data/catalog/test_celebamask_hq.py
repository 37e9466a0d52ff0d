"""The kind `celebamask_hq` in its makers' layout: which face belongs to which split."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.data.catalog import KINDS

MAPPING = "idx orig_idx orig_file\n0 162769 a.jpg\n23999 162770 b.jpg\n24000 182637 c.jpg\n"


@pytest.fixture
def makers(tmp_path: Path) -> Path:
    """Three faces of one colour."""
    for folder, suffix in (("CelebA-HQ-img", "jpg"), ("CelebAMask-HQ-mask", "png")):
        (tmp_path / folder).mkdir()
        for number in (0, 23_999, 24_000):
            Image.fromarray(np.ones((64, 64), np.uint8)).save(tmp_path / folder / f"{number}.{suffix}")
    return tmp_path


def splits(root: Path) -> dict[str, str]:
    return {record.name: record.split for record in KINDS["celebamask_hq"].records(root)}


def test_splits_are_celeba_s_where_its_numbers_are_there(makers: Path) -> None:
    (makers / "CelebA-HQ-to-CelebA-mapping.txt").write_text(MAPPING)
    assert splits(makers) == {"0": "train", "23999": "val", "24000": "test"}


def test_without_them_the_last_photos_are_held_out(makers: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "sembla"):
        assert splits(makers) == {"0": "train", "23999": "train", "24000": "test"}
    assert "photos from number 24000 on are the test split" in caplog.text
    (makers / "CelebA-HQ-img" / "24000.jpg").unlink()
    assert splits(makers) == {"0": "", "23999": ""}
