"""Cases, read from folders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.errors import InputError, SizeError
from sembla.data.case import read_case

RED, BLUE = (250, 10, 10), (10, 10, 250)


def write(root: Path, *, layouts: bool = True) -> Path:
    labels = np.zeros((40, 60, 3), np.uint8)
    labels[:], labels[:, 45:] = RED, BLUE
    Image.fromarray(np.arange(7200, dtype=np.uint8).reshape(40, 60, 3)).save(root / "img.png")
    Image.fromarray(labels).save(root / "label.png")
    if layouts:
        (root / "cond").mkdir()
        Image.fromarray(np.ascontiguousarray(labels[:, ::-1])).save(root / "cond" / "1.png")
    return root


def test_a_case_is_read_as_ids(tmp_path: Path) -> None:
    case = read_case(write(tmp_path))
    assert case.picture.shape == (40, 60, 3)
    assert [tuple(colour) for colour in case.palette.tolist()] == [RED, BLUE]
    assert (case.labels[:, 45:] == 1).all()
    assert (case.labels[:, :45] == 0).all()
    assert np.array_equal(case.layouts[0], case.labels[:, ::-1])


def test_a_case_needs_no_layouts(tmp_path: Path) -> None:
    assert read_case(write(tmp_path, layouts=False)).layouts == ()


def test_a_smaller_label_map_is_brought_to_the_photo(tmp_path: Path) -> None:
    write(tmp_path)
    Image.open(tmp_path / "label.png").resize((30, 20), Image.Resampling.NEAREST).save(tmp_path / "label.png")
    assert read_case(tmp_path).labels.shape == (40, 60)


def test_a_layout_with_a_class_of_its_own_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path)
    strange = np.full((40, 60, 3), RED, np.uint8)
    strange[:20] = 10, 240, 10
    Image.fromarray(strange).save(tmp_path / "cond" / "0.png")
    assert len(read_case(tmp_path).layouts) == 1
    assert "0.png is left out" in caplog.text


def test_a_folder_without_a_photo_is_refused(tmp_path: Path) -> None:
    (write(tmp_path) / "img.png").unlink()
    with pytest.raises(InputError, match="img"):
        read_case(tmp_path)


def test_a_label_map_of_another_shape_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    Image.open(tmp_path / "label.png").resize((40, 40), Image.Resampling.NEAREST).save(tmp_path / "label.png")
    with pytest.raises(SizeError, match=r"img\.png is 60x40 and .*label\.png 40x40, which is another shape"):
        read_case(tmp_path)
