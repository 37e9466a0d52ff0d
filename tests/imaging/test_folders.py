"""Which files of a folder are meant, and in which order."""

from pathlib import Path

import pytest

from sembla.core.errors import InputError
from sembla.imaging.folders import find_case, find_pictures


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_pictures_come_in_the_order_of_their_names_numbers_counted(tmp_path: Path) -> None:
    names = ["1.png", "2.png", "10.JPG", "a1b2.png", "a1b10.png", "b.webp"]
    fill(tmp_path, *reversed(names), ".hidden.png", "notes.txt", "inside/3.png", "folder.png/x")
    assert [path.name for path in find_pictures(tmp_path)] == names


def test_a_case_is_photo_map_and_layouts(tmp_path: Path) -> None:
    fill(tmp_path, "img.jpg", "label.png", "label_idx.png", "palette.json", "cond/2.png", "cond/1.jpg")
    case = find_case(str(tmp_path))
    assert (case.image, case.labels) == (tmp_path / "img.jpg", tmp_path / "label.png")
    assert case.layouts == (tmp_path / "cond/1.jpg", tmp_path / "cond/2.png")


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["notes.txt", "cond/1.png"], "no picture"),
        (["label.png", "cond/1.png"], "img"),
        (["img.png", "cond/1.png"], "label"),
        (["img.png", "img.jpg", "label.png", "cond/1.png"], "img.jpg and img.png"),
        (["img.png", "label.png"], "cond"),
        (["img.png", "label.png", "cond/notes.txt"], "no picture"),
    ],
)
def test_an_incomplete_case_says_what_lacks(tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        find_case(fill(tmp_path, *names))


def test_no_folder_is_told(tmp_path: Path) -> None:
    for wrong in (tmp_path / "gone", fill(tmp_path, "file.png") / "file.png"):
        with pytest.raises(InputError, match="no such folder"):
            find_pictures(wrong)
