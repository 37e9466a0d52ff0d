"""Landmarks from tables and prepared sets."""

from pathlib import Path

import numpy as np
import pytest
from tests.data.small_set import SMALL, make_source
from tests.evaluation.photo_folders import crop, write

from sembla.core.errors import InputError
from sembla.data.prepare import prepare
from sembla.evaluation.reading import open_set, read_landmarks, set_landmarks


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_line_a_picture_with_or_without_the_ending(tmp_path: Path) -> None:
    file = table(tmp_path / "points.csv", "Name,x1,y1,x2,y2\na/1.png,0,1,2.5,3\n\n2.0, 4,5,6,-7\n")
    found = read_landmarks(file)
    assert found.keys() == {"a/1", "2.0"}
    np.testing.assert_array_equal(found["a/1"], [[0, 1], [2.5, 3]])
    np.testing.assert_array_equal(found["2.0"], [[4, 5], [6, -7]])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected the header"),
        ("a,1,2\n", "expected the header"),
        ("name,x1,y1,x2\na,1,2,3\n", "expected the header"),
        ("name,x1,y1\n", "no landmarks"),
        ("name,x1,y1\na,1,2\nb,1\n", "line 3: 1 numbers"),
        ("name,x1,y1\na,1,left\n", "line 2.*left"),
        ("name,x1,y1\na,nan,2\n", "line 2.*1 of them finite"),
        ("name,x1,y1\na,1,2\na.png,1,2\n", "a twice"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=rf"points\.csv.*{told}"):
        read_landmarks(table(tmp_path / "points.csv", text))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.csv"):
        read_landmarks(tmp_path / "gone.csv")
    (tmp_path / "points.csv").write_bytes(b"name,x1,y1\n\xff\xfe,1,2\n")
    with pytest.raises(InputError, match=r"points\.csv"):
        read_landmarks(tmp_path / "points.csv")
    write(tmp_path / "pictures" / "1.png", crop(0))
    with pytest.raises(InputError, match="holds no landmarks"):
        read_landmarks(tmp_path / "pictures")


def test_those_of_a_prepared_set(tmp_path: Path) -> None:
    source = make_source(tmp_path / "source", train=3, val=1)
    root = prepare(SMALL, source, tmp_path / "out", workers=1).prepared.root
    found = read_landmarks(root, "train")
    assert found.keys() == {"train.0", "train.1", "train.2"}
    np.testing.assert_allclose(found["train.0"][4], [8.125, 9])
    assert set_landmarks(open_set(root, "val")).keys() == {"val.0"}
